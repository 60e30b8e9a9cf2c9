package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// TestVerdictsOfTheManagedAndTheNew is the second table of the package comment.
func TestVerdictsOfTheManagedAndTheNew(t *testing.T) {
	differs := func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "Supervisor" }
	as := func(verdict plan.Verdict, why string) func(*plan.View) {
		return func(v *plan.View) { v.Judgement = plan.Judgement{Verdict: verdict, Why: why} }
	}
	for name, c := range map[string]struct {
		view *plan.View
		want string
	}{
		"new, provision":         {newcomer(), "create"},
		"new, wait":              {newcomer(as(plan.Wait, "staged")), ""},
		"new, hold":              {newcomer(as(plan.Hold, "suspended: so")), ""},
		"new, depart":            {newcomer(as(plan.Depart, "gone")), ""},
		"new, doubt":             {newcomer(as(plan.Doubt, "inactive")), ""},
		"new, ignore":            {newcomer(as(plan.Ignore, "imported")), ""},
		"managed, in order":      {managed(), ""},
		"managed, differs":       {managed(differs), `update jobTitle="Guard">"Supervisor"`},
		"managed, wait":          {managed(differs, as(plan.Wait, "staged")), ""},
		"managed, ignore":        {managed(differs, as(plan.Ignore, "imported")), ""},
		"managed, hold":          {managed(differs, as(plan.Hold, "suspended: so")), "held update suspended"},
		"managed, doubt":         {managed(differs, as(plan.Doubt, "inactive")), "held terminate unconfirmed"},
		"managed, depart":        {managed(as(plan.Depart, "gone")), "terminate"},
		"managed, unreadable":    {managed(func(v *plan.View) { v.Person.Readable = false }), "held update unreadable"},
		"managed, not visible":   {managed(as(plan.Hold, plan.HeldNotVisible+": 40 at once")), "held terminate not_visible"},
		"managed, bad look-up":   {managed(as(plan.Hold, plan.HeldUnconfirmed+": failed")), "held terminate unconfirmed"},
		"managed, value missing": {managed(differs, problem(plan.ProblemMissingRequired)), "problem missing_required"},
		"new, value missing":     {newcomer(problem(plan.ProblemInvalidValue)), "problem invalid_value"},
		"new, warned":            {newcomer(warned), "create; warning partial_address"},
		"managed, warned":        {managed(warned), "warning partial_address"},
		"new, out of scope":      {newcomer(func(v *plan.View) { v.OutOfScope = true }), ""},
		"new, scope fails":       {newcomer(func(v *plan.View) { v.ScopeError = "no such key" }), "held create unreadable"},
		"managed, out of scope":  {managed(differs, func(v *plan.View) { v.OutOfScope = true }), "held terminate out_of_scope"},
		"managed, scope fails":   {managed(differs, func(v *plan.View) { v.ScopeError = "no such key" }), "held update unreadable"},
		"departs out of scope":   {leaver(func(v *plan.View) { v.OutOfScope = true }), "terminate"},
		"departs with a problem": {leaver(problem(plan.ProblemDuplicate)), "terminate"},
	} {
		t.Run(name, func(t *testing.T) { check(t, plan.Decide(c.view, with(func(*plan.Policy) {})), c.want) })
	}
}

func problem(code string) func(*plan.View) {
	return func(v *plan.View) {
		v.Mapped.Problems = []plan.Problem{{User: plan.UserRef{ID: v.Person.ID}, Code: code, Message: "so it is"}}
	}
}

func warned(v *plan.View) {
	v.Mapped.Warnings = []plan.Warning{{Code: plan.WarningPartialAddress, Field: "address", Message: "no city"}}
}

