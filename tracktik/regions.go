package tracktik

import (
	"context"
	"encoding/json"
	"net/url"

	"tracktik-sync/sync/plan"
)

// Regions reads the active regions of the portal. Their time zones come on demand only [S].
func (c *Client) Regions(ctx context.Context) ([]plan.RegionRecord, error) {
	var regions []plan.RegionRecord
	_, err := readList(ctx, c, "regions", url.Values{partInclude: {"timeZone"}}, decodeRegion, collect(&regions))
	return regions, err
}

// TerminationReasons reads why an employment can end: those that the portal
// offers, in the order of their ids.
func (c *Client) TerminationReasons(ctx context.Context) ([]plan.TerminationReason, error) {
	var reasons []plan.TerminationReason
	_, err := readList(ctx, c, "employment-termination-reasons", url.Values{}, decodeReason, collect(&reasons))
	return reasons, err
}

func decodeRegion(data json.RawMessage) (plan.RegionRecord, int64, bool, error) {
	var r struct {
		ID       ref  `json:"id"`
		Name     text `json:"name"`
		Parent   ref  `json:"parentRegion"`
		TimeZone text `json:"timeZone"`
	}
	if err := unmarshalRecord(data, &r); err != nil {
		return plan.RegionRecord{}, 0, false, err
	}
	region := plan.RegionRecord{ID: plan.RegionID(r.ID), Name: r.Name.value, Parent: parentRegion(r.ID, r.Parent), TimeZone: r.TimeZone.value}
	return region, int64(r.ID), true, nil
}

func decodeReason(data json.RawMessage) (plan.TerminationReason, int64, bool, error) {
	var r struct {
		ID           ref  `json:"id"`
		Name         text `json:"name"`
		Label        text `json:"label"`
		NeedsComment flag `json:"commentRequired"`
	}
	if err := unmarshalRecord(data, &r); err != nil {
		return plan.TerminationReason{}, 0, false, err
	}
	reason := plan.TerminationReason{ID: int64(r.ID), Label: reasonLabel(r.Name.value, r.Label.value), NeedsComment: bool(r.NeedsComment)}
	return reason, int64(r.ID), true, nil
}
