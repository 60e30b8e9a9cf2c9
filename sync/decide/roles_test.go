package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/decide"
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

// TestARoleThatIsDueAndHeldIsTakenOver, with the oldest grant; TrackTik is not asked for a
// second one.
func TestARoleThatIsDueAndHeldIsTakenOver(t *testing.T) {
	for sentence, c := range map[string]struct {
		employee plan.EmployeeID
		role     plan.RoleID
		ids      []plan.GrantID
		have     []plan.Holding
		adopted  plan.GrantID
		done     string
	}{
		"held":                   {1, 5, []plan.GrantID{90}, nil, 90, ""},
		"held twice":             {1, 5, []plan.GrantID{92, 90, 91}, nil, 90, ""},
		"not held":               {1, 5, nil, nil, 0, "grant_role 00u1/5"},
		"the employee is new":    {0, 5, []plan.GrantID{90}, nil, 0, "grant_role 00u1/5"},
		"the role is to be made": {1, 0, []plan.GrantID{90}, nil, 0, "grant_role 00u1/0"},
		"ours already":           {1, 5, []plan.GrantID{90}, []plan.Holding{grantOf("00u1", 5, 90, "g1")}, 0, ""},
		"another role is ours":   {1, 5, []plan.GrantID{90}, []plan.Holding{grantOf("00u1", 6, 80, "g2")}, 90, ""},
	} {
		w := newWorld(t)
		w.person("00u1", managedAs(c.employee))
		w.pushed("g1", c.role, "00u1")
		w.dirty("00u1")
		w.Current.Holders = map[read.Holder][]plan.GrantID{{Role: c.role, Employee: c.employee}: c.ids}
		w.GrantDecider.CollectDue()
		w.view("00u1", c.employee, c.have...)
		w.GrantDecider.DecideAll()
		expect(t, sentence, told(w.Together.Actions), c.done)
		if len(w.Roles.Adopted) == 0 {
			if c.adopted != 0 {
				t.Errorf("%s: nothing is taken over", sentence)
			}
			continue
		}
		if g := w.Roles.Adopted[0]; g.ID != c.adopted || g.How != plan.HowAdopted || g.Group != "g1" || g.Since != now {
			t.Errorf("%s: taken over %+v", sentence, g)
		}
	}
}

// TestALastRoleIsNoneAnyMoreWhenAnotherOneIsTakenOver: the revoke that was refused is tried.
func TestALastRoleIsNoneAnyMoreWhenAnotherOneIsTakenOver(t *testing.T) {
	w := newWorld(t)
	w.person("00u1", managedAs(1))
	w.pushed("g1", 5, "00u1")
	w.dirty("00u1")
	w.Current.Holders = map[read.Holder][]plan.GrantID{{Role: 5, Employee: 1}: {90}}
	w.GrantDecider.CollectDue()
	last := grantOf("00u1", 6, 80, "g2")
	last.Stuck, last.Lost, last.Evidence = true, "no longer in the group", plan.EvidenceFull
	other := grantOf("00u1", 7, 81, "g3")
	w.view("00u1", 1, last, other)
	w.GrantDecider.DecideAll()
	expect(t, "done", told(w.Together.Actions), "revoke_role 00u1/6")
	if now,
		known := w.Current.Corrected[last.Key()]; !known || now.Now.Stuck || !now.Was.Stuck || len(w.Current.Corrected) > 1 {
		t.Errorf("remembered %+v", now)
	}
}

