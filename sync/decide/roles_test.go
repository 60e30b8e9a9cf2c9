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

// pushed adds a pushed group with a role and members.
func (w *world) pushed(id plan.GroupID, role plan.RoleID, members ...plan.PersonID) *read.Pushed {
	g := &read.Pushed{Group: plan.Group{ID: id, Name: "Group " + string(id)}, Members: members,
		Role: &plan.RoleRef{ID: role, Name: fmt.Sprint("Role ", role), Group: id}}
	slices.Sort(g.Members)
	w.Pushed, w.ByGroup[id] = append(w.Pushed, g), g
	return g
}

// dirty says that the roles of these people are looked at.
func (w *world) dirty(ids ...plan.PersonID) {
	for _, id := range ids {
		w.Roles.Dirty[id] = true
	}
}

// view is how a person's roles are looked at: with what their groups make due, and what we
// granted them.
func (w *world) view(id plan.PersonID, employee plan.EmployeeID, have ...plan.Holding) *plan.RoleView {
	v := &plan.RoleView{User: plan.UserRef{ID: id}, Employee: employee, MayGrant: true, Others: -1, Have: have}
	for _, g := range w.Roles.Due[id] {
		v.Due = append(v.Due, g.Due)
	}
	w.Roles.Views = append(w.Roles.Views, v)
	return v
}

// grantOf is a grant of ours, by that group.
func grantOf(id plan.PersonID, role plan.RoleID, grant plan.GrantID, g plan.GroupID) plan.Holding {
	return plan.Holding{Grant: plan.Grant{Role: role, Person: id, ID: grant, Employee: 1, Group: g},
		Role: &plan.RoleRef{ID: role, Group: g}}
}

// TestWhoseRolesAreDueByTheirGroups: members who are in scope, or of whom only the snapshot
// tells that they are managed.
func TestWhoseRolesAreDueByTheirGroups(t *testing.T) {
	for sentence, c := range map[string]struct {
		who  []func(*read.Subject) // nil: only the snapshot knows them
		mark bool
		want string
	}{
		"a new person":                {[]func(*read.Subject){}, false, "g1"},
		"a managed person":            {[]func(*read.Subject){managedAs(1)}, true, "g1"},
		"a managed person, unchanged": {nil, true, "g1"},
		"somebody whom nobody knows":  {nil, false, ""},
		"suspended": {[]func(*read.Subject){managedAs(1), judged(plan.Hold, "suspended: x")}, true,
			""},
		"deactivated": {[]func(*read.Subject){managedAs(1), judged(plan.Depart, "x")}, true, ""},
		"out of scope": {[]func(*read.Subject){managedAs(1), func(s *read.Subject) { s.OutOf = true }},
			true, ""},
		"whose scope could not be judged": {[]func(*read.Subject){func(s *read.Subject) { s.ScopeErr = "x" }}, false, ""},
		"who goes on under another id": {[]func(*read.Subject){managedAs(1),
			func(s *read.Subject) { s.With(func(x *read.Extra) { x.Became = s }) }}, true, ""},
		"with a problem: the role stays due": {[]func(*read.Subject){managedAs(1), problematic}, true, "g1"},
	} {
		var settings []func(*setting)
		if c.mark {
			settings = append(settings, onRecord("00u1"))
		}
		w := newWorld(t, settings...)
		if c.who != nil {
			w.person("00u1", c.who...)
		}
		w.pushed("g1", 5, "00u1")
		without := w.pushed("g2", 6, "00u1")
		without.Role = nil // it has no role: it grants nothing and loses nothing
		w.dirty("00u1")
		w.GrantDecider.CollectDue()
		var got []string
		for _, g := range w.Roles.Due["00u1"] {
			got = append(got, string(g.Group.ID))
		}
		expect(t, sentence, strings.Join(got, " "), c.want)
	}
	unmanaged := newWorld(t, func(s *setting) { s.record.marks = []plan.Mark{{Person: "00u1"}} })
	unmanaged.pushed("g1", 5, "00u1")
	unmanaged.dirty("00u1")
	if unmanaged.GrantDecider.CollectDue(); len(unmanaged.Roles.Due) > 0 {
		t.Errorf("of somebody who is known and not managed: %v", unmanaged.Roles.Due)
	}
	w := newWorld(t, onRecord("00u1"))
	g := w.pushed("g1", 5, "00u1")
	w.GrantDecider.CollectDue()
	if len(w.Roles.Due) > 0 || g.Due.Role != g.Role || g.Due.Why != `member of group "Group g1"` {
		t.Errorf("nobody is looked at: due %v, by the group %+v", w.Roles.Due, g.Due)
	}
}

