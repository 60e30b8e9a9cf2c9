package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// Employees whom somebody else has ended, and links that a restored snapshot made doubtful.

var isGone = viewHas(func(v *plan.View) { v.Gone = true })

// TestADecisionOfSomebodyElseIsNotOverruled: held, and shown with the way out.
func TestADecisionOfSomebodyElseIsNotOverruled(t *testing.T) {
	us := facts{isManaged, wants(plan.JobTitle, "Supervisor")}
	known := func(status string) fact { return linkHas(func(l *plan.Link) { l.ElsewhereStatus = status }) }
	keep(t, []promise{
		{"TERMINATED", us.and(employeeIs("TERMINATED")), "held update terminated_elsewhere",
			"employee 7 is TERMINATED in TrackTik, not by this program|in scope in Okta|`retry --recreate` makes a new"},
		{"BANNED", us.and(employeeIs("BANNED")), "held update banned_elsewhere",
			"employee 7 is BANNED in TrackTik|only TrackTik can lift a ban"},
		{"INACTIVE", us.and(employeeIs("INACTIVE")), "held update terminated_elsewhere",
			"is INACTIVE in TrackTik|they keep username and e-mail|make them active again in TrackTik, or terminate them there"},
		{"a status that nobody knows", us.and(employeeIs("ON_LEAVE")), "held update terminated_elsewhere",
			"is ON_LEAVE in TrackTik|make them active again"},
		{"not shown any more", us.and(isGone), "held update terminated_elsewhere",
			"employee 7 is not shown by TrackTik (404)|may have lost their region|`unlink` forgets them"},
		{"TERMINATED, as was read before", us.and(known("TERMINATED")), "held update terminated_elsewhere", ""},
		{"BANNED, as was read before", us.and(known("BANNED")), "held update banned_elsewhere", ""},
		{"not shown, as was read before", us.and(known("GONE")), "held update terminated_elsewhere", "404"},
		{"what is read now counts, and not what was read before", us.and(known("BANNED"), wasRead), supervisor, ""},
		{"with a problem of the data: the way out comes first",
			us.and(employeeIs("TERMINATED"), viewHas(problem(plan.ProblemDuplicate))), "held update terminated_elsewhere", ""},
		{"the warnings about their data stay", us.and(employeeIs("TERMINATED"), viewHas(warned)),
			"held update terminated_elsewhere; warning partial_address", ""},
		{"our own account is told first", us.and(employeeIs("TERMINATED"), ours), "held update protected", ""},
		{"out of scope is told first", us.and(employeeIs("TERMINATED"), viewHas(func(v *plan.View) { v.OutOfScope = true })),
			"held terminate out_of_scope", ""},
		{"who leaves, and is not shown, is terminated, and guards count them",
			us.and(isGone, userIs("DEPROVISIONED")), "terminate", ""},
	})
}

// TestWhatAnEndMeans: who may be made anew, and whose names are free.
func TestWhatAnEndMeans(t *testing.T) {
	for status, row := range map[string]struct {
		recreate, frees bool
		shown           string
	}{
		"TERMINATED": {true, true, "TERMINATED in TrackTik, not by this program"},
		"GONE":       {false, true, "not shown by TrackTik (404)"},
		"BANNED":     {false, false, "BANNED in TrackTik, not by this program"},
		"INACTIVE":   {false, false, "INACTIVE in TrackTik, not by this program"},
		"ON_LEAVE":   {false, false, "ON_LEAVE in TrackTik, not by this program"},
		"ACTIVE":     {false, false, "ACTIVE in TrackTik, not by this program"},
		"":           {false, false, " in TrackTik, not by this program"},
	} {
		if plan.MayRecreate(status) != row.recreate || plan.FreesNames(status) != row.frees ||
			plan.InTrackTik(status) != row.shown {
			t.Errorf("%s: made anew %v, names free %v, shown as %q", status, plan.MayRecreate(status), plan.FreesNames(status),
				plan.InTrackTik(status))
		}
	}
}