// TestWhatHoldsATermination goes through everything that keeps a confirmed departure
// from becoming a termination.
func TestWhatHoldsATermination(t *testing.T) {
	unassigned := func(v *plan.View) { v.Person.Status, v.Person.Assignment = "ACTIVE", plan.Assignment{} }
	since := func(age time.Duration) func(*plan.View) {
		return func(v *plan.View) { at := now.Add(-age); v.Link.UnassignedSince = &at }
	}
	grace := func(p *plan.Policy) { p.UnassignedGrace = time.Hour }
	protect := func(globs ...string) func(*plan.Policy) { return func(p *plan.Policy) { p.Protected = globs } }
	nothing := func(*plan.Policy) {}
	for name, c := range map[string]struct {
		view   *plan.View
		policy func(*plan.Policy)
		want   string
	}{
		"nothing":                            {leaver(), nothing, "terminate"},
		"the switch":                         {leaver(), func(p *plan.Policy) { p.DeactivateUsers = false }, "held terminate switched_off"},
		"--no-removals":                      {leaver(), func(p *plan.Policy) { p.NoRemovals = true }, "held terminate switched_off"},
		"no evidence":                        {leaver(func(v *plan.View) { v.Evidence = "" }), nothing, "held terminate unconfirmed"},
		"own, by id":                         {leaver(), func(p *plan.Policy) { p.Own = 7 }, "held terminate protected"},
		"own, by user name":                  {leaver(), func(p *plan.Policy) { p.OwnUsername = " ANA" }, "held terminate protected"},
		"own, by what TrackTik holds":        {leaver(func(v *plan.View) { v.Employee = anaEmployee(); v.Link.Pushed[plan.Username] = "ana.s" }), func(p *plan.Policy) { p.OwnUsername = "ana" }, "held terminate protected"},
		"the id beats the user name":         {leaver(), func(p *plan.Policy) { p.Own, p.OwnUsername = 8, "ana" }, "terminate"},
		"protected, by login":                {leaver(), protect("ana@*"), "held terminate protected"},
		"protected, whatever the case":       {leaver(), protect("ANA@ACME.*"), "held terminate protected"},
		"protected, by e-mail in Okta":       {leaver(func(v *plan.View) { v.Person.Email = "boss@acme.example" }), protect("boss@*"), "held terminate protected"},
		"protected, by the login once known": {leaver(func(v *plan.View) { v.Person.Login, v.Person.Email, v.Link.Login = "", "", "root@acme.example" }), protect("root@*"), "held terminate protected"},
		"protected, by e-mail in TrackTik":   {leaver(func(v *plan.View) { v.Link.Pushed[plan.Email] = "old@acme.example" }), protect("old@*"), "held terminate protected"},
		"protected, by name in TrackTik":     {leaver(func(v *plan.View) { v.Link.Pushed[plan.Username] = "svc-door" }), protect("svc-*"), "held terminate protected"},
		"protected, by what a refresh read":  {leaver(func(v *plan.View) { v.Employee = anaEmployee(); v.Employee.Values[plan.Username] = "svc-door" }), protect("svc-*"), "held terminate protected"},
		"protected is another":               {leaver(), protect("ana", "bea@*", ""), "held terminate protected"},
		"protected is nobody":                {leaver(), protect("bea@*", ""), "terminate"},
		"restored":                           {leaver(func(v *plan.View) { v.Link.Restored = true }), nothing, "held terminate restored"},
		"the grace begins":                   {leaver(unassigned), grace, "held terminate unassigned_grace"},
		"the grace goes on":                  {leaver(unassigned, since(59*time.Minute)), grace, "held terminate unassigned_grace"},
		"the grace is over":                  {leaver(unassigned, since(time.Hour)), grace, "terminate"},
		"no grace":                           {leaver(unassigned), nothing, "terminate"},
		"no grace for the deactivated":       {leaver(), grace, "terminate"},
		"no grace out of scope":              {managed(func(v *plan.View) { v.OutOfScope = true }), func(p *plan.Policy) { grace(p); p.TerminateOutOfScope = true }, "terminate"},
		"out of scope, protected":            {managed(func(v *plan.View) { v.OutOfScope = true }), func(p *plan.Policy) { protect("ana@*")(p); p.TerminateOutOfScope = true }, "held terminate protected"},
		"out of scope, restored":             {managed(func(v *plan.View) { v.OutOfScope, v.Link.Restored = true, true }), func(p *plan.Policy) { p.TerminateOutOfScope = true }, "held terminate restored"},
	} {
		t.Run(name, func(t *testing.T) { check(t, plan.Decide(c.view, with(c.policy)), c.want) })
	}
}

// TestATerminationTellsItsReason says what a termination carries.
func TestATerminationTellsItsReason(t *testing.T) {
	d := plan.Decide(leaver(func(v *plan.View) { v.Evidence = plan.EvidenceFull; v.Person.Login = "" }), with(func(*plan.Policy) {}))
	a := d.Actions[0]
	want := plan.UserRef{ID: "00uANA", Login: "ana@acme.example"}
	if a.Employee != 7 || a.User != want || a.Extras().Evidence != plan.EvidenceFull || a.Reason != "deactivated in Okta" {
		t.Errorf("the termination is %+v", a)
	}
	if d.Note == nil || !d.Note.SeenDeprovisioned {
		t.Error("that Okta said DEPROVISIONED is not remembered; a later 404 would need it")
	}
}

