package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// compared are so many people of a comparison, with these differences each.
func compared(n int, fields ...string) []plan.Compared {
	var list []plan.Compared
	for i := range n {
		p := plan.Compared{User: plan.UserRef{ID: plan.PersonID(fmt.Sprint("00u", i))}}
		for _, f := range fields {
			p.Differences = append(p.Differences, plan.Difference{Field: f, Okta: "a", TrackTik: "b"})
		}
		list = append(list, p)
	}
	return list
}

// TestAComparisonCountsItsGroups, and the differences by field; lists are empty, not null.
func TestAComparisonCountsItsGroups(t *testing.T) {
	c := plan.Comparison{Equal: compared(7),
		Different: append(compared(2, "jobTitle"), compared(3, "jobTitle", "email")...),
		OnlyOkta:  compared(4), OnlyTrackTik: compared(6), OutsideGroup: compared(1), Terminated: compared(8)}
	c.OnlyTrackTik[0].Class, c.OnlyTrackTik[1].Class, c.OnlyTrackTik[2].Class = plan.LeftOkta, plan.LeftOkta, plan.Doubtful
	c.Seal()
	s := c.Summary
	if got := [...]int{s.Equal, s.Different, s.OnlyOkta, s.OnlyTrackTik, s.OutsideGroup, s.Terminated}; got != [...]int{7,
		5, 4, 6, 1, 8} {
		t.Errorf("the groups count %v", got)
	}
	if s.Fields["jobTitle"] != 5 || s.Fields["email"] != 3 || len(s.Fields) != 2 {
		t.Errorf("the fields count %v", s.Fields)
	}
	if len(s.Unmanaged) != len(plan.Classes) || s.Unmanaged[plan.LeftOkta] != 2 || s.Unmanaged[plan.Doubtful] != 1 {
		t.Errorf("the unmanaged count %v", s.Unmanaged)
	}
	empty := plan.Comparison{ExternalIDs: &plan.ComparedExternals{}}
	empty.Seal()
	text, err := json.Marshal(&empty)
	if err != nil || strings.Contains(string(text), "null") || empty.Summary.Fields == nil {
		t.Errorf("an empty one is %s (%v)", text, err)
	}
	for _, list := range []string{"equal", "different", "only_okta", "only_tracktik", "outside_group", "terminated",
		"warnings",
		"differ", "silent", "failed", "proposed"} {
		if !strings.Contains(string(text), `"`+list+`":[]`) {
			t.Errorf("%s is no empty list: %s", list, text)
		}
	}
	c.Seal()
	if c.Summary.Fields["jobTitle"] != 5 || c.Summary.Equal != 7 {
		t.Errorf("sealed twice it counts %+v", c.Summary)
	}
}

// TestTheUnmanagedOfAComparisonAreRemembered: only those whom nobody manages, with the time
// at which Okta was asked.
func TestTheUnmanagedOfAComparisonAreRemembered(t *testing.T) {
	c := plan.Comparison{Created: now, OnlyTrackTik: compared(3)}
	for i := range c.OnlyTrackTik {
		c.OnlyTrackTik[i].Employee.ID = plan.EmployeeID(i + 1)
	}
	c.OnlyTrackTik[0].Class, c.OnlyTrackTik[2].Class = plan.Nobody, plan.LeftOkta // the second one is managed
	want := []plan.Counted{{Employee: 1, Class: plan.Nobody, Asked: now}, {Employee: 3, Class: plan.LeftOkta, Asked: now}}
	got := c.Census()
	if fmt.Sprint(got.People) != fmt.Sprint(want) {
		t.Errorf("remembered %v, want %v", got.People, want)
	}
	if none := (&plan.Comparison{Equal: compared(3)}).Census(); len(none.People) > 0 {
		t.Errorf("of nobody it remembers %v", none.People)
	}
}

// TestAnObservationEndsInATableByKind: agreed, only we, only they, for each kind that writes.
func TestAnObservationEndsInATableByKind(t *testing.T) {
	changes := func(kinds ...plan.Kind) []plan.ObservedChange {
		var list []plan.ObservedChange
		for _, kind := range kinds {
			list = append(list, plan.ObservedChange{Kind: kind})
		}
		return list
	}
	o := plan.Observation{Agreed: changes(plan.Create, plan.Create, plan.Update),
		OnlyWe:   changes(plan.Terminate, plan.Update),
		OnlyThey: changes(plan.GrantRole, plan.Update, plan.Update, plan.Adopt)}
	o.Seal()
	rows := map[plan.Kind]plan.ObservationRow{}
	for _, row := range o.Table {
		rows[row.Kind] = row
	}
	for _, want := range []plan.ObservationRow{{Kind: plan.Create, Agreed: 2},
		{Kind: plan.Update, Agreed: 1, OnlyWe: 1, OnlyThey: 2},
		{Kind: plan.Terminate, OnlyWe: 1}, {Kind: plan.GrantRole, OnlyThey: 1}, {Kind: plan.RevokeRole}} {
		if rows[want.Kind] != want {
			t.Errorf("the row is %+v, want %+v", rows[want.Kind], want)
		}
	}
	var order []plan.Kind
	for _, kind := range plan.Kinds {
		if kind.Writes() {
			order = append(order, kind)
		}
	}
	if len(o.Table) != len(order) {
		t.Fatalf("%d rows, want %d: what only records who is who is none", len(o.Table), len(order))
	}
	for i, row := range o.Table {
		if row.Kind != order[i] {
			t.Errorf("row %d is of %s, want %s", i, row.Kind, order[i])
		}
	}
	var empty plan.Observation
	empty.Seal()
	if empty.Agreed == nil || empty.OnlyWe == nil || empty.OnlyThey == nil || len(empty.Table) != len(order) {
		t.Errorf("an empty one is %+v", empty)
	}
}

