package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// TestWithOneRoleAPersonTheFirstGroupWins has a row for each way in which groups compete:
// the order of the configuration, then the id of the group.
func TestWithOneRoleAPersonTheFirstGroupWins(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"one group", roleFacts{oneRole, member(1, "g1")}, "grant_role g1/1", ""},
		{"the first in the order", roleFacts{oneRole, memberAt(1, 1, "g1"), memberAt(0, 2, "g2")}, "grant_role g2/2", ""},
		{"named comes before not named", roleFacts{oneRole, memberAt(2, 1, "g1"), memberAt(1, 2, "g2")}, "grant_role g2/2",
			""},
		{"none is named: by id", roleFacts{oneRole, memberAt(3, 2, "g2"), memberAt(3, 1, "g1")}, "grant_role g1/1", ""},
		{"of three the middle one", roleFacts{oneRole, memberAt(5, 1, "g1"), memberAt(4, 2, "g2"), memberAt(6, 3, "g3")},
			"grant_role g2/2", ""},
		{"a role that is to be made can be the first", roleFacts{oneRole, memberAt(1, 1, "g1"), memberAt(0, 0, "g2")},
			"grant_role g2/0", ""},
		{"holds the first: the second is not granted", roleFacts{oneRole, memberAt(0, 1, "g1"), memberAt(1, 2, "g2"),
			granted(1, "g1")}, "", ""},
		{"many: all of them", roleFacts{memberAt(0, 1, "g1"), memberAt(1, 2, "g2")}, "grant_role g1/1; grant_role g2/2", ""},
	})
}

// TestAReplacementIsOnePair: the new role is granted before the old one is revoked, and if
// either is withheld, both are.
func TestAReplacementIsOnePair(t *testing.T) {
	soon := now.Add(1)
	moved := roleFacts{oneRole, member(1, "g1"), left(2, "g2")}
	held := func(code string) string { return "held grant_role g1/1 " + code + "; held revoke_role g2/2 " + code }
	revokeFirst := func(code string) string { return "held revoke_role g2/2 " + code + "; held grant_role g1/1 " + code }
	and := func(more ...roleFact) roleFacts { return append(append(roleFacts{}, moved...), more...) }
	keepRoles(t, []rolePromise{
		{"she moves from one group to another", moved, "grant_role g1/1; revoke_role g2/2", ""},
		{"a group that comes first takes the place of the other", roleFacts{oneRole, memberAt(0, 1, "g1"),
			memberAt(1, 2, "g2"), granted(2, "g2")}, "grant_role g1/1; revoke_role g2/2",
			"another role comes first (sync.groups.order, sync.groups.roles)"},
		{"the group has another role now: it takes the place of the first", roleFacts{oneRole, member(3, "g1"),
			granted(1, "g1")}, "grant_role g1/3; revoke_role g1/1", "another role comes first"},
		{"no group is left: the revoke alone", roleFacts{oneRole, left(2, "g2")}, "revoke_role g2/2", ""},
		{"two are replaced by one", and(left(3, "g3")), "grant_role g1/1; revoke_role g2/2; revoke_role g3/3", ""},

		{"the new role was taken away in TrackTik, and sync.drift is report: the old one stays", and(roleTaken, reportDrift),
			"held revoke_role g2/2 last_role; warning drift", "was taken away in TrackTik, and is left so"},
		{"the new role was taken away in TrackTik: it is given back, and the old one goes", and(roleTaken),
			"grant_role g1/1; revoke_role g2/2", ""},
		{"the grant is switched off", and(grantsOff), held(plan.HeldSwitchedOff), ""},
		{"what she holds cannot be told", and(cannotTell), held(plan.HeldUnconfirmed), ""},
		{"the grant waits for its time", and(triedBefore(plan.GrantRole, 1, "g1", plan.Trouble{NextTry: &soon})),
			"held revoke_role g2/2 last_role; problem refused", "TrackTik refused the role that replaces it"},
		{"she has a problem: no grant, so no revoke", and(hasAProblem), "held revoke_role g2/2 last_role",
			"cannot be granted before the person's problem is solved"},
		{"she is protected", and(shieldedBy(plan.HeldProtected)), held(plan.HeldProtected), ""},
		{"she is our own", and(ownIs7), held(plan.HeldProtected), ""},

		{"the revoke is switched off", and(revokesOff), revokeFirst(plan.HeldSwitchedOff), "sync.revoke_roles is off"},
		{"removals are off in this run", and(removalsOff), revokeFirst(plan.HeldSwitchedOff), "--no-removals"},
		{"the old role is protected", roleFacts{oneRole, member(1, "g1"), left(2, "g2", leftWith(plan.HeldProtectedRole))},
			revokeFirst(plan.HeldProtectedRole), ""},
		{"the revoke waits for its time", and(triedBefore(plan.RevokeRole, 2, "g2", plan.Trouble{NextTry: &soon})),
			"held grant_role g1/1 pending; problem refused", "TrackTik refused to take the role that this one replaces"},
		{"nothing proves that the old one is over", roleFacts{oneRole, member(1, "g1"), granted(2, "g2")},
			"held grant_role g1/1 has_other_role", "keeps another role, which is not known to be over"},
		{"the end of the old one has no evidence", roleFacts{oneRole, member(1, "g1"), granted(2, "g2", unproven)},
			revokeFirst(plan.HeldUnconfirmed), ""},
		{"of two old ones one is not known to be over", and(granted(3, "g3")),
			"held revoke_role g2/2 has_other_role; held grant_role g1/1 has_other_role", ""},
		{"the old one was refused as the last: with the grant it goes", roleFacts{oneRole, member(1, "g1"),
			left(2, "g2", stuck)}, "grant_role g1/1; revoke_role g2/2", ""},
		{"an outranked role needs no evidence", roleFacts{oneRole, memberAt(0, 1, "g1"), memberAt(1, 2, "g2"),
			granted(2, "g2")}, "grant_role g1/1; revoke_role g2/2", ""},
		{"an outranked role that another group gives as well", roleFacts{oneRole, memberAt(0, 1, "g9"), memberAt(1, 2, "g2"),
			granted(2, "g1")}, "grant_role g9/1; revoke_role g1/2", ""},
		{"none is due, and one is not known to be over: the other one goes", roleFacts{oneRole, left(2, "g2"),
			granted(3, "g3")}, "revoke_role g2/2", ""},
		{"an outranked role stays while revokes are off", roleFacts{oneRole, memberAt(0, 1, "g1"), memberAt(1, 2, "g2"),
			granted(2, "g2"), revokesOff}, revokeFirst(plan.HeldSwitchedOff), ""},
	})
}

