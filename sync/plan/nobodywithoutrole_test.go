package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// hasDefault says that sync.roles.default is role 9.
var hasDefault = viewIs(defaulted)

// grantedByDefault says that we granted her a role for sync.roles.default.
func grantedByDefault(id plan.RoleID, changes ...func(*plan.Holding)) roleFact {
	return granted(id, "", changes...)
}

// TestWhoIsLeftWithNoRoleGetsTheDefaultOne, and nobody else.
func TestWhoIsLeftWithNoRoleGetsTheDefaultOne(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"in scope, no group gives one", roleFacts{hasDefault}, "grant_role /9",
			"no group gives a role (sync.roles.default)"},
		{"a new employee too", roleFacts{hasDefault, isNew}, "grant_role /9", ""},
		{"no default is configured: none", nil, "", ""},
		{"a group gives one", roleFacts{hasDefault, member(1, "g1")}, "grant_role g1/1", ""},
		{"a group gives one that is still to be made", roleFacts{hasDefault, member(0, "g1")}, "grant_role g1/0", ""},
		{"holds one of others'", roleFacts{hasDefault, othersGave(1)}, "", ""},
		{"holds none of others', as was seen", roleFacts{hasDefault, othersGave(0)}, "grant_role /9", ""},
		{"it was not seen whether: granted", roleFacts{hasDefault, othersGave(-1)}, "grant_role /9", ""},
		{"a group's role, which nothing says is over", roleFacts{hasDefault, granted(1, "g1")}, "", ""},
		{"a group's role, which stays although the group was left",
			roleFacts{hasDefault, left(1, "g1", leftWith(plan.HeldProtectedRole))}, "held revoke_role g1/1 protected_role", ""},
		{"holds it already", roleFacts{hasDefault, grantedByDefault(9)}, "", ""},
		{"as any role: grants off", roleFacts{hasDefault, grantsOff}, "held grant_role /9 switched_off", ""},
		{"as any role: a problem of theirs", roleFacts{hasDefault, hasAProblem}, "", ""},
		{"as any role: protected", roleFacts{hasDefault, shieldedBy(plan.HeldProtected)}, "held grant_role /9 protected", ""},
		{"as any role: our own employee", roleFacts{hasDefault, ownIs7}, "held grant_role /9 protected", ""},
		{"as any role: what they hold cannot be told", roleFacts{hasDefault, cannotTell}, "held grant_role /9 unconfirmed",
			""},
		{"as any role: taken in TrackTik",
			roleFacts{hasDefault, viewIs(func(v *plan.RoleView) { v.Lost = []plan.RoleID{9} })},
			"grant_role /9", "somebody else took the role away"},
		{"emptied in the configuration: the grants stay", roleFacts{grantedByDefault(9)}, "", ""},
		{"emptied, and a group gives one: the grant stays beside it", roleFacts{grantedByDefault(9), member(1, "g1")},
			"grant_role g1/1", ""},
	})
}

// TestTheDefaultRoleComesAndGoesInAPair: nobody is without a role in between, whichever half
// is withheld.
func TestTheDefaultRoleComesAndGoesInAPair(t *testing.T) {
	soon := now.Add(1)
	take := roleFacts{hasDefault, grantedByDefault(9), member(1, "g1")} // a group gives her a role
	back := roleFacts{hasDefault, left(1, "g1")}                        // and then none gives one
	swap := roleFacts{hasDefault, grantedByDefault(8)}                  // the configuration names another default
	and := func(given roleFacts, more ...roleFact) roleFacts {
		return append(append(roleFacts{}, given...), more...)
	}
	keepRoles(t, []rolePromise{
		{"a group gives one: the default goes", take, "grant_role g1/1; revoke_role /9",
			"another role takes the place of the default one (sync.roles.default)"},
		{"two groups give one each", and(take, member(2, "g2")), "grant_role g1/1; grant_role g2/2; revoke_role /9", ""},
		{"a group gives the very role: nothing to do", roleFacts{hasDefault, grantedByDefault(9), member(9, "g9")}, "", ""},
		{"the way back: the default comes", back, "grant_role /9; revoke_role g1/1", ""},
		{"the group had given the very role: nothing to do", roleFacts{hasDefault, left(9, "g9")}, "", ""},
		{"another default: they are swapped", swap, "grant_role /9; revoke_role /8", ""},

		{"taking over: grants are off", and(take, grantsOff),
			"held grant_role g1/1 switched_off; held revoke_role /9 switched_off", ""},
		{"taking over: revokes are off", and(take, revokesOff),
			"held revoke_role /9 switched_off; held grant_role g1/1 switched_off", ""},
		{"taking over: she has a problem", and(take, hasAProblem), "held revoke_role /9 last_role", ""},
		{"taking over: what she holds cannot be told", and(take, cannotTell),
			"held grant_role g1/1 unconfirmed; held revoke_role /9 unconfirmed", ""},
		{"taking over: the grant waits for its time", and(take, triedBefore(plan.GrantRole, 1, "g1",
			plan.Trouble{NextTry: &soon})), "held revoke_role /9 last_role; problem refused", ""},
		{"taking over: the group's role was taken in TrackTik, and is left so", and(take, roleTaken, reportDrift),
			"held revoke_role /9 last_role; warning drift", ""},
		{"taking over: she is protected", and(take, shieldedBy(plan.HeldProtected)),
			"held grant_role g1/1 protected; held revoke_role /9 protected", ""},

		{"the way back: grants are off", and(back, grantsOff),
			"held grant_role /9 switched_off; held revoke_role g1/1 switched_off", ""},
		{"the way back: revokes are off", and(back, revokesOff),
			"held revoke_role g1/1 switched_off; held grant_role /9 switched_off", ""},
		{"the way back: she has a problem", and(back, hasAProblem), "held revoke_role g1/1 last_role", ""},
		{"the way back: the last role was refused before, and the default comes", roleFacts{hasDefault, left(1, "g1", stuck)},
			"grant_role /9; revoke_role g1/1", ""},
		{"the way back from one of two groups is none",
			roleFacts{hasDefault, left(1, "g1"), granted(2, "g2"), member(2, "g2")},
			"revoke_role g1/1", ""},
		{"the way back from two", roleFacts{hasDefault, left(1, "g1"), left(2, "g2")},
			"grant_role /9; revoke_role g1/1; revoke_role g2/2", ""},

		{"taking over: the default cannot be taken back yet, and a role that was left goes", and(take, left(3, "g3"),
			triedBefore(plan.RevokeRole, 9, "", plan.Trouble{NextTry: &soon})),
			"revoke_role g3/3; held grant_role g1/1 pending; problem refused", ""},
		{"the way back from two, of which one cannot be taken back yet", roleFacts{hasDefault, left(1, "g1"), left(2, "g2"),
			triedBefore(plan.RevokeRole, 1, "g1", plan.Trouble{NextTry: &soon})},
			"held revoke_role g2/2 pending; held grant_role /9 pending; problem refused", ""},
		{"swapped: grants are off", and(swap, grantsOff),
			"held grant_role /9 switched_off; held revoke_role /8 switched_off", ""},
		{"swapped: revokes are off", and(swap, revokesOff),
			"held revoke_role /8 switched_off; held grant_role /9 switched_off", ""},
	})
}

