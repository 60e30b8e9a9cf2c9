package sync

import (
	"context"
	"time"

	"tracktik-sync/sync/plan"
)

// A dateReader judges the first and the last day of employment, where a person works.
type dateReader struct {
	base
	regionReader *regionReader
}

// readDates notes the days of employment of somebody who was decoded. Who is suspended has
// some too.
func (r *dateReader) readDates(s *subject) {
	if !r.Mapper.NeedsDates() || !s.whole().Readable {
		return
	}
	dates, warnings := r.Mapper.Dates(s.whole())
	s.dates = dates
	s.odd = append(s.odd, warnings...)
	m := r.people.find(s.person.ID)
	unchanged := m != nil && m.print == s.person.Print && m.due != 0
	early := dates.Start != "" && !dates.Start.MayHaveBegun(r.pol.StartLead, r.now)
	s.waits = s.link == nil && unchanged && (early || dates.End != "" && dates.End.IsOver(r.now))
}

// judgeDates makes leavers of the managed people whose last day is over where they work,
// whatever their assignment says.
func (r *dateReader) judgeDates(ctx context.Context, list []*subject) error {
	for _, s := range list {
		if s.link == nil || s.dates.End == "" || s.judgement.Verdict == plan.Depart {
			continue
		}
		over, err := r.isOver(ctx, s.dates.End, s.link)
		if err != nil {
			return err
		}
		if over {
			s.judgement, s.evidence, s.seen, s.leaver = plan.JudgeEnd(s.dates.End), plan.EvidenceLastDay, r.clock(), true
		}
	}
	return nil
}

// isOver reports whether the last day of an employee is over where they work. Regions are
// read only while that depends on the zone.
func (r *dateReader) isOver(ctx context.Context, end plan.Day, link *plan.Link) (bool, error) {
	if !end.MayBeOver(r.now) || end.IsOver(r.now) {
		return end.IsOver(r.now), nil
	}
	if err := r.regionReader.readRegions(ctx); err != nil {
		return false, err
	}
	return end.Over(r.now, r.regionReader.zoneOf(link.PushedRegion)), nil
}

// zoneOf is the time zone of a region, else that of the schedule.
func (r *regionReader) zoneOf(id plan.RegionID) *time.Location {
	if r.regions != nil {
		if name := r.regions.ByID(id).TimeZone; name != "" {
			if zone, err := time.LoadLocation(name); err == nil {
				return zone
			}
		}
	}
	return r.Timezone
}

// datesNow tells of a new person whether the first day is still to come, and whether the
// last one is over, in the zone of the region where they would be made.
func (r *dateReader) datesNow(s *subject) (early, ended bool) {
	if s.link != nil || s.dates == (plan.Dates{}) {
		return false, false
	}
	zone := r.regionReader.zoneOf(s.want().RegionID)
	return s.dates.Start != "" && !s.dates.Start.Begun(r.pol.StartLead, r.now, zone), s.dates.End != "" && s.dates.End.Over(r.now, zone)
}

// due is the day on which the person has to be decoded although nothing has changed.
func (r *dateReader) due(s *subject) plan.DayNumber {
	early, _ := r.datesNow(s)
	return s.dates.Due(early, r.pol.StartLead)
}

// overNow reports whether the last day of a managed person is over by what Okta has just
// answered about them.
func (r *dateReader) overNow(ctx context.Context, p *plan.Person) (bool, error) {
	if !r.Mapper.NeedsDates() {
		return false, nil
	}
	dates, _ := r.Mapper.Dates(*p)
	link, found, err := r.Snapshot.Link(p.ID)
	if err != nil || !found || dates.End == "" {
		return false, err
	}
	return r.isOver(ctx, dates.End, &link)
}
