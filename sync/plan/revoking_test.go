package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// leftWith says that a role which is no longer due is left, with that code.
func leftWith(code string) func(*plan.Holding) {
	return func(h *plan.Holding) { h.Stays = code + ": so it is" }
}

// unproven is a grant of which it is said that it is over, and not how that is known.
func unproven(h *plan.Holding) { h.Lost, h.Evidence = "no longer in the group", "" }

// knownBy is a grant whose end is known in another way.
func knownBy(evidence string) func(*plan.Holding) {
	return func(h *plan.Holding) { h.Lost, h.Evidence = "no longer in the group", evidence }
}

// TestARoleIsTakenOnlyOnProof has a row for each thing that is no proof, and for each that is.
func TestARoleIsTakenOnlyOnProof(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"who left the group loses the role", roleFacts{left(1, "g1")}, "revoke_role g1/1", "no longer in the group"},
		{"of whom nothing is known, nothing is taken", roleFacts{granted(1, "g1")}, "", ""},
		{"nothing known of one, the other one is left", roleFacts{granted(1, "g1"), left(2, "g2")}, "revoke_role g2/2", ""},
		{"an end without evidence is held, and shown", roleFacts{granted(1, "g1", unproven)},
			"held revoke_role g1/1 unconfirmed", "no longer in the group, and nothing says how that is known"},
		{"proof by the person's own groups", roleFacts{granted(1, "g1", knownBy(plan.EvidenceFull))}, "revoke_role g1/1", ""},
		{"proof by a sample", roleFacts{granted(1, "g1", knownBy(plan.EvidenceSample))}, "revoke_role g1/1", ""},
		{"an unpushed group with revoke", roleFacts{granted(1, "g1", func(h *plan.Holding) {
			h.Lost, h.Evidence = "the group is no longer pushed", plan.EvidenceFull
		})}, "revoke_role g1/1", "the group is no longer pushed"},
		{"another group gives the role: it stays", roleFacts{left(1, "g1"), member(1, "g2")}, "", ""},
		{"a new role by another group does not excuse a missing proof", roleFacts{granted(1, "g1"), member(2, "g2")},
			"grant_role g2/2", ""},
		{"two that are left are both taken", roleFacts{left(1, "g1"), left(2, "g2")}, "revoke_role g1/1; revoke_role g2/2",
			""},
		{"a role that is still to be made is not the one she left", roleFacts{left(1, "g1"), member(0, "g1")},
			"grant_role g1/0; revoke_role g1/1", ""},
		{"the group has another role, and she is in it: the old one stays", roleFacts{granted(1, "g1"), member(3, "g1")},
			"grant_role g1/3", ""},
	})
}

// TestNoRoleIsTaken has a row for each reason why a role stays although its group was left.
func TestNoRoleIsTaken(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"sync.revoke_roles is off", roleFacts{left(1, "g1"), revokesOff},
			"held revoke_role g1/1 switched_off", "sync.revoke_roles is off"},
		{"--no-removals", roleFacts{left(1, "g1"), removalsOff}, "held revoke_role g1/1 switched_off", "--no-removals"},
		{"both: the lasting one is named", roleFacts{left(1, "g1"), revokesOff, removalsOff},
			"held revoke_role g1/1 switched_off", "sync.revoke_roles is off"},
		{"revokes off does not stop a grant", roleFacts{left(1, "g1"), member(2, "g2"), revokesOff},
			"grant_role g2/2; held revoke_role g1/1 switched_off", ""},
		{"a mapping problem of a person does not stop a revoke", roleFacts{left(1, "g1"), hasAProblem}, "revoke_role g1/1",
			""},
		{"nor does a doubt about what they hold", roleFacts{left(1, "g1"), cannotTell}, "revoke_role g1/1", ""},
		{"a protected person", roleFacts{left(1, "g1"), shieldedBy(plan.HeldProtected)}, "held revoke_role g1/1 protected",
			""},
		{"a restored person", roleFacts{left(1, "g1"), shieldedBy(plan.HeldRestored)}, "held revoke_role g1/1 restored", ""},
		{"a person whose groups could not be read", roleFacts{left(1, "g1"), shieldedBy(plan.HeldUnconfirmed)},
			"held revoke_role g1/1 unconfirmed", ""},
		{"our own employee", roleFacts{left(1, "g1"), ownIs7}, "held revoke_role g1/1 protected",
			"the integration's account"},
		{"a grant to our own employee, under another person", roleFacts{
			left(1, "g1"), viewIs(func(v *plan.RoleView) { v.Employee = 8 }), ownIs7}, "held revoke_role g1/1 protected", ""},
		{"a protected role", roleFacts{left(1, "g1", leftWith(plan.HeldProtectedRole))},
			"held revoke_role g1/1 protected_role",
			"so it is"},
		{"an unpushed group with leave", roleFacts{left(1, "g1", leftWith(plan.HeldSwitchedOff))},
			"held revoke_role g1/1 switched_off", ""},
		{"one role is protected, the other one is taken",
			roleFacts{left(1, "g1", leftWith(plan.HeldProtectedRole)), left(2, "g2")},
			"revoke_role g2/2; held revoke_role g1/1 protected_role", ""},
		{"the role's own reason comes before the person's", roleFacts{left(1, "g1", leftWith(plan.HeldProtectedRole)),
			shieldedBy(plan.HeldRestored)}, "held revoke_role g1/1 protected_role", ""},
		{"the person's reason comes before a switch", roleFacts{left(1, "g1"), shieldedBy(plan.HeldRestored), revokesOff},
			"held revoke_role g1/1 restored", ""},
		{"a switch comes before a missing proof", roleFacts{granted(1, "g1", unproven), revokesOff},
			"held revoke_role g1/1 switched_off", ""},
		{"what nothing says is over is not even shown", roleFacts{granted(1, "g1"), revokesOff}, "", ""},
	})
}

