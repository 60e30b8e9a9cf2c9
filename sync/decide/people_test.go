package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// TestForWhomAnEmployeeIsLookedFor: those who are new, in scope and can be written; nobody
// else costs a call.
func TestForWhomAnEmployeeIsLookedFor(t *testing.T) {
	ended := func(status string) func(*read.Subject) {
		return func(s *read.Subject) {
			managedAs(1)(s)
			s.Link.ElsewhereStatus = status
		}
	}
	anew := func(s *setting) { s.scope.Recreate = []plan.PersonID{"00u1"} }
	for sentence, c := range map[string]struct {
		who      func(*read.Subject)
		settings []func(*setting)
		world    func(*world)
		want     bool
	}{
		"somebody new":                      {nil, nil, nil, true},
		"managed":                           {managedAs(1), nil, nil, false},
		"new, and suspended":                {judged(plan.Hold, "suspended: x"), nil, nil, false},
		"new, and deactivated":              {judged(plan.Depart, "x"), nil, nil, false},
		"new, and staged":                   {judged(plan.Wait, "x"), nil, nil, false},
		"new, and out of scope":             {func(s *read.Subject) { s.OutOf = true }, nil, nil, false},
		"new, and the scope fails for them": {func(s *read.Subject) { s.ScopeErr = "no such key" }, nil, nil, false},
		"new, with a problem":               {func(s *read.Subject) { s.Unmappable = []plan.Problem{{}} }, nil, nil, false},
		"new, and their region is unread":   {func(s *read.Subject) { s.Unread = "read regions" }, nil, nil, false},
		"new, and waits for a day":          {func(s *read.Subject) { s.Waits = true }, nil, nil, false},
		"new, and a write is still open": {nil, nil, func(w *world) { w.Pending["00u1"] = "a create may have happened" },
			false},
		"new, and re-created in Okta": {nil, nil,
			func(w *world) { w.Names.Recreated = map[plan.PersonID]plan.Owner{"00u1": {}} }, false},
		"new, and is to be made anew":     {nil, []func(*setting){anew}, nil, true},
		"terminated elsewhere":            {ended("TERMINATED"), nil, nil, false},
		"terminated elsewhere, made anew": {ended("TERMINATED"), []func(*setting){anew}, nil, true},
		"gone, made anew":                 {ended("GONE"), []func(*setting){anew}, nil, false},
		"banned, made anew":               {ended("BANNED"), []func(*setting){anew}, nil, false},
		"active, made anew":               {managedAs(1), []func(*setting){anew}, nil, false},
	} {
		w := newWorld(t, c.settings...)
		s := w.person("00u1")
		if c.who != nil {
			c.who(s)
		}
		if c.world != nil {
			c.world(w)
		}
		if got := len(w.PeopleDecider.Fresh([]*read.Subject{s})) == 1; got != c.want {
			t.Errorf("%s: looked for is %v", sentence, got)
		}
	}
}

// TestLeaversAreDecidedBeforeThoseWhoStay, and everybody once.
func TestLeaversAreDecidedBeforeThoseWhoStay(t *testing.T) {
	w := newWorld(t)
	stays, leaves := w.person("00u1"), w.person("00u2", managedAs(2), judged(plan.Depart, "deactivated"))
	open := w.person("00u3")
	w.Pending["00u3"] = "a create of run r1 may or may not have happened"
	list := []*read.Subject{stays, leaves, open}
	w.PeopleDecider.DecideLeavers(list)
	expect(t, "first", told(leaves.Decision.Actions)+" | "+told(stays.Decision.Actions), "terminate 00u2 | ")
	expect(t, "whose write is open", toldHeld(open.Decision.Held), "create 00u3 pending")
	w.PeopleDecider.DecideAll(list)
	expect(t, "then", told(leaves.Decision.Actions)+" | "+told(stays.Decision.Actions), "terminate 00u2 | create 00u1")
}

// TestNothingIsDoneWhileAWriteIsOpen: it may or may not have happened.
func TestNothingIsDoneWhileAWriteIsOpen(t *testing.T) {
	for sentence, c := range map[string]struct {
		who  []func(*read.Subject)
		held string
	}{
		"somebody new":        {nil, "create 00u1 pending"},
		"managed":             {[]func(*read.Subject){managedAs(1)}, "update 00u1 pending"},
		"managed, and leaves": {[]func(*read.Subject){managedAs(1), judged(plan.Depart, "x")}, "update 00u1 pending"},
	} {
		w := newWorld(t)
		s := w.person("00u1", c.who...)
		w.Pending["00u1"] = "a call of run r1 may or may not have happened"
		w.PeopleDecider.DecideOne(s)
		expect(t, sentence+", held", toldHeld(s.Decision.Held), c.held)
		expect(t, sentence+", done", told(s.Decision.Actions), "")
		if h := s.Decision.Held[0]; !strings.HasSuffix(h.Why,
			": a call of run r1 may or may not have happened") || s.Link != nil &&
			h.Employee != 1 {
			t.Errorf("%s: %+v", sentence, h)
		}
	}
}