// TestAGroupsRankIsItsPlaceInTheOrder, by id or by a glob of names; the others come last.
func TestAGroupsRankIsItsPlaceInTheOrder(t *testing.T) {
	w := newWorld(t, policy(func(p *plan.Policy) { p.Order = []string{"g3", "group *2", "*"} }))
	w.pushed("g1", 1)
	w.pushed("g2", 2)
	w.pushed("g3", 3)
	w.GrantDecider.CollectDue()
	expect(t, "with a star", fmt.Sprint(w.Pushed[0].Due.Rank, w.Pushed[1].Due.Rank, w.Pushed[2].Due.Rank), "2 1 0")
	w.Pol.Order = []string{"g3", "nothing"}
	w.GrantDecider.CollectDue()
	expect(t, "not named", fmt.Sprint(w.Pushed[0].Due.Rank, w.Pushed[1].Due.Rank, w.Pushed[2].Due.Rank), "2 2 0")
}

// TestHoldersOfSeveralRolesAreAWarningWithTheCount: with many roles a person, and roles count,
// not groups.
func TestHoldersOfSeveralRolesAreAWarningWithTheCount(t *testing.T) {
	one := policy(func(p *plan.Policy) { p.OneRole = true })
	for sentence, c := range map[string]struct {
		settings []func(*setting)
		groups   func(*world)
		want     string
	}{
		"two roles": {[]func(*setting){onRecord("00u1", "00u2")},
			func(w *world) { w.pushed("g1", 5, "00u1", "00u2"); w.pushed("g2", 6, "00u1") },
			"people who hold several roles: 1;"},
		"two people": {[]func(*setting){onRecord("00u1", "00u2")}, func(w *world) {
			w.pushed("g1", 5, "00u1", "00u2")
			w.pushed("g2", 6, "00u1", "00u2")
		}, "people who hold several roles: 2;"},
		"three roles are one person": {[]func(*setting){onRecord("00u1")}, func(w *world) {
			w.pushed("g1", 5, "00u1")
			w.pushed("g2", 6, "00u1")
			w.pushed("g3", 7, "00u1")
		}, "people who hold several roles: 1;"},
		"two groups of one role": {[]func(*setting){onRecord("00u1")},
			func(w *world) { w.pushed("g1", 5, "00u1"); w.pushed("g2", 5, "00u1") }, ""},
		"one role a person": {[]func(*setting){onRecord("00u1"), one},
			func(w *world) { w.pushed("g1", 5, "00u1"); w.pushed("g2", 6, "00u1") }, ""},
		"a new person": {nil, func(w *world) {
			w.person("00u1")
			w.dirty("00u1")
			w.pushed("g1", 5, "00u1")
			w.pushed("g2", 0, "00u1")
		}, "people who hold several roles: 1;"},
		"a new person, two that are to be made": {nil, func(w *world) {
			w.person("00u1")
			w.dirty("00u1")
			w.pushed("g1", 0, "00u1")
			w.pushed("g2", 0, "00u1")
		}, "people who hold several roles: 1;"},
		"a new person, two groups of one role, and another role": {nil, func(w *world) {
			w.person("00u1")
			w.dirty("00u1")
			w.pushed("g1", 5, "00u1")
			w.pushed("g2", 5, "00u1")
			w.pushed("g3", 6, "00u1")
		}, "people who hold several roles: 1;"},
		"a new person, three that are to be made": {nil, func(w *world) {
			w.person("00u1")
			w.dirty("00u1")
			for _, id := range []plan.GroupID{"g1", "g2", "g3"} {
				w.pushed(id, 0, "00u1")
			}
		}, "people who hold several roles: 1;"},
		"a managed person who is looked at": {[]func(*setting){onRecord("00u1")}, func(w *world) {
			w.person("00u1", managedAs(1))
			w.dirty("00u1")
			w.pushed("g1", 5, "00u1")
			w.pushed("g2", 6, "00u1")
		}, "people who hold several roles: 1;"},
		"three hundred roles are one person": {[]func(*setting){onRecord("00u1")}, func(w *world) {
			for i := range plan.RoleID(300) {
				w.pushed(plan.GroupID(fmt.Sprint("g", i)), i+1, "00u1")
			}
		}, "people who hold several roles: 1;"},
		"a new person, two groups of one role": {nil, func(w *world) {
			w.person("00u1")
			w.dirty("00u1")
			w.pushed("g1", 5, "00u1")
			w.pushed("g2", 5, "00u1")
		}, ""},
	} {
		w := newWorld(t, c.settings...)
		c.groups(w)
		w.GrantDecider.CollectDue()
		w.GrantDecider.DecideAll()
		got := ""
		for _, warning := range w.Warnings {
			got += warning.Message
		}
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q, want %q", sentence, got, c.want)
		}
	}
}

