package read

import (
	"context"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// A DateReader judges the first and the last day of employment, where a person works.
type DateReader struct {
	Base
	regionReader *RegionReader
}

// readDates notes the days of employment of somebody who was decoded. Who is suspended has
// some too.
func (r *DateReader) readDates(s *Subject) {
	if !r.Mapper.NeedsDates() || !s.Whole().Readable {
		return
	}
	dates, warnings := r.Mapper.Dates(s.Whole())
	if dates != (plan.Dates{}) || len(warnings) > 0 {
		s.With(func(x *Extra) { x.Dates, x.Odd = dates, append(x.Odd, warnings...) })
	}
	m := r.People.Find(s.Person.ID)
	unchanged := m != nil && m.Print == s.Person.Print && m.Due != 0
	early := dates.Start != "" && !dates.Start.MayHaveBegun(r.Pol.StartLead, r.AsOf)
	s.Waits = s.Link == nil && unchanged && (early || dates.End != "" && dates.End.IsOver(r.AsOf))
}

// JudgeDates makes leavers of the managed people whose last day is over where they work,
// whatever their assignment says: who leaves anyway has it count where a grace would wait.
func (r *DateReader) JudgeDates(ctx context.Context, list []*Subject) error {
	for _, s := range list {
		end := s.Extras().Dates.End
		leaves := s.Judgement.Verdict == plan.Depart && !s.Judgement.Graced(&r.Pol)
		if s.Link == nil || end == "" || leaves {
			continue
		}
		over, err := r.isOver(ctx, end, s.Link)
		if err != nil {
			return err
		}
		if over {
			s.Judgement, s.Evidence, s.Seen, s.Leaver = plan.JudgeEnd(end), plan.EvidenceLastDay, r.Moment(), true
		}
	}
	return nil
}

// isOver reports whether the last day of an employee is over where they work. Regions are
// read only while that depends on the zone, and the employee only where it depends on the
// region: somebody may have moved them by hand. In a region that is not listed it is over when
// it is everywhere.
func (r *DateReader) isOver(ctx context.Context, end plan.Day, link *plan.Link) (bool, error) {
	if !end.MayBeOver(r.AsOf) || end.IsOver(r.AsOf) {
		return end.IsOver(r.AsOf), nil
	}
	if err := r.regionReader.ReadRegions(ctx); err != nil {
		return false, r.leftOut(err) // else it is over when it is everywhere
	}
	place := link.Place()
	if !r.Regions.Some(place) {
		return false, nil
	}
	over := end.Over(r.AsOf, r.regionReader.zoneOf(place))
	differs := func(zone *time.Location) bool { return end.Over(r.AsOf, zone) != over }
	if !slices.ContainsFunc(r.regionReader.zones(), differs) {
		return over, nil
	}
	e, found, err := r.Target.Employee(ctx, link.Employee)
	if err != nil {
		return false, r.leftOut(err)
	}
	if found && e.Region != 0 {
		place = e.Region
	}
	return r.Regions.Some(place) && end.Over(r.AsOf, r.regionReader.zoneOf(place)), nil
}

// DatesNow tells of a new person whether the first day is still to come, and whether the
// last one is over, in the zone of the region where they would be made.
func (r *DateReader) DatesNow(s *Subject) (early, ended bool) {
	dates := s.Extras().Dates
	if s.Link != nil || dates == (plan.Dates{}) {
		return false, false
	}
	zone := r.regionReader.zoneOf(s.Want().RegionID)
	return dates.Start != "" && !dates.Start.Begun(r.Pol.StartLead, r.AsOf, zone), dates.End != "" &&
		dates.End.Over(r.AsOf, zone)
}

// Due is the day on which the person has to be decoded although nothing has changed.
func (r *DateReader) Due(s *Subject) plan.DayNumber {
	early, _ := r.DatesNow(s)
	return s.Extras().Dates.Due(early, r.Pol.StartLead)
}

// OverNow reports whether the last day of a managed person is over by what Okta has just
// answered about them.
func (r *DateReader) OverNow(ctx context.Context, p *plan.Person) (bool, error) {
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