// TestALastRoleThatTrackTikKeepsIsHeld, and not tried again until the person's roles change.
func TestALastRoleThatTrackTikKeepsIsHeld(t *testing.T) {
	keepRoles(t, []rolePromise{
		{"refused once as the last: held, not failed", roleFacts{left(1, "g1", stuck)},
			"held revoke_role g1/1 last_role", "TrackTik lets nobody fall back to having no role"},
		{"another role comes: it is tried", roleFacts{left(1, "g1", stuck), member(2, "g2")},
			"grant_role g2/2; revoke_role g1/1", ""},
		{"a role to be made comes: it is tried", roleFacts{left(1, "g1", stuck), member(0, "g2")},
			"grant_role g2/0; revoke_role g1/1", ""},
		{"another role is due, and held: it stays the last", roleFacts{left(1, "g1", stuck), member(2, "g2"), grantsOff},
			"held grant_role g2/2 switched_off; held revoke_role g1/1 last_role", ""},
		{"another role is due, and she has a problem", roleFacts{left(1, "g1", stuck), member(2, "g2"), hasAProblem},
			"held revoke_role g1/1 last_role", ""},
		{"the group is joined again: nothing is held", roleFacts{granted(1, "g1", stuck), member(1, "g1")}, "", ""},
		{"nothing says that it is over: nothing is held", roleFacts{granted(1, "g1", stuck)}, "", ""},
		{"two are left, one was refused: the other one is tried", roleFacts{left(1, "g1", stuck), left(2, "g2")},
			"revoke_role g2/2; held revoke_role g1/1 last_role", ""},
		{"the last role, of a protected person", roleFacts{left(1, "g1", stuck), shieldedBy(plan.HeldProtected)},
			"held revoke_role g1/1 protected", ""},
		{"the last role, and revokes are off", roleFacts{left(1, "g1", stuck), revokesOff},
			"held revoke_role g1/1 last_role", ""},
	})
}

// TestARevokeTakesBackTheGrantOnRecord says whom it is of, and how its end is known.
func TestARevokeTakesBackTheGrantOnRecord(t *testing.T) {
	d, _, _ := roleFacts{granted(4, "g4", knownBy(plan.EvidenceSample),
		func(h *plan.Holding) { h.Employee = 12 })}.decided()
	if len(d.Actions) != 1 {
		t.Fatalf("decided %q", outline(&d))
	}
	a := d.Actions[0]
	if a.Employee != 12 || a.Extras().Evidence != plan.EvidenceSample || a.Reason != "no longer in the group" {
		t.Errorf("it is of employee %d, by %q, for %q", a.Employee, a.Extras().Evidence, a.Reason)
	}
	if a.User.ID != "00uANA" || a.Role.ID != 4 || a.Role.Group != "g4" || a.Replaces || a.Drift {
		t.Errorf("the revoke is %+v", a)
	}
}

// TestWhyNoRoleIsTakenFromAnybody is a reason only while roles are not taken.
func TestWhyNoRoleIsTakenFromAnybody(t *testing.T) {
	for _, c := range []struct {
		revokes, noRemovals bool
		want                string
	}{
		{true, false, ""},
		{false, false, plan.HeldSwitchedOff + ": sync.revoke_roles is off"},
		{true, true, plan.HeldSwitchedOff + ": --no-removals"},
		{false, true, plan.HeldSwitchedOff + ": sync.revoke_roles is off"},
	} {
		pol := with(func(p *plan.Policy) { p.RevokeRoles, p.NoRemovals = c.revokes, c.noRemovals })
		if got := pol.NoRevoke(); got != c.want {
			t.Errorf("revokes %v, --no-removals %v: %q", c.revokes, c.noRemovals, got)
		}
	}
}
