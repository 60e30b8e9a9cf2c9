package plan_test

import (
	"slices"
	"testing"

	"tracktik-sync/sync/plan"
)

// A roleFact is one thing that is true of a person's roles, or of the configuration.
type roleFact func(*plan.RoleView, *plan.Policy)

type roleFacts []roleFact

// A rolePromise is about one person's roles.
type rolePromise = promiseAbout[roleFacts]

// decided is the decision about the roles of ana, who is employee 7 and to be provisioned.
func (given roleFacts) decided() (plan.Decision, *plan.RoleView, *plan.Policy) {
	v, pol := roleView(nil, nil), with(func(*plan.Policy) {})
	for _, f := range given {
		f(v, pol)
	}
	return plan.DecideRoles(v, pol), v, pol
}

// keepRoles tests promises about roles.
func keepRoles(t *testing.T, promises []rolePromise) {
	t.Helper()
	for _, p := range promises {
		t.Run(p.sentence, func(t *testing.T) {
			d, _, _ := p.given.decided()
			check(t, d, p.want)
			mustSay(t, sayings(&d), p.says)
		})
	}
}

// member says that a group gives her a role; role 0 is still to be made.
func member(id plan.RoleID, group plan.GroupID) roleFact { return memberAt(0, id, group) }

// memberAt is member of a group with a place in sync.groups.order.
func memberAt(rank int, id plan.RoleID, group plan.GroupID) roleFact {
	return func(v *plan.RoleView, _ *plan.Policy) { v.Due = append(v.Due, due(id, group, rank)) }
}

// granted says that we granted her a role for a group, and nothing speaks against it.
func granted(id plan.RoleID, group plan.GroupID, changes ...func(*plan.Holding)) roleFact {
	return func(v *plan.RoleView, _ *plan.Policy) { v.Have = append(v.Have, have(id, group, changes...)) }
}

// left says that we granted her a role for a group that she was seen to have left.
func left(id plan.RoleID, group plan.GroupID, changes ...func(*plan.Holding)) roleFact {
	return granted(id, group, append([]func(*plan.Holding){lost}, changes...)...)
}

func viewIs(change func(*plan.RoleView)) roleFact {
	return func(v *plan.RoleView, _ *plan.Policy) { change(v) }
}

func policyIs(change func(*plan.Policy)) roleFact {
	return func(_ *plan.RoleView, pol *plan.Policy) { change(pol) }
}

// shieldedBy says that she neither gets nor loses a role, with that code.
func shieldedBy(code string) roleFact {
	return viewIs(func(v *plan.RoleView) { v.Shielded = code + ": so it is" })
}

// othersGave says that she holds so many roles that are not of our giving.
func othersGave(n int) roleFact { return viewIs(func(v *plan.RoleView) { v.Others = n }) }

func gone(h *plan.Holding)  { h.Gone = true }
func again(h *plan.Holding) { h.Again = true }

// triedBefore says that TrackTik refused an action, and when it is tried again.
func triedBefore(kind plan.Kind, id plan.RoleID, group plan.GroupID, trouble plan.Trouble) roleFact {
	return viewIs(func(v *plan.RoleView) {
		a := plan.Action{Kind: kind, User: v.User, Employee: 7, Role: role(id, group)}
		trouble.Kind, trouble.Group, trouble.Data = kind, group, a.Digest()
		if trouble.Code == "" {
			trouble.Code, trouble.Message = plan.ProblemRefused, "TrackTik answers 422"
		}
		if v.View == nil {
			v.View = managed()
		}
		v.View.Troubles = append(v.View.Troubles, trouble)
	})
}