// TestAGroupThatCouldNotBeReadGrantsNothingNew: what its members were before is no reason.
func TestAGroupThatCouldNotBeReadGrantsNothingNew(t *testing.T) {
	fallback := func(v *plan.RoleView) { v.Default = plan.DefaultRole{ID: 9}.Due() }
	for sentence, c := range map[string]struct {
		failed bool
		have   []plan.Holding
		change func(*plan.RoleView)
		done   string
		held   string
	}{
		"read":               {false, nil, nil, "grant_role 00u1/5", ""},
		"not read":           {true, nil, nil, "", "grant_role 00u1/5 unconfirmed"},
		"not read, and held": {true, []plan.Holding{grantOf("00u1", 5, 90, "g1")}, nil, "", ""},
		"not read, and another role is held": {true, []plan.Holding{grantOf("00u1", 6, 80, "g2")}, nil, "",
			"grant_role 00u1/5 unconfirmed"},
		"not read, and another group gives one": {true, nil, func(v *plan.RoleView) {
			v.Due = append(v.Due, plan.DueBy("X", &plan.RoleRef{ID: 8, Group: "gX"}, 0))
		}, "grant_role 00u1/8", "grant_role 00u1/5 unconfirmed"},
		"not read: no default in its place": {true, nil, fallback, "", "grant_role 00u1/5 unconfirmed"},
	} {
		w := newWorld(t)
		w.person("00u1", managedAs(1))
		w.pushed("g1", 5, "00u1").Failed = c.failed
		w.dirty("00u1")
		w.GrantDecider.CollectDue()
		v := w.view("00u1", 1, c.have...)
		if c.change != nil {
			c.change(v)
		}
		w.GrantDecider.DecideAll()
		expect(t, sentence+", done", told(w.Together.Actions), c.done)
		expect(t, sentence+", held", toldHeld(w.Together.Held), c.held)
	}
	w := newWorld(t)
	w.person("00u1", managedAs(1))
	w.pushed("g1", 5, "00u1")
	w.dirty("00u1")
	w.Roles.Unread["00u1"] = "unconfirmed: their groups could not be read"
	w.GrantDecider.CollectDue()
	w.view("00u1", 1)
	w.GrantDecider.DecideAll()
	expect(t, "the person's groups were not read", toldHeld(w.Together.Held), "grant_role 00u1/5 unconfirmed")
}