// TestWithOneRoleOthersRolesStandInTheWay: who holds one that we neither granted nor adopted
// is given none.
func TestWithOneRoleOthersRolesStandInTheWay(t *testing.T) {
	const why = "holds a role that this program did not give, and sync.roles.per_person is one"
	keepRoles(t, []rolePromise{
		{"one of theirs", roleFacts{oneRole, member(1, "g1"), othersGave(1)}, "held grant_role g1/1 has_other_role", why},
		{"several", roleFacts{oneRole, member(1, "g1"), othersGave(3)}, "held grant_role g1/1 has_other_role", why},
		{"none", roleFacts{oneRole, member(1, "g1"), othersGave(0)}, "grant_role g1/1", ""},
		{"it was not read: granted", roleFacts{oneRole, member(1, "g1"), othersGave(-1)}, "grant_role g1/1", ""},
		{"many a person: granted beside it", roleFacts{member(1, "g1"), othersGave(1)}, "grant_role g1/1", ""},
		{"one of ours is held as well: nothing changes", roleFacts{oneRole, member(1, "g1"), granted(1, "g1"), othersGave(1)},
			"", ""},
		{"one of ours would be replaced: both halves wait", roleFacts{oneRole, member(1, "g1"), left(2, "g2"), othersGave(1)},
			"held grant_role g1/1 has_other_role; held revoke_role g2/2 has_other_role", why},
		{"one of ours is left, and none is due: it goes", roleFacts{oneRole, left(2, "g2"), othersGave(1)},
			"revoke_role g2/2", ""},
		{"protected comes first", roleFacts{oneRole, member(1, "g1"), othersGave(1), shieldedBy(plan.HeldProtected)},
			"held grant_role g1/1 protected", ""},
	})
}

// TestBothHalvesOfAPairAreMarked, and nothing that is no pair.
func TestBothHalvesOfAPairAreMarked(t *testing.T) {
	for sentence, c := range map[string]struct {
		given roleFacts
		want  bool
	}{
		"moved, with one role": {roleFacts{oneRole, member(1, "g1"), left(2, "g2")}, true},
		"outranked": {roleFacts{oneRole, memberAt(0, 1, "g1"), memberAt(1, 2, "g2"), granted(2, "g2")},
			true},
		"moved, with many":                {roleFacts{member(1, "g1"), left(2, "g2")}, false},
		"only a revoke":                   {roleFacts{oneRole, left(2, "g2")}, false},
		"only a grant":                    {roleFacts{oneRole, member(1, "g1")}, false},
		"a group gives, the default goes": {roleFacts{member(1, "g1"), granted(9, ""), viewIs(defaulted)}, true},
		"the default comes, a group goes": {roleFacts{left(1, "g1"), viewIs(defaulted)}, true},
		"the default changes":             {roleFacts{granted(8, ""), viewIs(defaulted)}, true},
		"the default alone":               {roleFacts{viewIs(defaulted)}, false},
		"a group goes, another one stays": {roleFacts{left(1, "g1"), member(2, "g2"), granted(2, "g2"), viewIs(defaulted)},
			false},
	} {
		d, _, _ := c.given.decided()
		if len(d.Actions) == 0 {
			t.Errorf("%s: nothing is done: %s", sentence, outline(&d))
		}
		for i := range d.Actions {
			if a := &d.Actions[i]; a.Replaces != c.want {
				t.Errorf("%s: of %s half of a pair is %v", sentence, actionText(a), a.Replaces)
			}
		}
	}
}