// TestWhileClocksDisagreeNobodyIsTerminated; five minutes are no disagreement.
func TestWhileClocksDisagreeNobodyIsTerminated(t *testing.T) {
	for skew, apart := range map[time.Duration]bool{0: false, 5 * time.Minute: false, 5*time.Minute + 1: true,
		-6 * time.Minute: true} {
		w := newWorld(t, func(s *setting) { s.sides.Source = okta{skew: skew} })
		leaver := w.person("00u1", managedAs(1), judged(plan.Depart, "deactivated"))
		fresh := w.person("00u2")
		w.PeopleDecider.DecideOne(leaver)
		w.PeopleDecider.DecideOne(fresh)
		want := map[bool]string{false: "terminate 00u1 | ", true: " | terminate 00u1 clock"}[apart]
		expect(t, skew.String(), told(leaver.Decision.Actions)+" | "+toldHeld(leaver.Decision.Held), want)
		expect(t, skew.String()+", the others", told(fresh.Decision.Actions), "create 00u2")
	}
}

// TestARefusedWriteIsTriedAtOnceWhenAnAdministratorWantsIt.
func TestARefusedWriteIsTriedAtOnceWhenAnAdministratorWantsIt(t *testing.T) {
	later := now.Add(time.Hour)
	for sentence, c := range map[string]struct {
		settings []func(*setting)
		want     string
	}{
		"before its time": {nil, ""},
		"retried":         {[]func(*setting){func(s *setting) { s.scope.Retry = []plan.PersonID{"00u1"} }}, "create 00u1"},
		"made anew":       {[]func(*setting){func(s *setting) { s.scope.Recreate = []plan.PersonID{"00u1"} }}, "create 00u1"},
		"another one is":  {[]func(*setting){func(s *setting) { s.scope.Retry = []plan.PersonID{"00u2"} }}, ""},
	} {
		first := newWorld(t)
		created := first.person("00u1")
		first.PeopleDecider.DecideOne(created)
		trouble := plan.Trouble{Person: "00u1", Kind: plan.Create, Code: plan.ProblemRefused, Message: "422", NextTry: &later,
			Data: created.Decision.Actions[0].Digest()}
		w := newWorld(t, append(c.settings, func(s *setting) { s.record.troubles = []plan.Trouble{trouble} })...)
		s := w.person("00u1")
		w.PeopleDecider.DecideOne(s)
		expect(t, sentence, told(s.Decision.Actions), c.want)
		if c.want == "" && (len(s.Decision.Problems) != 1 || s.Decision.Problems[0].Code != plan.ProblemRefused) {
			t.Errorf("%s: %+v", sentence, s.Decision.Problems)
		}
	}
}

// TestWhoIsCreatedAnewInOktaGoesOnWithTheirEmployee, instead of a termination and a second
// employee.
func TestWhoIsCreatedAnewInOktaGoesOnWithTheirEmployee(t *testing.T) {
	recreated := func(changes ...func(*read.Subject)) (*world, *read.Subject, *read.Subject) {
		w := newWorld(t)
		old := w.person("00uOLD", managedAs(7), judged(plan.Depart, "deleted"))
		anew := w.person("00uNEW", changes...)
		old.Decision = plan.Decision{Actions: []plan.Action{about(plan.Terminate, "00uOLD", 7)}}
		w.Names.Recreated = map[plan.PersonID]plan.Owner{"00uNEW": {Person: "00uOLD", Employee: 7}}
		w.PeopleDecider.HandOver()
		return w, old, anew
	}
	_, old, anew := recreated(func(s *read.Subject) { *s.Want() = plan.Wanted{Values: values("00uold")} })
	expect(t, "the same values", told(anew.Decision.Actions)+" | "+told(old.Decision.Actions), "adopt 00uNEW | ")
	a := anew.Decision.Actions[0]
	expect(t, "the reason", a.Reason, "re-created in Okta, was 00uOLD")
	if a.Employee != 7 || a.Extras().Key != plan.KeyRecreated || a.Want == nil {
		t.Errorf("the adoption is %+v", a)
	}
	if anew.Extras().Was != old || old.Extras().Became != anew || old.Link.Person != "00uOLD" {
		t.Error("who was who is not noted, or the old link was changed")
	}
	_, _, anew = recreated()
	expect(t, "another e-mail", told(anew.Decision.Actions), "adopt 00uNEW, update 00uNEW")
	w, old, anew := recreated()
	old.Employee = &plan.Employee{ID: 7, Status: "ACTIVE", Values: values("00uold"),
		Has: plan.FieldSet(0).With(plan.Email)}
	old.Employee.Values[plan.Email] = "boss@acme.example"
	w.Names.Recreated["00uBY"] = plan.Owner{Person: "00uOLD", Employee: 7} // nobody of this run
	w.PeopleDecider.DecideAll(nil)
	if note := anew.Decision.Note; note == nil || note.Person != "00uNEW" || note.Login != "00unew" || note.Employee != 7 {
		t.Errorf("remembered under the new id: %+v", note)
	}
	_, old, anew = recreated(func(s *read.Subject) { s.Unmappable = []plan.Problem{{Code: plan.ProblemInvalidValue}} })
	expect(t, "with a problem", told(anew.Decision.Actions)+" | "+told(old.Decision.Actions), " | terminate 00uOLD")
}