// TestOneMessageNamesTheRightsThatAreMissing, with the way out; nobody has a problem.
func TestOneMessageNamesTheRightsThatAreMissing(t *testing.T) {
	const scope = " to the scope of the client; the last answer: "
	const way = " to the role of the integration's account (in TrackTik: Settings, Roles), or have TrackTik support add "
	regions := plan.MissingRight{What: "read regions", Said: "403 forbidden"}
	moves := plan.MissingRight{What: "move employees", Left: 12, Said: "403 no"}
	fromHere := plan.MissingRight{What: "create employees", Left: 3, Said: "address not allowed", Address: true}
	for sentence, c := range map[string]struct {
		missing []plan.MissingRight
		want    string
	}{
		"none": {nil, ""},
		"one": {[]plan.MissingRight{regions}, "tracktik does not let the program read regions: give that right" + way +
			"it" + scope + "403 forbidden"},
		"one, of writes that were not done": {[]plan.MissingRight{moves},
			"tracktik does not let the program move employees (12 not done): " +
				"give that right" + way + "it" + scope + "403 no"},
		"two, and the last answer": {[]plan.MissingRight{regions, moves}, "tracktik does not let the program read regions, " +
			"move employees (12 not done): give these rights" + way + "them" + scope + "403 no"},
		"an address that is not allowed": {[]plan.MissingRight{fromHere},
			"tracktik does not let the program create employees (3 not done) " +
				"from this address; the last answer: address not allowed"},
		"an address that is not allowed, before another answer": {[]plan.MissingRight{fromHere, regions},
			"tracktik does not let the program create employees (3 not done), read regions " +
				"from this address; the last answer: address not allowed"},
	} {
		if got := plan.TellMissing(c.missing); got != c.want {
			t.Errorf("%s: it says %q", sentence, got)
		}
		err := plan.MissingError(c.missing)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", sentence, err)
			}
			continue
		}
		want := c.want + "; nobody has a problem because of it, the rest was done, and the next run tries again"
		if err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v", sentence, err)
		}
	}
	if got := regions.Unread(); got != "TrackTik does not let the program read regions: 403 forbidden" {
		t.Errorf("what waits says %q", got)
	}
}

// lackingRead is a failed read that may speak of a right.
type lackingRead struct{ lacks string }

func (e lackingRead) Error() string { return "403" }
func (e lackingRead) Lacks() string { return e.lacks }
func (e lackingRead) Said() string  { return "you may not" }

// TestOnlyWhatTrackTikItselfCallsMissingIsAMissingRight: any other failure is about more.
func TestOnlyWhatTrackTikItselfCallsMissingIsAMissingRight(t *testing.T) {
	for sentence, c := range map[string]struct {
		err  error
		want string
	}{
		"a right that it names":      {lackingRead{"regions"}, "read regions"},
		"wrapped":                    {fmt.Errorf("reading: %w", lackingRead{"grants"}), "read grants"},
		"a refusal that names none":  {lackingRead{""}, ""},
		"an outage":                  {errors.New("503"), ""},
		"no failure":                 {nil, ""},
		"joined with another reason": {errors.Join(errors.New("x"), lackingRead{"roles"}), "read roles"},
	} {
		got, is := plan.MissingRead(c.err)
		if is != (c.want != "") || got.What != c.want || is && (got.Said != "you may not" || got.Left != 0 || got.Address) {
			t.Errorf("%s: %v %+v", sentence, is, got)
		}
	}
}

// failedRead is a read that failed, and that a run can do without or not.
type failedRead struct{ what, dispensable string }

func (e failedRead) Error() string  { return "504" }
func (e failedRead) Unread() string { return e.what }
func (e failedRead) Failed() string { return e.dispensable }

// TestAReadThatFailedStopsWhatNeedsIt: of any list, who needs it waits; and some lists nobody needs
// who can go on.
func TestAReadThatFailedStopsWhatNeedsIt(t *testing.T) {
	for sentence, c := range map[string]struct {
		err             error
		missing, failed string
	}{
		"a list that a run can do without": {failedRead{"regions", "regions"}, "read regions", "read regions"},
		"another one":                      {failedRead{"employees", ""}, "", "read employees"},
		"wrapped":                          {fmt.Errorf("reading: %w", failedRead{"employees", ""}), "", "read employees"},
		"a failure about more":             {failedRead{}, "", ""},
		"a right that is missing":          {lackingRead{"regions"}, "read regions", "read regions"},
		"no failure":                       {nil, "", ""},
	} {
		missing, is := plan.MissingRead(c.err)
		failed, isFailed := plan.FailedRead(c.err)
		if missing.What != c.missing || is != (c.missing != "") || failed.What != c.failed || isFailed != (c.failed != "") {
			t.Errorf("%s: %v %+v, %v %+v", sentence, is, missing, isFailed, failed)
		}
	}
}