// TestInWhichStateAnEmployeeIs: what is read now, else what was read last.
func TestInWhichStateAnEmployeeIs(t *testing.T) {
	link := func(status string) *plan.Link { return &plan.Link{ElsewhereStatus: status} }
	shown := func(status string) *plan.Employee { return &plan.Employee{Status: status} }
	for _, row := range []struct {
		name string
		link *plan.Link
		now  *plan.Employee
		gone bool
		want string
	}{
		{"active, as far as is known", link(""), nil, false, ""},
		{"terminated when last read", link("TERMINATED"), nil, false, "TERMINATED"},
		{"active again", link("TERMINATED"), shown("ACTIVE"), false, ""},
		{"terminated now", link(""), shown("TERMINATED"), false, "TERMINATED"},
		{"banned after a termination", link("TERMINATED"), shown("BANNED"), false, "BANNED"},
		{"not shown", link(""), nil, true, "GONE"},
		{"not shown, and banned before", link("BANNED"), nil, true, "GONE"},
		{"not shown by the list, and read by id all the same", link(""), shown("ACTIVE"), true, "GONE"},
	} {
		if got := plan.Ended(row.link, row.now, row.gone); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestWhatIsRememberedOfTrackTik, whatever the verdict: the state, and the names.
func TestWhatIsRememberedOfTrackTik(t *testing.T) {
	verdicts := map[string]facts{
		"in scope": {}, "suspended": {userIs("SUSPENDED")}, "staged": {userIs("STAGED")}, "odd": {userIs("ODD")},
		"in doubt": {assignmentIs("INACTIVE")}, "imported": {assignmentIs("IMPORTED")}, "left": {userIs("DEPROVISIONED")},
	}
	states := map[string]struct {
		given fact
		want  string
	}{
		"terminated": {employeeIs("TERMINATED"), "TERMINATED"}, "banned": {employeeIs("BANNED"), "BANNED"},
		"inactive": {employeeIs("INACTIVE"), "INACTIVE"}, "gone": {isGone, "GONE"}, "active": {wasRead, ""},
	}
	for verdict, who := range verdicts {
		for state, row := range states {
			for _, before := range []string{"", "BANNED", "TERMINATED"} {
				d, v, _ := facts{isManaged, linkHas(func(l *plan.Link) { l.ElsewhereStatus = before })}.and(who...).
					and(row.given, driftReports).decided()
				note := v.Link
				if d.Note != nil {
					note = d.Note
				}
				if note.ElsewhereStatus != row.want {
					t.Errorf("%s, %s, before %q: remembered is %q", verdict, state, before, note.ElsewhereStatus)
				}
			}
		}
		d, v, _ := facts{isManaged, linkHas(func(l *plan.Link) { l.ElsewhereStatus = "BANNED" })}.and(who...).decided()
		if d.Note != nil && d.Note.ElsewhereStatus != v.Link.ElsewhereStatus {
			t.Errorf("%s: not read, and forgotten", verdict)
		}
	}
}

// TestANameThatTrackTikDoesNotShowIsNotForgotten.
func TestANameThatTrackTikDoesNotShowIsNotForgotten(t *testing.T) {
	seen := linkHas(func(l *plan.Link) {
		l.Seen[plan.Username], l.Seen[plan.Email] = "boss", "boss@acme.example"
	})
	hidden := viewHas(func(v *plan.View) { v.Employee.Has = v.Employee.Has.Without(plan.Username) })
	d, _, _ := facts{isManaged, seen, wasRead, hidden}.decided()
	if d.Note == nil || d.Note.Seen[plan.Username] != "boss" || d.Note.Seen[plan.Email] != "" {
		t.Errorf("noted is %+v", d.Note)
	}
}

// TestARestoredLinkProvesItself: a link of an old snapshot, whose employee agrees in nothing,
// is left alone until somebody says who it is.
func TestARestoredLinkProvesItself(t *testing.T) {
	stranger := viewHas(func(v *plan.View) { v.Employee.Values = strangersValues() })
	stale := viewHas(func(v *plan.View) { v.Stale = true })
	doubted := linkHas(func(l *plan.Link) { l.Doubtful = true })
	unread := viewHas(func(v *plan.View) { v.Employee, v.Fresh = nil, false })
	fresh := viewHas(func(v *plan.View) { v.Employee, v.Fresh = nil, true })
	strangersStatus := func(s string) fact { return viewHas(func(v *plan.View) { v.Employee.Status = s }) }
	us := facts{isManaged, wasRead, stranger}
	const way = "the snapshot was restored, or bound to another system|employee 7 has neither|`link` settles it|`unlink`"
	keep(t, []promise{
		{"in scope: nothing is changed", us.and(stale), "held update doubtful_match", way},
		{"who left: nobody is ended", us.and(stale, userIs("DEPROVISIONED")), "held terminate doubtful_match",
			way + "|deactivated in Okta"},
		{"whose assignment is gone: nobody is ended", us.and(stale, unassigned), "held terminate doubtful_match", ""},
		{"the suspended are held for that", us.and(stale, userIs("SUSPENDED")), "held update suspended", ""},
		{"whose state changes nothing: nothing", us.and(stale, assignmentIs("IMPORTED")), "", ""},
		{"the doubt lasts, though TrackTik is not read", us.and(doubted, unread), "held update doubtful_match", ""},
		{"the doubt lasts, though they left", us.and(doubted, unread, userIs("DEPROVISIONED")),
			"held terminate doubtful_match", ""},
		{"a name that agrees ends it", facts{isManaged, wasRead, doubted}, "", ""},
		{"what is as it was pushed ends it", us.and(doubted, fresh), "", ""},
		{"in an ordinary run a link is believed", us.and(driftReports),
			"warning drift; warning drift; warning drift; warning drift", ""},
		{"a terminated stranger keeps no names", us.and(stale, strangersStatus("TERMINATED")),
			"held update terminated_elsewhere", ""},
		{"a link that was not looked up is believed", us.and(stale, unread), "", ""},
		{"adding a switch does not end the doubt", us.and(stale, updatesOff, createsOff), "held update doubtful_match", ""},
	})
	for name, row := range map[string]struct {
		given facts
		want  bool
	}{
		"a stranger is noted":            {us.and(stale), true},
		"a stranger who left is noted":   {us.and(stale, userIs("DEPROVISIONED")), true},
		"a known one is not":             {facts{isManaged, wasRead, stale}, false},
		"the doubt is kept":              {us.and(doubted, unread), true},
		"the doubt ends with the proof":  {facts{isManaged, wasRead, doubted}, false},
		"who is terminated proves none":  {us.and(doubted, strangersStatus("TERMINATED")), true},
		"a stranger on hold is noted":    {us.and(stale, userIs("SUSPENDED")), true},
		"nothing is noted without doubt": {us, false},
	} {
		d, v, _ := row.given.decided()
		note := v.Link
		if d.Note != nil {
			note = d.Note
		}
		if note.Doubtful != row.want {
			t.Errorf("%s: in doubt from now on: %v", name, note.Doubtful)
		}
	}
}

// TestADoubtIsNotedBesideEverythingElse that the run has learnt.
func TestADoubtIsNotedBesideEverythingElse(t *testing.T) {
	doubted := linkHas(func(l *plan.Link) { l.Doubtful, l.Restored, l.Login = true, true, "old@acme.example" })
	d, _, _ := facts{isManaged, doubted, wasRead}.decided()
	if d.Note == nil || d.Note.Doubtful || d.Note.Restored || d.Note.Login != "ana@acme.example" {
		t.Errorf("the doubt ends, and noted is %+v", d.Note)
	}
	stranger := viewHas(func(v *plan.View) { v.Stale, v.Employee.Values = true, strangersValues() })
	d, _, _ = facts{isManaged, wasRead, stranger}.decided()
	if d.Note == nil || !d.Note.Doubtful || d.Note.Seen[plan.Username] != "zoe" {
		t.Errorf("the doubt begins, and noted is %+v", d.Note)
	}
	if h := d.Held[0]; h.Reason != "" || h.Kind != plan.Update {
		t.Errorf("nobody leaves, and held is %+v", h)
	}
}

// TestAHeldReasonBeginsWithItsCode, one word without spaces.
func TestAHeldReasonBeginsWithItsCode(t *testing.T) {
	for _, why := range []string{plan.WhyBanned(7), plan.WhyElsewhere(7, "TERMINATED"), plan.WhyElsewhere(7, "BANNED"),
		plan.WhyElsewhere(7, "INACTIVE"), plan.WhyElsewhere(7, "GONE"), plan.WhyClocksApart} {
		code := (&plan.Held{Why: why}).Code()
		if code == "" || strings.ContainsAny(code, " :") || !strings.HasPrefix(why, code+": ") {
			t.Errorf("%q has the code %q", why, code)
		}
		if strings.Contains(why, "7 is GONE") {
			t.Errorf("our own word for it is shown: %q", why)
		}
	}
}