// TestTheGraceIsRemembered says when the unassignment was first seen.
func TestTheGraceIsRemembered(t *testing.T) {
	pol := with(func(p *plan.Policy) { p.UnassignedGrace = time.Hour })
	v := leaver(func(v *plan.View) { v.Person.Status, v.Person.Assignment = "ACTIVE", plan.Assignment{} })
	d := plan.Decide(v, pol)
	if d.Note == nil || d.Note.UnassignedSince == nil || !d.Note.UnassignedSince.Equal(now) || !d.Note.Open() {
		t.Fatalf("noted %+v", d.Note)
	}
	v.Link, v.AsOf = d.Note, now.Add(30*time.Minute)
	if d = plan.Decide(v, pol); d.Note != nil || !strings.Contains(d.Held[0].Why, now.Format(time.RFC3339)) {
		t.Errorf("the grace began anew: %+v, %v", d.Note, d.Held)
	}
	back := managed(func(b *plan.View) { b.Link = v.Link })
	if d = plan.Decide(back, pol); d.Note == nil || d.Note.UnassignedSince != nil {
		t.Errorf("who is assigned again is still counted as unassigned: %+v", d.Note)
	}
}

// TestBeingSeenInScopeEndsWhatWasOpen: the restored and the invisible are ordinary
// again once Okta shows them.
func TestBeingSeenInScopeEndsWhatWasOpen(t *testing.T) {
	open := func(v *plan.View) {
		v.Link.Restored, v.Link.SeenDeprovisioned, v.Link.NotVisibleSince, v.Link.UnassignedSince = true, true, &now, &now
		v.Link.Login = "old@acme.example"
	}
	d := plan.Decide(managed(open), with(func(*plan.Policy) {}))
	check(t, d, "")
	if d.Note == nil || d.Note.Open() || d.Note.SeenDeprovisioned || d.Note.Login != "ana@acme.example" {
		t.Errorf("noted %+v", d.Note)
	}
	for name, change := range map[string]func(*plan.View){
		"out of scope": func(v *plan.View) { v.OutOfScope = true },
		"scope fails":  func(v *plan.View) { v.ScopeError = "x" },
		"suspended":    func(v *plan.View) { v.Person.Status = "SUSPENDED" },
		"staged":       func(v *plan.View) { v.Person.Status = "STAGED" },
	} {
		if d := plan.Decide(managed(open, change), with(func(*plan.Policy) {})); d.Note != nil && !d.Note.Restored {
			t.Errorf("%s: no longer protected as restored", name)
		}
	}
}

// TestNothingIsDoneToOurOwnEmployee: the account whose credentials we use is never
// updated or moved, however it came to be managed.
func TestNothingIsDoneToOurOwnEmployee(t *testing.T) {
	for name, pol := range map[string]*plan.Policy{
		"by id":        with(func(p *plan.Policy) { p.Own = 7 }),
		"by user name": with(func(p *plan.Policy) { p.OwnUsername = "Ana" }),
	} {
		change := func(v *plan.View) {
			v.Mapped.Wanted.Values[plan.JobTitle], v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = "Boss", "North", 3
			v.Employee = anaEmployee()
		}
		t.Run(name, func(t *testing.T) { check(t, plan.Decide(managed(change), pol), "held update protected") })
	}
}

// TestEndedBySomebodyElse: a person's decision in TrackTik is not overruled.
func TestEndedBySomebodyElse(t *testing.T) {
	ended := func(status string) func(*plan.View) {
		return func(v *plan.View) {
			v.Mapped.Wanted.Values[plan.JobTitle] = "Supervisor"
			v.Employee = anaEmployee()
			v.Employee.Status = status
		}
	}
	known := func(status string) func(*plan.View) {
		return func(v *plan.View) { v.Link.ElsewhereStatus = status }
	}
	anew := func(v *plan.View) { v.Recreate = true }
	gone := func(v *plan.View) { v.Gone = true }
	for name, c := range map[string]struct {
		view *plan.View
		want string
		note string
	}{
		"terminated":            {managed(ended("TERMINATED")), "held update terminated_elsewhere", "TERMINATED"},
		"inactive":              {managed(ended("INACTIVE")), "held update terminated_elsewhere", "INACTIVE"},
		"banned":                {managed(ended("BANNED")), "held update banned_elsewhere", "BANNED"},
		"gone":                  {managed(gone), "held update terminated_elsewhere", "GONE"},
		"known, not read":       {managed(known("TERMINATED")), "held update terminated_elsewhere", "TERMINATED"},
		"known banned":          {managed(known("BANNED")), "held update banned_elsewhere", "BANNED"},
		"active again":          {managed(known("TERMINATED"), func(v *plan.View) { v.Employee = anaEmployee() }), "", ""},
		"made anew":             {managed(ended("TERMINATED"), anew), "create", "TERMINATED"},
		"made anew, gone":       {managed(gone, anew), "held update terminated_elsewhere", "GONE"},
		"a ban is not lifted":   {managed(ended("BANNED"), anew), "held update banned_elsewhere", "BANNED"},
		"a known ban is not":    {managed(known("BANNED"), anew), "held update banned_elsewhere", "BANNED"},
		"anew, with a problem":  {managed(ended("TERMINATED"), anew, problem(plan.ProblemDuplicate)), "problem duplicate", "TERMINATED"},
		"nothing to make anew":  {managed(anew), "", ""},
		"leaves, ended already": {leaver(ended("TERMINATED")), "terminate", "TERMINATED"},
		"leaves, banned":        {leaver(ended("BANNED")), "held terminate banned_elsewhere", "BANNED"},
		"leaves, known banned":  {leaver(known("BANNED")), "held terminate banned_elsewhere", "BANNED"},
		"held, ended already":   {managed(ended("TERMINATED"), func(v *plan.View) { v.Judgement.Verdict, v.Judgement.Why = plan.Hold, "suspended: x" }), "held update suspended", "TERMINATED"},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan.Decide(c.view, with(func(*plan.Policy) {}))
			check(t, d, c.want)
			note := c.view.Link
			if d.Note != nil {
				note = d.Note
			}
			if note.ElsewhereStatus != c.note {
				t.Errorf("remembered as %q, want %q", note.ElsewhereStatus, c.note)
			}
			for _, h := range d.Held {
				if strings.Contains(h.Why, plan.StatusGone) {
					t.Errorf("our own word for it is shown: %s", h.Why)
				}
			}
		})
	}
	d := plan.Decide(managed(ended("TERMINATED"), anew), with(func(*plan.Policy) {}))
	if a := d.Actions[0]; a.Extras().Former != 7 || a.Employee != 0 || !strings.Contains(a.Reason, "7") {
		t.Errorf("made anew by %+v", a)
	}
	check(t, plan.Decide(managed(ended("TERMINATED"), anew), with(func(p *plan.Policy) { p.CreateUsers = false })), "held create switched_off")
}