var (
	hasAProblem = viewIs(func(v *plan.RoleView) { v.MayGrant = false })
	isNew       = viewIs(func(v *plan.RoleView) { v.Employee = 0 })
	roleTaken   = viewIs(taken)
	cannotTell  = viewIs(doubtful)

	grantsOff   = policyIs(func(p *plan.Policy) { p.GrantRoles = false })
	revokesOff  = policyIs(func(p *plan.Policy) { p.RevokeRoles = false })
	removalsOff = policyIs(func(p *plan.Policy) { p.NoRemovals = true })
	reportDrift = policyIs(func(p *plan.Policy) { p.RepairDrift = false })
	oneRole     = policyIs(func(p *plan.Policy) { p.OneRole = true })
	ownIs7      = policyIs(func(p *plan.Policy) { p.Own = 7 })
)

// TestWhoIsInAGroupHoldsItsRole has a row for each way in which a role is due: role
// membership is group members with the verdict provision.
func TestWhoIsInAGroupHoldsItsRole(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"a member of a pushed group holds its role", roleFacts{member(1, "g1")}, "grant_role g1/1",
			`member of group "Group g1"`},
		{"a member of two groups holds both roles", roleFacts{member(1, "g1"), member(2, "g2")},
			"grant_role g1/1; grant_role g2/2", ""},
		{"who is in no group is granted nothing", nil, "", ""},
		{"who holds it already is not granted it again", roleFacts{member(1, "g1"), granted(1, "g1")}, "", ""},
		{"one of two is missing", roleFacts{member(1, "g1"), member(2, "g2"), granted(1, "g1")}, "grant_role g2/2", ""},
		{"a role that is still to be made is granted by its group", roleFacts{member(0, "g1")}, "grant_role g1/0", ""},
		{"two roles that are to be made are two", roleFacts{member(0, "g1"), member(0, "g2")},
			"grant_role g1/0; grant_role g2/0", ""},
		{"a new employee is granted in the same plan", roleFacts{isNew, member(1, "g1")}, "grant_role g1/1", ""},
		{"a role of another's giving does not stand in the way", roleFacts{member(1, "g1"), othersGave(2)},
			"grant_role g1/1", ""},

		{"several groups may give one role: it is granted once", roleFacts{member(1, "g1"), member(1, "g2"), member(1, "g3")},
			"grant_role g1/1", ""},
		{"it is held as long as one of them gives it", roleFacts{member(1, "g2"), left(1, "g1")}, "", ""},
		{"it is revoked when the last one is left", roleFacts{left(1, "g1")}, "revoke_role g1/1", ""},
		{"a group that is counted twice grants once", roleFacts{member(0, "g1"), member(0, "g1")}, "grant_role g1/0", ""},
		{"a second group of the role she holds grants nothing", roleFacts{member(1, "g2"), granted(1, "g1")}, "", ""},
	})
}

// TestWhoIsGrantedNothing has a row for each reason why a due role is not granted, and one
// for what goes on all the same.
func TestWhoIsGrantedNothing(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"sync.grant_roles is off: held, and shown", roleFacts{member(1, "g1"), grantsOff},
			"held grant_role g1/1 switched_off", "sync.grant_roles is off"},
		{"each of two is shown", roleFacts{member(1, "g1"), member(2, "g2"), grantsOff},
			"held grant_role g1/1 switched_off; held grant_role g2/2 switched_off", ""},
		{"grants off does not stop a revoke", roleFacts{member(1, "g1"), left(2, "g2"), grantsOff},
			"revoke_role g2/2; held grant_role g1/1 switched_off", ""},
		{"--no-removals does not stop a grant", roleFacts{member(1, "g1"), removalsOff}, "grant_role g1/1", ""},
		{"a person with a problem is granted nothing", roleFacts{member(1, "g1"), hasAProblem}, "", ""},
		{"a protected person is granted nothing", roleFacts{member(1, "g1"), shieldedBy(plan.HeldProtected)},
			"held grant_role g1/1 protected", "so it is"},
		{"a restored person is granted nothing", roleFacts{member(1, "g1"), shieldedBy(plan.HeldRestored)},
			"held grant_role g1/1 restored", ""},
		{"an unconfirmed person is granted nothing", roleFacts{member(1, "g1"), shieldedBy(plan.HeldUnconfirmed)},
			"held grant_role g1/1 unconfirmed", ""},
		{"our own employee is granted nothing", roleFacts{member(1, "g1"), ownIs7},
			"held grant_role g1/1 protected", "the integration's account"},
		{"our own employee, whatever else shields them", roleFacts{member(1, "g1"), shieldedBy(plan.HeldRestored), ownIs7},
			"held grant_role g1/1 protected", ""},
		{"what they hold cannot be told: nothing is granted on that", roleFacts{member(1, "g1"), cannotTell},
			"held grant_role g1/1 unconfirmed", ""},
		{"what they hold cannot be told, and it is ours: nothing to do",
			roleFacts{member(1, "g1"), granted(1, "g1"), cannotTell}, "", ""},
		{"protected comes before a switch", roleFacts{member(1, "g1"), shieldedBy(plan.HeldProtected), grantsOff},
			"held grant_role g1/1 protected", ""},
		{"a switch comes before a doubt", roleFacts{member(1, "g1"), grantsOff, cannotTell},
			"held grant_role g1/1 switched_off", ""},
	})
}

