package plan_test

import (
	"fmt"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestOnlyADivisionThatChangesMovesSomebody: sync.region.
func TestOnlyADivisionThatChangesMovesSomebody(t *testing.T) {
	north := linkHas(func(l *plan.Link) { l.Pushed[plan.Region], l.PushedRegion = "North", 1 })
	hq := linkHas(func(l *plan.Link) { l.PushedRegion = 5 })
	division := func(name string, id plan.RegionID) fact {
		return viewHas(func(v *plan.View) {
			v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = name, id
		})
	}
	createOnly := configured(func(p *plan.Policy) { p.FollowRegion = false })
	const moved = `update region="North">"South"`
	us := facts{isManaged, north}
	keep(t, []promise{
		{"follow: it moves", us.and(division("South", 2)), moved, "changed in Okta"},
		{"follow: a move by hand does not matter", us.and(division("South", 2), wasRead), moved, ""},
		{"create_only: it never moves", us.and(division("South", 2), createOnly), "", ""},
		{"a division that becomes empty moves nobody", us.and(division("", 0)), "", ""},
		{"nor does it move to the default region", us.and(division("", 5)), "", ""},
		{"the same region by its id", us.and(division("1", 1)), "", ""},
		{"the same name in another case", us.and(division(" NORTH ", 1)), "", ""},
		{"the same name, which means another region by now", us.and(division("north", 9)), "", ""},
		{"who came without a division, and gets one", facts{isManaged, hq, division("South", 2)},
			`update region="5">"South"`, ""},
		{"who came without a division, and gets the one of the default", facts{isManaged, hq, division("HQ", 5)}, "", ""},
		{"who is of no region that is known, and gets one", facts{isManaged, division("South", 2)},
			`update region="">"South"`, ""},
		{"updates are off", us.and(division("South", 2), updatesOff), "held " + moved + " switched_off", ""},
		{"drift is reported: a move is none", us.and(division("South", 2), driftReports), moved, ""},
		{"with what else changed it is one update", us.and(division("South", 2), wants(plan.JobTitle, "Chief")),
			`update jobTitle="Guard">"Chief" region="North">"South"`, ""},
	})
	for name, want := range map[string]string{"1": "1", " NORTH ": " NORTH "} {
		d, _, _ := us.and(division(name, 1)).decided()
		if d.Note == nil || d.Note.Pushed[plan.Region] != want {
			t.Errorf("the new spelling %q of the same region is not remembered: %+v", name, d.Note)
		}
	}
	for name, given := range map[string]facts{
		"a move that is held":     us.and(division("South", 2), updatesOff),
		"a move that is sent":     us.and(division("South", 2)),
		"a move that is not done": us.and(division("South", 2), createOnly),
		"a region that no look-up has found": {isManaged, linkHas(func(l *plan.Link) { l.Pushed[plan.Region] = "North" }),
			division("Atlantis", 0)},
	} {
		d, v, _ := given.decided()
		if d.Note != nil && d.Note.Pushed[plan.Region] != v.Link.Pushed[plan.Region] {
			t.Errorf("%s is remembered as done: %q", name, d.Note.Pushed[plan.Region])
		}
	}
	d, v, _ := us.and(division("", 1)).decided()
	if d.Note != nil && d.Note.Pushed[plan.Region] != v.Link.Pushed[plan.Region] {
		t.Error("an empty division is remembered as one")
	}
}

// TestTheUsernameThatATerminationTookIsGivenBack, though only a create sets it.
func TestTheUsernameThatATerminationTookIsGivenBack(t *testing.T) {
	only := configured(func(p *plan.Policy) { p.CreateOnly = p.CreateOnly.With(plan.Username, plan.Email) })
	for _, how := range []string{plan.HowReactivated, plan.HowRestored, plan.HowCreated, plan.HowAdopted, plan.HowLinked} {
		for _, pushed := range []string{"", "before"} {
			given := facts{isManaged, only, linkHas(func(l *plan.Link) {
				l.How, l.Pushed[plan.Username], l.Pushed[plan.Email] = how, pushed, ""
			})}
			want := ""
			if pushed == "" && (how == plan.HowReactivated || how == plan.HowRestored) {
				want = `update username="">"ana"`
			}
			keep(t, []promise{{fmt.Sprintf("%s, pushed %q", how, pushed), given, want, ""}})
		}
	}
}

// TestBeingSeenInScopeIsRemembered: logins, e-mails, and the group that assigns the app.
func TestBeingSeenInScopeIsRemembered(t *testing.T) {
	old := linkHas(func(l *plan.Link) {
		l.Login, l.Email, l.AssignedBy, l.SeenDeprovisioned, l.Restored, l.Ending = "old", "old@x", "00gOLD", true, true, true
		l.NotVisibleSince, l.UnassignedSince = &now, &now
	})
	group := inOkta(func(p *plan.Person) { p.Assignment.Group = "00gNEW" })
	d, v, _ := facts{isManaged, old, group}.decided()
	want := *v.Link
	want.Login, want.Email, want.AssignedBy = "ana@acme.example", "ana@acme.example", "00gNEW"
	want.SeenDeprovisioned, want.Restored, want.Ending, want.NotVisibleSince, want.UnassignedSince = false, false, false,
		nil, nil
	if d.Note == nil || *d.Note != want {
		t.Errorf("noted is %+v, want %+v", d.Note, want)
	}
	known := viewHas(func(v *plan.View) { v.Link = d.Note })
	if again, _, _ := (facts{isManaged, known, group}).decided(); again.Note != nil {
		t.Errorf("what is known is noted again: %+v", again.Note)
	}
	for name, more := range map[string]facts{
		"with a problem": {viewHas(problem(plan.ProblemDuplicate))}, "with an update": {wants(plan.JobTitle, "Chief")},
		"ended elsewhere": {employeeIs("TERMINATED")},
	} {
		d, _, _ := facts{isManaged, old}.and(more...).decided()
		if d.Note == nil || d.Note.Restored || d.Note.Login != "ana@acme.example" {
			t.Errorf("%s: noted is %+v", name, d.Note)
		}
	}
	for name, more := range map[string]facts{
		"suspended": {userIs("SUSPENDED")}, "staged": {userIs("STAGED")}, "gone": {unassigned}, "our own": {ours},
		"out of scope": {viewHas(func(v *plan.View) { v.OutOfScope = true })},
	} {
		d, _, _ := facts{isManaged, old}.and(more...).decided()
		if d.Note != nil && !d.Note.Restored {
			t.Errorf("%s: no longer protected as restored", name)
		}
	}
}