// TestWhoIsSeenAgainWaitsNoMore, and what a reading noted is not forgotten by a decision.
func TestWhoIsSeenAgainWaitsNoMore(t *testing.T) {
	w := newWorld(t)
	since := now.Add(-time.Hour)
	seen := w.person("00u1", managedAs(1), func(s *read.Subject) { s.Link.NotVisibleSince = &since })
	w.PeopleDecider.DecideOne(seen)
	if note := seen.Decision.Note; note == nil || note.NotVisibleSince != nil {
		t.Errorf("remembered %+v", note)
	}
	held := w.person("00u3", managedAs(3), judged(plan.Hold, "suspended: x"),
		func(s *read.Subject) { s.Link.NotVisibleSince = &since })
	w.PeopleDecider.DecideOne(held)
	if note := held.Decision.Note; note == nil || note.NotVisibleSince != nil {
		t.Errorf("of somebody on hold it remembers %+v", note)
	}
	kept := plan.Link{Person: "00u2", Employee: 2, Kept: true}
	noted := w.person("00u2", managedAs(2), judged(plan.Hold, "suspended: x"))
	noted.Decision.Note = &kept
	w.PeopleDecider.DecideOne(noted)
	if noted.Decision.Note != &kept {
		t.Errorf("remembered %+v", noted.Decision.Note)
	}
}

// stranger notes an active employee of nobody, as a refresh has seen them.
func (w *world) stranger(id plan.EmployeeID, username, email string) {
	list := &w.Current.Strangers
	*list = slices.Grow(*list, 1)[:len(*list)+1]
	s := &(*list)[len(*list)-1]
	s.ID, s.Username, s.Email = id, read.NameSum(username), read.NameSum(email)
}

// TestACreateBesideSomebodyOfTheSameNameIsAWarning, when a refresh has seen them.
func TestACreateBesideSomebodyOfTheSameNameIsAWarning(t *testing.T) {
	for sentence, c := range map[string]struct {
		username, email string // of employee 9, whom nobody manages
		who             func(*read.Subject)
		says            string
	}{
		"of another name": {"bob", "bob@acme.example", nil, ""},
		"of the user name": {" 00U1", "bob@acme.example", nil,
			"employee 9 is active in TrackTik, managed for nobody, and has the same username"},
		"of the e-mail":           {"bob", "00U1@acme.example", nil, "and has the same email"},
		"of both: said once":      {"00u1", "00u1@acme.example", nil, "and has the same username"},
		"without names":           {"", "", func(s *read.Subject) { s.Want().Values[plan.Username] = "" }, ""},
		"and they are managed":    {"00u1", "", managedAs(3), ""},
		"and they are on hold":    {"00u1", "", judged(plan.Hold, "suspended: x"), ""},
		"and they have a problem": {"00u1", "", func(s *read.Subject) { s.Unmappable = []plan.Problem{{Code: "x"}} }, ""},
	} {
		w := newWorld(t)
		w.stranger(9, c.username, c.email)
		s := w.person("00u1")
		if c.who != nil {
			c.who(s)
		}
		w.PeopleDecider.DecideAll([]*read.Subject{s})
		if (len(w.Warnings) == 1) != (c.says != "") || len(w.Warnings) > 1 {
			t.Errorf("%s: warned of %+v", sentence, w.Warnings)
			continue
		}
		for _, warning := range w.Warnings {
			if warning.Code != plan.WarningPossibleDouble || warning.User.ID != "00u1" || !strings.Contains(warning.Message,
				c.says) {
				t.Errorf("%s: %+v", sentence, warning)
			}
		}
	}
}

