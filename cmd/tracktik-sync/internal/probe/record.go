package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// recording tries what becomes of the values of the marked employee.
type recording struct{ *session }

// compare reads the marked employee back, and notes what is kept otherwise than it was sent.
func (s *recording) compare(ctx context.Context) error {
	if err := s.read(ctx); err != nil {
		return err
	}
	s.judge(rowKept, plan.RecordFields[:]...)
	s.judge(rowPhone, plan.PrimaryPhone)
	s.judge(rowLanguage, plan.Language)
	return nil
}

// judge compares what was sent with what was read. A phone and a language have rows of their
// own.
func (s *recording) judge(r row, fields ...plan.Field) {
	var other, hidden []string
	seen := 0
	formatted := true
	for _, f := range fields {
		own := f == plan.PrimaryPhone || f == plan.Language
		switch kept := s.was.Values[f]; {
		case s.sent[f] == "", own && len(fields) > 1:
		case !s.was.Has.Has(f):
			hidden = append(hidden, f.String())
		case kept != s.sent[f]:
			other = append(other, fmt.Sprintf("%s is %q", f, kept))
			formatted = formatted && kept != ""
			seen++
		default:
			seen++
		}
	}
	text := "as it was sent"
	if len(hidden) > 0 {
		text += "; not shown: " + strings.Join(hidden, ", ")
	}
	switch {
	case len(other) > 0 && formatted:
		s.differs(r, "nothing: what the portal makes of a value that we send counts as kept", "%s", strings.Join(other, ", "))
	case len(other) > 0:
		s.differs(r, "leave the field out until it is settled (sync.attributes), and "+report, "%s",
			strings.Join(other, ", "))
	case seen > 0:
		s.fits(r, "%s", text)
	case len(hidden) > 0:
		s.differs(r, "nothing: what is not shown is not compared", "not shown")
	}
}

// again sends the same employee once more.
func (s *recording) again(ctx context.Context) error {
	if n := len(s.mine); n > 1 { // whom nobody can delete
		s.differs(rowDuplicate, report, "not tried again: %d employees have the names since an earlier probe", n)
		return nil
	}
	known, sent, home := s.id, s.sent, s.home
	id, err := s.create(ctx)
	s.id, s.sent, s.home = known, sent, home
	switch {
	case err == nil:
		s.differs(rowDuplicate, "two people in Okta with one e-mail or username are told apart by us; "+report,
			"accepted as employee %d", id)
	case isAnswer(err):
		s.duplicate(err)
	case isUnknown(err) && statusOf(err) == 500: // also a violated constraint; nobody was made
		s.duplicate(err)
	default:
		return err
	}
	return nil
}

func (s *recording) duplicate(err error) {
	s.note.Creating, s.late = zero, false
	if f, ok := asFailure(err); ok && f.Forbidden() {
		s.refused(rowDuplicate, rights, err)
		return
	}
	s.fits(rowDuplicate, "%s", said(err))
}

