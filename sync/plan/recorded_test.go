package plan_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestWhatEachKindIs has a row for each kind: whether TrackTik is called, whether the person
// is given an employee, and whether something is taken away.
func TestWhatEachKindIs(t *testing.T) {
	rows := map[plan.Kind][3]bool{ // writes, gives, removes
		plan.RenameRole: {true, false, false}, plan.LinkRole: {false, false, false}, plan.CreateRole: {true, false, false},
		plan.Adopt: {false, true, false}, plan.Terminate: {true, false, true}, plan.Update: {true, false, false},
		plan.Reactivate: {true, true, false}, plan.Create: {true, true, false}, plan.GrantRole: {true, false, false},
		plan.RevokeRole: {true, false, true},
	}
	if len(rows) != len(plan.Kinds) {
		t.Fatalf("%d kinds have a row, of %d", len(rows), len(plan.Kinds))
	}
	for kind, want := range rows {
		if got := [3]bool{kind.Writes(), kind.Gives(), kind.Removes()}; got != want {
			t.Errorf("%s writes, gives, removes: %v, want %v", kind, got, want)
		}
	}
}

// TestAnActionIsNamedByItsIds, and for an approval with the values that it writes.
func TestAnActionIsNamedByItsIds(t *testing.T) {
	user := plan.UserRef{ID: "00uANA"}
	title := []plan.Change{{Field: plan.JobTitle, Old: "Guard", New: "Chief"}}
	for sentence, c := range map[string]struct {
		action plan.Action
		ref    plan.ActionRef
		values bool // an approval binds them
	}{
		"a create, before": {plan.Action{Kind: plan.Create, User: user}, plan.ActionRef{Kind: plan.Create, Person: "00uANA"},
			false},
		"a create, when the employee is made": {plan.Action{Kind: plan.Create, User: user, Employee: 7},
			plan.ActionRef{Kind: plan.Create, Person: "00uANA"}, false},
		"a termination": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7},
			plan.ActionRef{Kind: plan.Terminate, Person: "00uANA", Employee: 7}, false},
		"a reactivation": {plan.Action{Kind: plan.Reactivate, User: user, Employee: 7, Changes: title},
			plan.ActionRef{Kind: plan.Reactivate, Person: "00uANA", Employee: 7}, false},
		"an update": {plan.Action{Kind: plan.Update, User: user, Employee: 7, Changes: title},
			plan.ActionRef{Kind: plan.Update, Person: "00uANA", Employee: 7}, true},
		"a grant": {plan.Action{Kind: plan.GrantRole, User: user, Employee: 7, Role: role(5, "g1")},
			plan.ActionRef{Kind: plan.GrantRole, Person: "00uANA", Employee: 7, Role: 5, Group: "g1"}, false},
		"a new role": {plan.Action{Kind: plan.CreateRole, Role: role(0, "g1")},
			plan.ActionRef{Kind: plan.CreateRole, Group: "g1"}, true},
		"a linked role": {plan.Action{Kind: plan.LinkRole, Role: role(5, "g1")},
			plan.ActionRef{Kind: plan.LinkRole, Role: 5, Group: "g1"}, false},
		"a renamed role": {plan.Action{Kind: plan.RenameRole, Role: role(5, "g1"), Changes: title},
			plan.ActionRef{Kind: plan.RenameRole, Role: 5, Group: "g1"}, true},
	} {
		if got := c.action.Ref(); got != c.ref {
			t.Errorf("%s is named %+v, want %+v", sentence, got, c.ref)
		}
		bound := c.action.Bound()
		if (bound.Values != "") != c.values {
			t.Errorf("%s: an approval binds the values %q", sentence, bound.Values)
		}
		if bound.Values = ""; bound != c.ref {
			t.Errorf("%s: an approval names %+v", sentence, bound)
		}
		audit := plan.Audit{Kind: string(c.action.Kind), Person: c.action.User.ID, Employee: 7, Role: c.action.Role}
		if c.action.Employee == 0 && c.action.Kind != plan.Create {
			audit.Employee = 0
		}
		if got := audit.Ref(); got != c.ref {
			t.Errorf("%s: its entry is named %+v", sentence, got)
		}
	}
}