// TestARefusedActionWaitsForItsTime, and other data are another action.
func TestARefusedActionWaitsForItsTime(t *testing.T) {
	pol := with(func(*plan.Policy) {})
	for name, view := range map[string]func(...func(*plan.View)) *plan.View{
		"create":    newcomer,
		"terminate": leaver,
		"update": func(changes ...func(*plan.View)) *plan.View {
			return managed(append([]func(*plan.View){func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "Supervisor" }}, changes...)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := plan.Decide(view(), pol).Actions[0]
			refused := func(next time.Time, data string) func(*plan.View) {
				return func(v *plan.View) {
					v.Troubles = []plan.Trouble{{Kind: first.Kind, Code: plan.ProblemRefused, Message: "409", NextTry: &next, Data: data}}
				}
			}
			check(t, plan.Decide(view(refused(now.Add(time.Minute), first.Digest())), pol), "problem refused")
			check(t, plan.Decide(view(refused(now, first.Digest())), pol), actionText(&first))
			check(t, plan.Decide(view(refused(now.Add(time.Hour), "other data")), pol), actionText(&first))
			check(t, plan.Decide(view(func(v *plan.View) {
				v.Troubles = []plan.Trouble{{Kind: "grant_role", NextTry: &[]time.Time{now.Add(time.Hour)}[0], Data: first.Digest()}}
			}), pol), actionText(&first))
			check(t, plan.Decide(view(func(v *plan.View) { v.Troubles = []plan.Trouble{{Kind: first.Kind, Data: first.Digest()}} }), pol), actionText(&first))
		})
	}
}

// TestSwitchesWithholdAndShow goes through the six switches.
func TestSwitchesWithholdAndShow(t *testing.T) {
	off := func(change func(*plan.Policy)) *plan.Policy { return with(change) }
	differs := func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "Supervisor" }
	noUpdate := off(func(p *plan.Policy) { p.UpdateUsers = false })
	noCreate := off(func(p *plan.Policy) { p.CreateUsers = false })
	found := func(v *plan.View) {
		e := *anaEmployee()
		e.Values[plan.JobTitle] = "Porter"
		v.Matches = []plan.Match{{Key: plan.Username, Employee: e}}
	}
	former := func(v *plan.View) { v.Former = &plan.Former{Link: *anaLink()} }
	check(t, plan.Decide(newcomer(), noCreate), "held create switched_off")
	check(t, plan.Decide(newcomer(former), off(func(p *plan.Policy) { p.CreateUsers, p.Reactivate = false, true })), "held reactivate switched_off")
	check(t, plan.Decide(managed(differs), noUpdate), `held update jobTitle="Guard">"Supervisor" switched_off`)
	check(t, plan.Decide(newcomer(found), noUpdate), `adopt; held update jobTitle="Porter">"Guard" switched_off`)
	check(t, plan.Decide(newcomer(found), noCreate), `adopt; update jobTitle="Porter">"Guard"`)
	check(t, plan.Decide(leaver(), off(func(p *plan.Policy) { p.DeactivateUsers = false })), "held terminate switched_off")
}