// TestWhatSomebodyElseTookAwayIsGivenBack, unless sync.drift is report; a second time that
// does not hold is a problem.
func TestWhatSomebodyElseTookAwayIsGivenBack(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"taken in TrackTik: granted again, and it says so", roleFacts{member(1, "g1"), roleTaken},
			"grant_role g1/1", "somebody else took the role away in TrackTik"},
		{"sync.drift is report: left, with a warning", roleFacts{member(1, "g1"), roleTaken, reportDrift},
			"warning drift", "role 1 of employee 7|sync.drift: report"},
		{"another role is not drift", roleFacts{member(2, "g2"), roleTaken, reportDrift}, "grant_role g2/2", ""},
		{"taken, and grants are off: held, no warning", roleFacts{member(1, "g1"), roleTaken, reportDrift, grantsOff},
			"held grant_role g1/1 switched_off", ""},
		{"taken from a protected person: held", roleFacts{member(1, "g1"), roleTaken, shieldedBy(plan.HeldProtected)},
			"held grant_role g1/1 protected", ""},
		{"taken, left, and due no more: nothing", roleFacts{roleTaken}, "", ""},
		{"granted again and gone again: a problem, not a third grant", roleFacts{member(1, "g1"), granted(1, "g1", notKept)},
			"problem value_not_kept", "TrackTik does not keep role 1 of employee 7"},
		{"gone once is no problem of its own", roleFacts{member(1, "g1"), granted(1, "g1", gone)}, "", ""},
		{"granted again and there is no problem", roleFacts{member(1, "g1"), granted(1, "g1", again)}, "", ""},
		{"not kept, and she has left the group: the revoke goes on", roleFacts{left(1, "g1", notKept)},
			"revoke_role g1/1", ""},
		{"not kept by the role of one group, another one goes on", roleFacts{member(1, "g1"), member(2, "g2"),
			granted(1, "g1", notKept)}, "grant_role g2/2; problem value_not_kept", ""},
	})
	d, _, _ := roleFacts{member(1, "g1"), roleTaken}.decided()
	if !d.Actions[0].Drift {
		t.Error("the repair is not marked as one")
	}
	d, _, _ = roleFacts{member(2, "g2"), roleTaken}.decided()
	if a := d.Actions[0]; a.Drift || a.Reason != `member of group "Group g2"` {
		t.Errorf("a new grant is told as a repair: %s", a.Reason)
	}
	d, _, _ = roleFacts{member(1, "g1"), granted(1, "g1", notKept)}.decided()
	if p := d.Problems[0]; p.Kind != plan.GrantRole || p.Group != "g1" || p.User.ID != "00uANA" {
		t.Errorf("the problem is of %+v", p)
	}
}

