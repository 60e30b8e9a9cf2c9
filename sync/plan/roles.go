package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A Due is a role that a person is to hold, by a group.
type Due struct {
	Role  *RoleRef
	Rank  int // of the group, for one role a person; the lowest wins
	Group string
}

// A Holding is a grant of ours.
type Holding struct {
	Grant
	Role *RoleRef // named
	// Lost says why the grant is no longer due, as far as it was proven: the person
	// left the group, or the group is no longer pushed. Empty: nothing is proven, and
	// the grant stays.
	Lost     string
	Evidence string
	Stays    string // a Held reason: it is no longer due, and stays; empty: it does not
}

// A RoleView is everything that the decision about one person's roles may depend on.
type RoleView struct {
	User     UserRef
	Employee EmployeeID // 0: created in this very plan
	MayGrant bool       // to be provisioned, and nothing is wrong with them
	Due      []Due
	Have     []Holding
	Shielded string // a Held reason that keeps what they have: protected, restored
	Others   int    // roles that we neither granted nor adopted, for OneRole; -1: not read
	Troubles []Trouble
	View     *View // for tooEarly; nil: not decoded
}

// DecideRoles compares what is due with what was granted. Nobody is both granted and
// revoked one role.
func DecideRoles(v *RoleView, pol *Policy) Decision {
	var d Decision
	due := v.Due
	if pol.OneRole && len(due) > 1 {
		first := slices.MinFunc(due, func(a, b Due) int {
			if a.Rank != b.Rank {
				return a.Rank - b.Rank
			}
			return strings.Compare(string(a.Role.Group), string(b.Role.Group))
		})
		due = []Due{first}
	}
	var grants []Action
	if v.MayGrant {
		grants = v.grants(due, pol, &d)
	}
	v.revokes(due, grants, pol, &d)
	return d
}

func sameRole(a, b *RoleRef) bool {
	if a.ID == 0 && b.ID == 0 {
		return a.Group == b.Group
	}
	return a.ID == b.ID
}

func (v *RoleView) grants(due []Due, pol *Policy, d *Decision) []Action {
	var grants []Action
	for _, want := range due {
		if v.holds(want.Role) || slices.ContainsFunc(grants, func(a Action) bool { return sameRole(a.Role, want.Role) }) {
			continue
		}
		a := Action{Kind: GrantRole, User: v.User, Employee: v.Employee, Role: want.Role,
			Reason: "member of group " + quote(want.Group)}
		switch {
		case pol.OneRole && v.Others > 0 && len(v.Have) == 0:
			d.hold(a, fmt.Sprintf("%s: holds a role that this program did not give, and sync.roles.per_person is one", HeldHasOtherRole))
		case !pol.GrantRoles:
			d.hold(a, HeldSwitchedOff+": sync.grant_roles is off")
		case v.tooEarly(a, d):
		default:
			a.Replaces = pol.OneRole && len(v.Have) > 0
			grants = append(grants, a)
			d.act(a)
		}
	}
	return grants
}

func (v *RoleView) holds(role *RoleRef) bool {
	return slices.ContainsFunc(v.Have, func(h Holding) bool { return sameRole(h.Role, role) })
}

func (v *RoleView) tooEarly(a Action, d *Decision) bool {
	if v.View == nil {
		return false
	}
	return v.View.tooEarly(a, d)
}

func (v *RoleView) revokes(due []Due, grants []Action, pol *Policy, d *Decision) {
	replaced := pol.OneRole && len(grants) > 0
	// With one role, a grant that was withheld withholds its revoke as well.
	missing := pol.OneRole && v.MayGrant && len(due) > 0 && !v.holds(due[0].Role) && len(grants) == 0
	for _, h := range v.Have {
		if slices.ContainsFunc(due, func(w Due) bool { return sameRole(w.Role, h.Role) }) {
			continue
		}
		outranked := pol.OneRole && slices.ContainsFunc(v.Due, func(w Due) bool { return sameRole(w.Role, h.Role) })
		if h.Lost == "" && !outranked {
			continue
		}
		a := Action{Kind: RevokeRole, User: v.User, Employee: h.Employee, Role: h.Role, Reason: h.Lost, Evidence: h.Evidence, Replaces: replaced}
		if h.Lost == "" {
			a.Reason = "another group comes first in sync.groups.order"
		}
		switch {
		case h.Stays != "":
			d.hold(a, h.Stays)
		case v.Shielded != "":
			d.hold(a, v.Shielded)
		case h.Stuck:
			d.hold(a, HeldLastRole+": TrackTik lets nobody fall back to having no role; tried again when the person's roles change")
		case missing:
			d.hold(a, HeldSwitchedOff+": the role that replaces it is withheld")
		case !pol.RevokeRoles:
			d.hold(a, HeldSwitchedOff+": sync.revoke_roles is off")
		case pol.NoRemovals:
			d.hold(a, HeldSwitchedOff+": --no-removals")
		case v.tooEarly(a, d):
		default:
			d.act(a)
		}
	}
}
