package tracktik

import (
	"context"
	"net/url"

	"github.com/tidwall/gjson"

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

func decodeRegion(record gjson.Result) (plan.RegionRecord, int64, bool, error) {
	var id, parent ref
	var name, zone text
	if err := readRecord(record, place{"id", &id}, place{"name", &name}, place{"parentRegion", &parent},
		place{"timeZone", &zone}); err != nil {
		return plan.RegionRecord{}, 0, false, err
	}
	region := plan.RegionRecord{ID: plan.RegionID(id), Name: name.value, Parent: parentRegion(id, parent), TimeZone: zone.value}
	return region, int64(id), true, nil
}

func decodeReason(record gjson.Result) (plan.TerminationReason, int64, bool, error) {
	var id ref
	var name, label text
	var needsComment flag
	if err := readRecord(record, place{"id", &id}, place{"name", &name}, place{"label", &label},
		place{"commentRequired", &needsComment}); err != nil {
		return plan.TerminationReason{}, 0, false, err
	}
	reason := plan.TerminationReason{ID: int64(id), Label: reasonLabel(name.value, label.value), NeedsComment: bool(needsComment)}
	return reason, int64(id), true, nil
}