// TestTheDefaultRoleIsOneThatExistsAndIsNotProtected: by name first, then by id.
func TestTheDefaultRoleIsOneThatExistsAndIsNotProtected(t *testing.T) {
	roles := []plan.Role{staff(4, "Guard"), staff(7, "4"), staff(5, "Site Administrator"),
		{ID: 8, Name: "Owner", Portal: "ADMIN"}, {ID: 9, Name: "Visitor", Portal: "CLIENT"},
		{ID: 10, Name: "Visitor", Portal: "STAFF"}}
	for sentence, c := range map[string]struct {
		key  string
		id   plan.RoleID
		code string
		says string
	}{
		"by name":                             {"Guard", 4, "", ""},
		"whatever the case and space":         {"  gUARD ", 4, "", ""},
		"a name that is a number comes first": {"4", 7, "", ""},
		"by id":                               {"7", 7, "", ""},
		"of one name, the one of the staff":   {"visitor", 10, "", ""},
		"unknown by name": {"Nobody", 0, plan.ProblemMissingRequired,
			`names "Nobody", and the portal has no such role`},
		"unknown by id":         {"99", 0, plan.ProblemMissingRequired, "nobody is granted it"},
		"not quite an id":       {"7x", 0, plan.ProblemMissingRequired, ""},
		"protected by its name": {"5", 0, plan.ProblemInvalidValue, `"Site Administrator", role 5`},
		"of the portal's administrators": {"Owner", 0, plan.ProblemInvalidValue,
			"of portal ADMIN, which is protected"},
		"of the portal's clients, named by an id": {"9", 0, plan.ProblemInvalidValue, "of portal CLIENT"},
	} {
		pol := with(func(p *plan.Policy) { p.DefaultRole, p.ProtectedRoles = c.key, []string{"*admin*"} })
		found, problem := plan.FindDefaultRole(roles, pol)
		if found.ID != c.id {
			t.Errorf("%s: role %d, want %d", sentence, found.ID, c.id)
		}
		switch {
		case problem == nil && c.code != "":
			t.Errorf("%s: no problem, want %s", sentence, c.code)
		case problem != nil && (problem.Code != c.code || !strings.Contains(problem.Message, c.says)):
			t.Errorf("%s: %+v, want %s", sentence, problem, c.code)
		case problem == nil && found.Key != c.key:
			t.Errorf("%s: the key is %q", sentence, found.Key)
		}
	}
	due := plan.DefaultRole{Key: "guard", ID: 4, Name: "Guard"}.Due()
	if due.Role.ID != 4 || due.Role.Name != "Guard" || due.Role.Group != "" || due.Rank != 0 {
		t.Errorf("as something due it is %+v, role %+v", due, due.Role)
	}
}

// TestWhoHoldsNoRoleIsAWarningWithAWayOut counts them, and names only the first ones.
func TestWhoHoldsNoRoleIsAWarningWithAWayOut(t *testing.T) {
	for sentence, c := range map[string]struct {
		logins     []string
		says, hush string
	}{
		"one": {[]string{"a"}, "1 person holds no role, as far as is known, and TrackTik shows them nothing: a; put",
			"more"},
		"two": {[]string{"a", "b"}, "2 people hold no role, as far as is known, and TrackTik shows them nothing: a, b;",
			"more"},
		"three": {[]string{"a", "b", "c"}, "3 people hold no role", "more"},
		"four":  {[]string{"a", "b", "c", "d"}, ": a, b, c and 1 more; put them into a group", ", d"},
	} {
		w := plan.NoRole(c.logins)
		if w == nil || w.Code != plan.WarningNoRole || w.Field != plan.RoleNameField {
			t.Fatalf("%s: %+v", sentence, w)
		}
		if !strings.Contains(w.Message, c.says) || strings.Contains(w.Message, c.hush) {
			t.Errorf("%s: %s", sentence, w.Message)
		}
		if !strings.HasSuffix(w.Message, "or name a role in sync.roles.default") {
			t.Errorf("%s: no way out: %s", sentence, w.Message)
		}
	}
}