// lookUps finds the marked employee by each key.
func (s *recording) lookUps(ctx context.Context) error {
	list, err := s.Target.EmployeesByID(ctx, []plan.EmployeeID{s.id})
	if err := s.found(rowByID, report, list, err); err != nil {
		return err
	}
	for _, look := range []struct {
		row     row
		by      plan.Field
		follows string
	}{
		{rowByUsername, plan.Username, report},
		{rowByEmail, plan.Email, report},
		{rowByCustomID, plan.CustomID, "leave custom_id out of sync.match, and " + report},
	} {
		value := s.was.Values[look.by]
		if value == "" {
			continue
		}
		list, err := s.Target.FindEmployees(ctx, look.by, value)
		if err := s.found(look.row, look.follows, list, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *recording) found(r row, follows string, list []plan.Employee, err error) error {
	switch {
	case err != nil && !isAnswer(err):
		return err
	case err != nil:
		s.refused(r, follows, err)
	case !slices.ContainsFunc(list, func(e plan.Employee) bool { return e.ID == s.id }):
		s.differs(r, follows, "not found among %d", len(list))
	default:
		s.fits(r, "found")
	}
	return nil
}

// update sends some values by themselves, and answers whether the portal took them.
func (s *recording) update(ctx context.Context, r row, follows string, values map[plan.Field]string) (took bool,
	err error) {
	full := s.sent
	var changes []plan.Change
	for _, f := range plan.RecordFields {
		if value, is := values[f]; is {
			full[f] = value
			changes = append(changes, plan.Change{Field: f, Old: s.sent[f], New: value})
		}
	}
	_, err = s.Target.UpdateEmployee(ctx, s.id, changes, full)
	switch {
	case err == nil:
		s.sent = full
		return true, nil
	case isAnswer(err):
		s.refused(r, follows, err)
		return false, nil
	}
	return false, err
}

// change updates a text, a phone and a language.
func (s *recording) change(ctx context.Context) error {
	texts, err := s.update(ctx, rowUpdate, report, map[plan.Field]string{plan.JobTitle: "Probe, changed",
		plan.PrimaryPhone: "+1 514-555-0101"})
	if err != nil {
		return err
	}
	language, err := s.update(ctx, rowLanguage, untouched, map[plan.Field]string{plan.Language: "FR"})
	if err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if texts {
		s.judge(rowUpdate, plan.JobTitle)
		s.judge(rowPhone, plan.PrimaryPhone)
	}
	if language {
		s.judge(rowLanguage, plan.Language)
	}
	return nil
}

// clear empties values, the texts in a call of their own: what else a portal can empty is
// not written anywhere. What came of it is read after the move.
func (s *recording) clear(ctx context.Context) error {
	if _, err := s.update(ctx, rowClear, untouched,
		map[plan.Field]string{plan.JobTitle: "", plan.PrimaryPhone: ""}); err != nil {
		return err
	}
	others := map[plan.Field]string{plan.Language: ""}
	for _, f := range plan.AddressFields {
		others[f] = ""
	}
	_, err := s.update(ctx, rowClearOther, untouched, others)
	return err
}

func (s *recording) emptied(r row, fields ...plan.Field) {
	var full []string
	for _, f := range fields {
		if s.was.Has.Has(f) && s.was.Values[f] != "" {
			full = append(full, f.String())
		}
	}
	if len(full) > 0 {
		s.differs(r, untouched, "not emptied: %s", strings.Join(full, ", "))
		return
	}
	s.fits(r, "empty")
}

// move moves the marked employee to another region, and reads back what was emptied too.
func (s *recording) move(ctx context.Context) error {
	away, refusal, err := s.send(ctx)
	if err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	s.emptied(rowClear, plan.JobTitle, plan.PrimaryPhone)
	s.emptied(rowClearOther, append([]plan.Field{plan.Language}, plan.AddressFields[:]...)...)
	const follows = "set sync.region: create_only, and " + report
	switch {
	case away == 0:
		s.fits(rowMove, "not tried: the portal shows one region alone")
	case refusal != nil:
		s.refused(rowMove, follows, refusal)
	case s.was.Region != away:
		s.differs(rowMove, follows, "answered yes, and shown in the region of before")
	default:
		s.fits(rowMove, "shown in the other region")
	}
	return nil
}

// send asks for the move; away is 0 where there is no other region.
func (s *recording) send(ctx context.Context) (away plan.RegionID, refusal, err error) {
	i := slices.IndexFunc(s.regions, func(r plan.RegionRecord) bool { return r.ID != s.home })
	if i < 0 {
		return 0, nil, nil
	}
	away = s.regions[i].ID
	_, err = s.Target.MoveEmployee(ctx, s.id, away)
	switch {
	case err == nil, isUnknown(err): // which the record tells
		return away, nil, nil
	case isAnswer(err):
		return away, err, nil
	}
	return 0, nil, err
}