// TestOnlyACreateIsADouble: who is managed and has the name of a stranger is none.
func TestOnlyACreateIsADouble(t *testing.T) {
	w := newWorld(t)
	w.stranger(9, "00u2", "")
	w.PeopleDecider.DecideAll([]*read.Subject{w.person("00u1"), w.person("00u2", managedAs(2))})
	expect(t, "beside a create", w.warned(), "")
}

// TestPeopleWithoutADivisionAreCountedAndNamed: new ones only, the first twenty by login.
func TestPeopleWithoutADivisionAreCountedAndNamed(t *testing.T) {
	for n, want := range map[int]string{
		0:  "",
		1:  "1 new person has no division and lands in HQ: 00u00",
		2:  "2 new people have no division and land in HQ: 00u00, 00u01",
		20: "00u18, 00u19",
		21: "00u19 and 1 more",
	} {
		w := newWorld(t, policy(func(p *plan.Policy) { p.DefaultRegion = "HQ" }))
		list := []*read.Subject{w.person("00u99"), w.person("00u98", managedAs(9), byDefault)}
		for i := range n {
			list = append(list, w.person(plan.PersonID(fmt.Sprintf("00u%02d", i)), byDefault))
		}
		w.PeopleDecider.DecideAll(list)
		if n == 0 {
			expect(t, "nobody", w.warned(), "")
			continue
		}
		if len(w.Warnings) != 1 || !strings.HasSuffix(w.Warnings[0].Message,
			want) || w.Warnings[0].Field != plan.Region.String() {
			t.Errorf("%d people: %+v, want %q", n, w.Warnings, want)
		}
	}
}

// byDefault says that the person lands in the default region.
func byDefault(s *read.Subject) { s.Want().Default = true }

// TestTheEmployeeWhoseCredentialsAreUsedIsSpared, in decisions about people and about roles.
func TestTheEmployeeWhoseCredentialsAreUsedIsSpared(t *testing.T) {
	w := newWorld(t)
	own, other := w.person("00u1"), w.person("00u2")
	own.Decision.Actions = []plan.Action{about(plan.Terminate, "00u1", 42)}
	other.Decision.Actions = []plan.Action{about(plan.Terminate, "00u2", 43)}
	w.Together.Actions = []plan.Action{about(plan.GrantRole, "00u1", 42), about(plan.GrantRole, "00u2", 43)}
	w.Pol.Own = 42
	w.PeopleDecider.Spare()
	expect(t, "of them", told(own.Decision.Actions)+" | "+toldHeld(own.Decision.Held), " | terminate 00u1 protected")
	expect(t, "of others", told(other.Decision.Actions)+" | "+toldHeld(other.Decision.Held), "terminate 00u2 | ")
	expect(t, "of roles", told(w.Together.Actions)+" | "+toldHeld(w.Together.Held),
		"grant_role 00u2 | grant_role 00u1 protected")
}

// TestOnlyWhoExistsCanBeTouched: a plan of new people alone asks nothing about our own account.
func TestOnlyWhoExistsCanBeTouched(t *testing.T) {
	for sentence, c := range map[string]struct {
		person, roles []plan.Action
		want          bool
	}{
		"nothing": {nil, nil, false},
		"new people": {[]plan.Action{about(plan.Create, "00u1", 0)}, []plan.Action{about(plan.GrantRole, "00u1", 0)},
			false},
		"an update":     {[]plan.Action{about(plan.Update, "00u1", 1)}, nil, true},
		"a grant":       {nil, []plan.Action{about(plan.GrantRole, "00u1", 1)}, true},
		"a role's name": {nil, []plan.Action{{Kind: plan.RenameRole}}, false},
	} {
		w := newWorld(t)
		w.person("00u1").Decision.Actions, w.Together.Actions = c.person, c.roles
		if got := w.PeopleDecider.TouchesEmployees(); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}

// TestWhoCannotHaveANameHasAProblem, and bystanders have none of ours.
func TestWhoCannotHaveANameHasAProblem(t *testing.T) {
	w := newWorld(t)
	one, other := w.person("00u1"), w.person("00u2")
	var claims []plan.Claim
	for _, id := range []plan.PersonID{"00u1", "00u2", "00uBY"} {
		claims = append(claims, plan.Claim{Person: id, User: plan.UserRef{ID: id}, Username: "ana",
			Email: string(id) + "@acme.example"})
	}
	w.NameDecider.TakeNames(plan.ResolveNames(claims, plan.Owners{}))
	for _, s := range []*read.Subject{one, other} {
		if len(s.Unmappable) != 1 || s.Unmappable[0].Code != plan.ProblemDuplicate || s.Writable() {
			t.Errorf("%s: %+v", s.Person.ID, s.Unmappable)
		}
	}
	if _, known := w.Names.Problems["00uBY"]; !known {
		t.Error("the bystander's problem is not known")
	}
}