// TestWhatWasApprovedIsFoundInTheRecord: without the values, and what is emptied as the
// update that did it.
func TestWhatWasApprovedIsFoundInTheRecord(t *testing.T) {
	for want, ref := range map[plan.Kind]plan.ActionRef{
		plan.Update:     {Kind: plan.Clear, Person: "00uANA", Employee: 7, Values: "x"},
		plan.CreateRole: {Kind: plan.CreateRole, Group: "g1", Values: "x"},
		plan.Terminate:  {Kind: plan.Terminate, Person: "00uANA", Employee: 7},
	} {
		got := ref.Recorded()
		if ref.Kind, ref.Values = want, ""; got != ref {
			t.Errorf("%+v is recorded as %+v", ref, got)
		}
	}
	update := plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00uANA"}, Employee: 7,
		Changes: []plan.Change{{Field: plan.City, Old: "x"}}}
	for _, kind := range []plan.Kind{plan.Update, plan.Clear} {
		if got := approvalOf(update, kind).Recorded(); got != update.Ref() {
			t.Errorf("approved as %s it is recorded as %+v, done as %+v", kind, got, update.Ref())
		}
	}
}

// TestWhatIsEmptiedIsBoundByItsFields, whatever else the update sets.
func TestWhatIsEmptiedIsBoundByItsFields(t *testing.T) {
	clears := func(changes ...plan.Change) plan.ActionRef {
		return approvalOf(plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00uANA"}, Employee: 7, Changes: changes},
			plan.Clear)
	}
	city, title := plan.Change{Field: plan.City, Old: "Faro"}, plan.Change{Field: plan.JobTitle, Old: "Guard"}
	set := plan.Change{Field: plan.State, Old: "a", New: "b"}
	base := clears(city, title)
	for sentence, got := range map[string]plan.ActionRef{
		"in another order": clears(title, city), "beside what is set": clears(city, set, title),
		"whatever it was": clears(plan.Change{Field: plan.City, Old: "Porto"}, title),
	} {
		if got != base {
			t.Errorf("%s: %+v, not %+v", sentence, got, base)
		}
	}
	for sentence, got := range map[string]plan.ActionRef{"less": clears(city),
		"more":          clears(city, title, plan.Change{Field: plan.PrimaryPhone, Old: "5"}),
		"another field": clears(plan.Change{Field: plan.Language, Old: "FR"}, title)} {
		if got == base {
			t.Errorf("%s: the same", sentence)
		}
	}
}

// TestTheRareHalfOfAnActionIsSharedAndNeverChanged: whoever changes it gets one of their own.
func TestTheRareHalfOfAnActionIsSharedAndNeverChanged(t *testing.T) {
	a := plan.Action{Kind: plan.Terminate}
	if a.Extras() != (plan.Extra{}) {
		t.Error("nothing is something")
	}
	a.With(func(x *plan.Extra) { x.Evidence = plan.EvidenceFull })
	b := a
	b.With(func(x *plan.Extra) { x.Key = "email" })
	if a.Extras() != (plan.Extra{Evidence: plan.EvidenceFull}) ||
		b.Extras() != (plan.Extra{Evidence: plan.EvidenceFull, Key: "email"}) {
		t.Errorf("one is %+v, its copy %+v", a.Extras(), b.Extras())
	}
	b.With(func(x *plan.Extra) { *x = plan.Extra{} })
	if b.Extra != nil || a.Extra == nil {
		t.Errorf("emptied it is %+v, its origin %+v", b.Extra, a.Extra)
	}
}

// TestTheOrderOfActionsIsOne for any list: kind, person, role, group; renames of roles and
// levels of updates apart.
func TestTheOrderOfActionsIsOne(t *testing.T) {
	r := random(t)
	made := func() plan.Action {
		a := plan.Action{Kind: pick(r, plan.Kinds...), User: plan.UserRef{ID: pick(r, plan.PersonID("00u1"), "00u2", "00u3")}}
		if r.IntN(2) == 0 {
			a.Role = role(plan.RoleID(r.IntN(3)), pick(r, plan.GroupID("g1"), "g2"))
		}
		return a
	}
	names := plan.Names{Level: map[plan.PersonID]int{"00u1": 2, "00u2": 0, "00u3": 1}}
	for range worldsTried / 10 {
		var list []plan.Action
		for range 12 {
			if a := made(); a.Kind != plan.RenameRole {
				list = append(list, a)
			}
		}
		one, other := slices.Clone(list), shuffled(r, list)
		plan.Order(one, &names)
		plan.Order(other, &names)
		if outline(&plan.Decision{Actions: one}) != outline(&plan.Decision{Actions: other}) {
			t.Fatalf("two orders of one plan:\n%s\n%s", text(one), text(other))
		}
		for i := range one[1:] {
			if before := comesBefore(&one[i], &one[i+1], &names); before > 0 {
				t.Fatalf("%s stands before %s", actionText(&one[i]), actionText(&one[i+1]))
			}
		}
	}
	renames := []plan.Action{{Kind: plan.RenameRole, Role: role(9, "g9")}, {Kind: plan.RenameRole, Role: role(1, "g1")}}
	plan.Order(renames, &names)
	if renames[0].Role.ID != 9 {
		t.Error("renames of roles were put in another order than they were decided in")
	}
}