// TestARefusedGrantIsTriedWhenItsTimeComes, and at once for another role or person.
func TestARefusedGrantIsTriedWhenItsTimeComes(t *testing.T) {
	soon, past := now.Add(1), now
	keepRoles(t, []rolePromise{
		{"before its time: a problem, and no call", roleFacts{member(1, "g1"),
			triedBefore(plan.GrantRole, 1, "g1", plan.Trouble{NextTry: &soon})}, "problem refused", "TrackTik answers 422"},
		{"at its time: tried", roleFacts{member(1, "g1"),
			triedBefore(plan.GrantRole, 1, "g1", plan.Trouble{NextTry: &past})}, "grant_role g1/1", ""},
		{"another group's refusal is not this one's", roleFacts{member(1, "g1"),
			triedBefore(plan.GrantRole, 2, "g2", plan.Trouble{NextTry: &soon})}, "grant_role g1/1", ""},
		{"a refused revoke is not a refused grant", roleFacts{member(1, "g1"),
			triedBefore(plan.RevokeRole, 1, "g1", plan.Trouble{NextTry: &soon})}, "grant_role g1/1", ""},
		{"the group has another role now: other data are tried at once", roleFacts{member(3, "g1"),
			triedBefore(plan.GrantRole, 1, "g1", plan.Trouble{NextTry: &soon})}, "grant_role g1/3", ""},
		{"one is refused, the other is granted", roleFacts{member(1, "g1"), member(2, "g2"),
			triedBefore(plan.GrantRole, 1, "g1", plan.Trouble{NextTry: &soon})}, "grant_role g2/2; problem refused", ""},
		{"a refused revoke before its time is a problem", roleFacts{left(1, "g1"),
			triedBefore(plan.RevokeRole, 1, "g1", plan.Trouble{NextTry: &soon})}, "problem refused", ""},
		{"a refused revoke at its time is tried", roleFacts{left(1, "g1"),
			triedBefore(plan.RevokeRole, 1, "g1", plan.Trouble{NextTry: &past})}, "revoke_role g1/1", ""},
	})
}

// TestTheRolesOfAPersonAreWhatIsHeldAndWhatIsDue names each once, and none that is to be made.
func TestTheRolesOfAPersonAreWhatIsHeldAndWhatIsDue(t *testing.T) {
	for sentence, c := range map[string]struct {
		given roleFacts
		want  []plan.RoleID
	}{
		"none":                    {nil, nil},
		"what is held":            {roleFacts{granted(1, "g1"), left(2, "g2")}, []plan.RoleID{1, 2}},
		"what is due":             {roleFacts{member(3, "g3")}, []plan.RoleID{3}},
		"both":                    {roleFacts{member(3, "g3"), granted(1, "g1")}, []plan.RoleID{1, 3}},
		"held and due is once":    {roleFacts{member(1, "g1"), granted(1, "g1")}, []plan.RoleID{1}},
		"due by two is once":      {roleFacts{member(1, "g1"), member(1, "g2")}, []plan.RoleID{1}},
		"to be made is none yet":  {roleFacts{member(0, "g1"), member(2, "g2")}, []plan.RoleID{2}},
		"the default is not due":  {roleFacts{viewIs(defaulted)}, nil},
		"not what others gave it": {roleFacts{othersGave(4)}, nil},
	} {
		_, v, _ := c.given.decided()
		if got := v.Roles(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", sentence, got, c.want)
		}
	}
}

// TestADoubtAboutRolesIsSaidWithItsReason, and no doubt is nothing.
func TestADoubtAboutRolesIsSaidWithItsReason(t *testing.T) {
	if got := plan.UnsureOf(""); got != "" {
		t.Errorf("no doubt is %q", got)
	}
	want := plan.HeldUnconfirmed + ": whether they hold the role already cannot be told: the list was empty"
	if got := plan.UnsureOf("the list was empty"); got != want {
		t.Errorf("it says %q", got)
	}
}
