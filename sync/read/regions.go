package read

import (
	"context"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// A RegionReader reads the portal's regions, once a run.
type RegionReader struct {
	Base
}

// ReadRegions reads the portal's regions, unless that was tried.
func (r *RegionReader) ReadRegions(ctx context.Context) error {
	if r.Regions != nil || r.noRegions != nil {
		return r.noRegions
	}
	list, err := r.Target.Regions(ctx)
	if _, missing := plan.MissingRead(err); missing {
		r.noRegions = err
	}
	if err != nil {
		return err
	}
	r.Regions = plan.NewRegions(list)
	return nil
}

// ResolveRegions gives the people who need one the id of their region. Where regions may not
// be read, they have to wait.
func (r *RegionReader) ResolveRegions(ctx context.Context, list []*Subject) error {
	for _, s := range list {
		if !s.InScope() || s.Waits {
			continue
		}
		w := s.Want()
		if s.Link != nil && !plan.NeedsRegion(s.Link, w, &r.Pol) && !slices.Contains(r.Scope.Recreate, s.Person.ID) {
			continue
		}
		err := r.ReadRegions(ctx)
		if err == nil {
			r.resolveRegion(s)
		} else if err := r.unread(err, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *RegionReader) resolveRegion(s *Subject) {
	w := s.Want()
	region, byDefault, code, message := r.Regions.Of(w.Values[plan.Region], r.Pol.DefaultRegion)
	w.Default = byDefault
	if code != "" {
		s.Unmappable = append(s.Unmappable, plan.Problem{User: s.Ref(), Code: code, Message: message})
		return
	}
	w.RegionID = region.ID
}

// Zones reads the regions, and tells their time zones: everywhere that of the schedule where
// regions may not be read.
func (r *RegionReader) Zones(ctx context.Context) (func(plan.RegionID) *time.Location, error) {
	return r.zoneOf, r.leftOut(r.ReadRegions(ctx))
}

// zoneOf is the time zone of a region, else that of the schedule.
func (r *RegionReader) zoneOf(id plan.RegionID) *time.Location {
	if r.Regions == nil {
		return r.Timezone
	}
	return r.zoneNamed(r.Regions.ByID(id).TimeZone)
}

// zones are those in which employees may work.
func (r *RegionReader) zones() (zones []*time.Location) {
	for _, name := range r.Regions.Zones() {
		zones = append(zones, r.zoneNamed(name))
	}
	return zones
}

// zoneNamed is that zone, else that of the schedule.
func (r *RegionReader) zoneNamed(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return r.Timezone
}