// comesBefore is the order of two actions as the contract has it: negative, when a is first.
func comesBefore(a, b *plan.Action, names *plan.Names) int {
	key := func(a *plan.Action) (id plan.RoleID, group plan.GroupID) {
		if a.Role != nil {
			return a.Role.ID, a.Role.Group
		}
		return 0, ""
	}
	level := 0
	if a.Kind == plan.Update && b.Kind == plan.Update {
		level = names.Level[a.User.ID] - names.Level[b.User.ID]
	}
	ar, ag := key(a)
	br, bg := key(b)
	return cmp.Or(slices.Index(plan.Kinds, a.Kind)-slices.Index(plan.Kinds, b.Kind), level,
		cmp.Compare(a.User.ID, b.User.ID), cmp.Compare(ar, br), cmp.Compare(ag, bg))
}

// TestAWriteWhoseOutcomeIsNotKnownHoldsItsPerson: all that is done to them, but for a grant
// only their roles.
func TestAWriteWhoseOutcomeIsNotKnownHoldsItsPerson(t *testing.T) {
	for _, kind := range plan.Kinds {
		open := plan.NewOpen()
		in := plan.Intent{Run: "r7", Action: plan.Action{Kind: kind, User: plan.UserRef{ID: "00uANA"}}}
		open.Add(&in, "looked up in the next run")
		want := "a " + string(kind) + " of run r7 may or may not have happened; looked up in the next run"
		people, grants := open.People["00uANA"], open.Grants["00uANA"]
		if kind == plan.GrantRole {
			people, grants = grants, people
		}
		if people != want || grants != "" || len(open.People)+len(open.Grants) != 1 {
			t.Errorf("%s: of people %v, of grants %v", kind, open.People, open.Grants)
		}
	}
	if open := plan.NewOpen(); len(open.People)+len(open.Grants)+len(open.Stuck)+len(open.Late) > 0 {
		t.Errorf("it begins with %+v", open)
	}
}

// TestAGrantIsNamedByRoleAndPerson, not by its id, its group or its employee in TrackTik.
func TestAGrantIsNamedByRoleAndPerson(t *testing.T) {
	g := plan.Grant{Role: 5, Person: "00uANA", ID: 9, Employee: 7, Group: "g1", How: plan.HowAdopted}
	if got := g.Key(); got != (plan.GrantKey{Role: 5, Person: "00uANA"}) {
		t.Errorf("it is named %+v", got)
	}
	for bits := range 4 {
		g.Gone, g.Again = bits&1 > 0, bits&2 > 0
		if g.NotKept() != (bits == 3) {
			t.Errorf("gone %v, granted again %v: not kept is %v", g.Gone, g.Again, g.NotKept())
		}
	}
}

// TestALinkIsOpenWhileTimeAloneCanChangeIt has a row for each thing that waits.
func TestALinkIsOpenWhileTimeAloneCanChangeIt(t *testing.T) {
	at := now
	for sentence, c := range map[string]struct {
		link plan.Link
		want bool
	}{
		"in order": {*anaLink(), false}, "not visible": {plan.Link{NotVisibleSince: &at}, true},
		"not assigned":    {plan.Link{UnassignedSince: &at}, true},
		"ended elsewhere": {plan.Link{ElsewhereStatus: "TERMINATED"}, true},
		"restored":        {plan.Link{Restored: true}, true}, "doubtful": {plan.Link{Doubtful: true}, true},
		"seen deactivated once":  {plan.Link{SeenDeprovisioned: true}, false},
		"adopted and kept":       {plan.Link{Kept: true}, false},
		"holds a role of others": {plan.Link{OthersRole: true}, false},
	} {
		if c.link.Open() != c.want {
			t.Errorf("%s: open is %v", sentence, c.link.Open())
		}
	}
}

// TestAHeldActionBeginsWithItsCode: up to a colon or a space.
func TestAHeldActionBeginsWithItsCode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, code := range []string{plan.HeldGuard, plan.HeldNotVisible, plan.HeldClock, plan.HeldTerminatedElsewhere} {
		for _, end := range []string{"", ":", " ", ": why", ": a: b", " since 2 h"} {
			h := plan.Held{Why: code + end, Action: plan.Action{Kind: pick(r, plan.Kinds...)}}
			if h.Code() != code {
				t.Errorf("%q has the code %q", h.Why, h.Code())
			}
		}
	}
	if got := strings.Join([]string{plan.Held{}.Code(), plan.Held{Why: ":"}.Code()}, "|"); got != "|" {
		t.Errorf("no code is %q", got)
	}
}