// TestWhatIsSaidOfRolesIsSaidInThePlan: warnings and problems, and a grant that was refused
// waits for its time, of the managed and of the new.
func TestWhatIsSaidOfRolesIsSaidInThePlan(t *testing.T) {
	w := newWorld(t, policy(func(p *plan.Policy) { p.RepairDrift = false }))
	w.person("00u1", managedAs(1))
	w.pushed("g1", 5, "00u1")
	w.pushed("g2", 6, "00u1")
	w.dirty("00u1")
	w.GrantDecider.CollectDue()
	notKept := grantOf("00u1", 6, 80, "g2")
	notKept.Gone, notKept.Again = true, true
	w.view("00u1", 1, notKept).Lost = []plan.RoleID{5}
	w.GrantDecider.DecideAll()
	if d := &w.Together; len(d.Warnings) != 1 || d.Warnings[0].Code != plan.WarningDrift || len(d.Problems) != 1 ||
		d.Problems[0].Code != plan.ProblemValueNotKept {
		t.Errorf("it says %+v and %+v", d.Warnings, d.Problems)
	}
	later := now.Add(time.Hour)
	for _, managed := range []bool{true, false} {
		grant := about(plan.GrantRole, "00u1", 1)
		grant.Role = &plan.RoleRef{ID: 5, Name: "Role 5", Group: "g1"}
		trouble := plan.Trouble{Person: "00u1", Group: "g1", Kind: plan.GrantRole, Code: plan.ProblemRefused, NextTry: &later,
			Data: grant.Digest()}
		w := newWorld(t, func(s *setting) { s.record.troubles = []plan.Trouble{trouble} })
		s := w.person("00u1")
		if managed {
			managedAs(1)(s)
		}
		w.pushed("g1", 5, "00u1")
		w.dirty("00u1")
		w.GrantDecider.CollectDue()
		w.view("00u1", 1)
		w.GrantDecider.DecideAll()
		expect(t, fmt.Sprintf("refused before, managed %v", managed), told(w.Together.Actions), "")
		if len(w.Together.Problems) != 1 || w.Together.Problems[0].Code != plan.ProblemRefused {
			t.Errorf("managed %v: it says %+v", managed, w.Together.Problems)
		}
	}
}

// TestWhoIsLeftWithNoRole: not those whom the plan gives one, and not who holds one of others.
func TestWhoIsLeftWithNoRole(t *testing.T) {
	w := newWorld(t)
	w.Roles.Roleless = []plan.PersonID{"00u1", "00u2", "00u3", "00u4"}
	w.Roles.Others = map[plan.PersonID]bool{"00u2": true, "00u4": false}
	w.Roles.Adopted = []plan.Grant{{Person: "00u3"}}
	w.Together.Actions = []plan.Action{about(plan.GrantRole, "00u1", 1), about(plan.RevokeRole, "00u4", 4)}
	w.GrantDecider.DecideAll()
	expect(t, "without a role", fmt.Sprint(w.Roles.Roleless), "[00u4]")
}

// TestNewPeopleStandOnceInThePlan: in a whole run their creates come first, of a run of single
// people they stay with the person.
func TestNewPeopleStandOnceInThePlan(t *testing.T) {
	for sentence, c := range map[string]struct {
		settings []func(*setting)
		together string
		own      string
	}{
		"all people":    {nil, "create 00u1", ""},
		"single people": {[]func(*setting){onlyFor("00u1")}, "", "create 00u1"},
	} {
		w := newWorld(t, c.settings...)
		s := w.person("00u1")
		both := w.person("00u2")
		both.Decision.Actions = []plan.Action{about(plan.Adopt, "00u2", 2), about(plan.Update, "00u2", 2)}
		w.PeopleDecider.DecideOne(s)
		w.GrantDecider.MakeRoom()
		expect(t, sentence+", together", told(w.Together.Actions), c.together)
		expect(t, sentence+", their own", told(s.Decision.Actions), c.own)
		expect(t, sentence+", an adoption", told(both.Decision.Actions), "adopt 00u2, update 00u2")
		if !s.Gives() || !s.MadeAnew() {
			t.Errorf("%s: who is created gets no employee", sentence)
		}
	}
}