// TestASecondGrantOfOursIsTakenBack: only where both are ours, the later one, and not from who
// is protected or while revokes are off.
func TestASecondGrantOfOursIsTakenBack(t *testing.T) {
	for sentence, c := range map[string]struct {
		settings []func(*setting)
		ids      []plan.GrantID
		sent     int
		shielded string
		done     string
		held     string
		keeps    plan.GrantID // the grant on record from now on, where it is another one
	}{
		"two, both are ours": {nil, []plan.GrantID{91, 90}, 2, "", "revoke_role 00u1/5", "", 0},
		"three, all are ours": {nil, []plan.GrantID{92, 90, 91}, 3, "", "revoke_role 00u1/5, revoke_role 00u1/5",
			"", 0},
		"two, one is somebody else's":    {nil, []plan.GrantID{90, 91}, 1, "", "", "", 0},
		"one":                            {nil, []plan.GrantID{90}, 2, "", "", "", 0},
		"ours is not among them":         {nil, []plan.GrantID{91, 92}, 2, "", "", "", 0},
		"the one on record is the later": {nil, []plan.GrantID{90, 80}, 2, "", "revoke_role 00u1/5", "", 80},
		"protected": {nil, []plan.GrantID{90, 91}, 2, "protected: x", "",
			"revoke_role 00u1/5 protected", 0},
		"revokes are off": {[]func(*setting){policy(func(p *plan.Policy) { p.RevokeRoles = false })}, []plan.GrantID{90, 80},
			2, "", "",
			"revoke_role 00u1/5 switched_off", 0},
		"--no-removals": {[]func(*setting){policy(func(p *plan.Policy) { p.NoRemovals = true })}, []plan.GrantID{90, 91}, 2,
			"", "",
			"revoke_role 00u1/5 switched_off", 0},
	} {
		w := newWorld(t, c.settings...)
		key := read.Holder{Role: 5, Employee: 1}
		w.Current.Holders, w.Roles.Sent[key] = map[read.Holder][]plan.GrantID{key: c.ids}, c.sent
		h := grantOf("00u1", 5, 90, "g1")
		w.view("00u1", 1, h).Shielded = c.shielded
		w.GrantDecider.DecideAll()
		expect(t, sentence+", done", told(w.Together.Actions), c.done)
		expect(t, sentence+", held", toldHeld(w.Together.Held), c.held)
		for _, a := range w.Together.Actions {
			if x := a.Extras(); x.Grant == slices.Min(c.ids) || x.Grant == 0 || x.Evidence != plan.EvidenceFull ||
				!strings.HasPrefix(a.Reason, fmt.Sprintf("granted twice: grant %d beside grant %d", x.Grant, slices.Min(c.ids))) {
				t.Errorf("%s: %+v, %s", sentence, x, a.Reason)
			}
		}
		if now := w.Current.Corrected[h.Key()].Now.ID; now != c.keeps {
			t.Errorf("%s: grant %d is on record from now on, want %d", sentence, now, c.keeps)
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

// TestGroupsGetTheirRolesInARun: what is known of them is noted, and a new role is said to
// carry no permissions, once.
func TestGroupsGetTheirRolesInARun(t *testing.T) {
	staff := func(id plan.RoleID, name string) plan.Role { return plan.Role{ID: id, Name: name, Portal: "STAFF"} }
	for _, single := range []bool{false, true} {
		var settings []func(*setting)
		if single {
			settings = append(settings, onlyFor("00u1"))
		}
		w := newWorld(t, settings...)
		w.Portal = plan.PortalRoles{Read: true, Roles: []plan.Role{staff(5, "Known"), staff(6, "Taken"), staff(7, "Other")}}
		for i, name := range []string{"Known", "New", "Taken", "Newer"} {
			w.pushed(plan.GroupID(fmt.Sprint("g", i+1)), 0).Group.Name = name
		}
		w.Pushed[0].Link = &plan.GroupLink{Group: "g1", Name: "Known", Role: 5, RoleName: "Known", How: plan.HowCreated}
		var views []plan.GroupView
		for _, g := range w.Pushed {
			views = append(views, plan.GroupView{Group: g.Group, Link: g.Link})
		}
		views = append(views, plan.GroupView{Group: plan.Group{ID: "g9"}, Aside: true,
			Link: &plan.GroupLink{Group: "g9", Name: "Taken", Role: 6, RoleName: "Taken", How: plan.HowCreated}})
		open := plan.Held{Action: plan.Action{Kind: plan.CreateRole, Role: &plan.RoleRef{Group: "g8"}}, Why: "pending: x"}
		w.GroupDecider.DecideGroups(views, map[plan.GroupID]plan.Held{"g8": open})
		expect(t, "warned", w.warned(), "role_without_permissions")
		expect(t, "held", toldHeld(w.Roles.OfGroups.Held), "create_role /0 role_exists, create_role /0 pending")
		if g := w.Pushed[0]; g.Role == nil || g.Role.ID != 5 || g.Anew {
			t.Errorf("a group in order: %+v, anew %v", g.Role, g.Anew)
		}
		if g := w.Pushed[1]; g.Role == nil || g.Role.ID != 0 || !g.Anew {
			t.Errorf("a group of a new role: %+v, anew %v", g.Role, g.Anew)
		}
		if w.Pushed[2].Role != nil {
			t.Errorf("a group without a role has %+v", w.Pushed[2].Role)
		}
		if got := w.Roles.Unsettled["g3"]; got != single || w.Roles.Unsettled["g8"] {
			t.Errorf("in a run of single people %v: a whole run may find a role is %v", single, got)
		}
		if w.Roles.Refs[decide.RoleOf{Role: 5, Group: "g1"}] != w.Pushed[0].Role || len(w.Roles.Refs) != 1 {
			t.Errorf("roles by group: %v", w.Roles.Refs)
		}
		expect(t, "names", fmt.Sprint(w.Roles.Names[5], w.Roles.Names[6], w.Roles.Names[7]), "KnownTakenOther")
	}
}

// TestARoleIsNewToAGroupThatHadAnother, or none; and what is only renamed is not unsettled.
func TestARoleIsNewToAGroupThatHadAnother(t *testing.T) {
	w := newWorld(t, onlyFor("00u1"))
	w.Portal = plan.PortalRoles{Read: true,
		Roles: []plan.Role{{ID: 7, Name: "Other", Portal: "STAFF"}, {ID: 8, Name: "Old", Portal: "STAFF"}}}
	link := func(role plan.RoleID, name string) *plan.GroupLink {
		return &plan.GroupLink{Name: name, Role: role, RoleName: name, How: plan.HowCreated}
	}
	had, none, renamed := w.pushed("g1", 0), w.pushed("g2", 0), w.pushed("g3", 0)
	had.Group.Name, had.Link = "Other", link(99, "Other")      // its role is gone, and another one has the name
	none.Group.Name, none.Link = "New", link(0, "")            // it never had one
	renamed.Group.Name, renamed.Link = "Other", link(8, "Old") // to a name that is taken
	var views []plan.GroupView
	for _, g := range w.Pushed {
		g.Link.Group = g.Group.ID
		views = append(views, plan.GroupView{Group: g.Group, Link: g.Link})
	}
	w.GroupDecider.DecideGroups(views, nil)
	if !had.Anew || !none.Anew || renamed.Anew {
		t.Errorf("new to its group: %v, %v, %v", had.Anew, none.Anew, renamed.Anew)
	}
	expect(t, "held", toldHeld(w.Roles.OfGroups.Held), "rename_role /8 role_exists")
	if w.Roles.Unsettled["g3"] {
		t.Error("a group that has a role may get another one in a whole run")
	}
	quiet := newWorld(t)
	quiet.Portal = w.Portal
	g := quiet.pushed("g1", 0)
	g.Group.Name = "Other"
	quiet.GroupDecider.DecideGroups([]plan.GroupView{{Group: g.Group}}, nil)
	expect(t, "no new role", quiet.warned(), "")
}
