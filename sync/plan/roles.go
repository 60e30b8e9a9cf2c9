package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Due is a role that a person is to hold, by a group.
type Due struct {
	Role *RoleRef
	Rank int    // of the group, for one role a person; the lowest wins
	Why  string // shared by all members
	// Waits is a Held reason why nobody is granted the role yet; empty: nothing stands
	// against it.
	Waits string
}

// CompareRanks orders two groups of a person: with one role a person the first gives it.
func CompareRanks(rank, other int, group, otherGroup GroupID) int {
	return cmp.Or(cmp.Compare(rank, other), cmp.Compare(group, otherGroup))
}

// DueBy is the role that the members of a group of that name are to hold.
func DueBy(group string, role *RoleRef, rank int) Due {
	return Due{Role: role, Rank: rank, Why: "member of group " + quote(group)}
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

// isGone reports a grant that nothing has to be done about any more: nobody says that it is over,
// and TrackTik does not hold it.
func (h *Holding) isGone() bool { return h.Gone && h.Lost == "" }

// A RoleView is everything that the decision about one person's roles may depend on.
type RoleView struct {
	User     UserRef
	Employee EmployeeID // 0: created in this very plan
	MayGrant bool       // to be provisioned, and nothing is wrong with them
	Due      []Due
	Default  *Due // sync.roles.default, for whom no group gives a role; nil: none, or not known
	Have     []Holding
	Shielded string   // a Held reason why they neither get nor lose a role: protected (see Policy.Shields), unconfirmed
	Others   int      // roles that we neither granted nor adopted, for OneRole; -1: not read
	Doubt    string   // a Held reason why no role is granted: which ones the employee holds cannot be told
	Lost     []RoleID // roles that we granted, and that TrackTik does not hold any more
	View     *View    // nil: there is neither a link nor an earlier problem of theirs, or they were not decoded
}

// Roles are the ids of the roles that the person has by us, or is to have.
func (v *RoleView) Roles() []RoleID {
	var ids []RoleID
	for i := range v.Have {
		ids = append(ids, v.Have[i].Grant.Role)
	}
	for i := range v.Due {
		if id := v.Due[i].Role.ID; id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// DecideRoles compares what is due with what was granted. Nobody is both granted and
// revoked one role.
func DecideRoles(v *RoleView, pol *Policy) Decision {
	var d Decision
	due := v.Due
	if pol.OneRole && len(due) > 1 {
		due = []Due{slices.MinFunc(due, func(a, b Due) int {
			return CompareRanks(a.Rank, b.Rank, a.Role.Group, b.Role.Group)
		})}
	}
	if len(due) == 0 && v.WantsDefault() {
		due = []Due{*v.Default}
	}
	p := rolePlan{v: v, pol: pol, due: due, d: &d, shield: v.Shielded}
	p.swaps = slices.ContainsFunc(v.Have, func(h Holding) bool {
		return !h.isGone() && (pol.OneRole || !p.isDue(&h) && p.pairs(&h))
	})
	if pol.owns(v.Employee, "") {
		p.shield = heldOwn
	}
	p.grants()
	p.revokes()
	p.settle()
	return d
}

// A rolePlan is the decision about one person's roles while it is made.
type rolePlan struct {
	v   *RoleView
	pol *Policy
	due []Due
	d   *Decision
	// shield is why they neither get nor lose a role, as a Held reason; empty: they may.
	shield string

	swaps bool // what is granted takes the place of another role, also with several a person

	// grant and revoke are what nothing stands against, until the pairs of OneRole are
	// settled.
	grant, revoke []Action
	// withheld says, with OneRole, why the due role is not granted; unrevoked, why the
	// role that it replaces stays. Empty: nothing is withheld.
	withheld, unrevoked string
}

// settle carries out both halves of a pair, or none.
func (p *rolePlan) settle() {
	if p.unrevoked != "" {
		p.grant = slices.DeleteFunc(p.grant, func(a Action) bool {
			if a.Replaces {
				p.d.hold(a, p.unrevoked)
			}
			return a.Replaces
		})
	}
	p.d.Actions = append(p.grant, p.revoke...)
}

// IsDefault reports a grant that was made for sync.roles.default, and by no group.
func (g Grant) IsDefault() bool { return g.Group == "" }

// WantsDefault reports whether the person is left with no role at all: none by a group, none
// of others, and none that stays although no group gives it.
func (v *RoleView) WantsDefault() bool {
	stays := func(h Holding) bool { return !h.IsDefault() && (h.Lost == "" || h.Stays != "") }
	return v.Default != nil && v.Others <= 0 && !slices.ContainsFunc(v.Have, stays)
}

func (p *rolePlan) isDue(h *Holding) bool {
	return slices.ContainsFunc(p.due, func(w Due) bool { return sameRole(w.Role, h.Role) })
}

// pairs reports whether the role goes only when the one in its place has come: with one role
// a person, and where the default role comes or goes.
func (p *rolePlan) pairs(h *Holding) bool {
	switch {
	case p.pol.OneRole:
		return true
	case p.v.Default == nil || len(p.due) == 0:
		return false
	}
	return h.IsDefault() || p.due[0].Role == p.v.Default.Role && h.Lost != ""
}

func sameRole(a, b *RoleRef) bool {
	if a.ID == 0 && b.ID == 0 {
		return a.Group == b.Group
	}
	return a.ID == b.ID
}

func (p *rolePlan) grants() {
	v, pol := p.v, p.pol
	p.grant = slices.Grow(p.grant, max(0, len(p.due)-len(v.Have)))
	for _, want := range p.due {
		if i := slices.IndexFunc(v.Have, func(h Holding) bool { return sameRole(h.Role, want.Role) }); i >= 0 {
			p.notKept(&v.Have[i])
			continue
		}
		if slices.ContainsFunc(p.grant, func(a Action) bool { return sameRole(a.Role, want.Role) }) {
			continue
		}
		a := Action{Kind: GrantRole, User: v.User, Employee: v.Employee, Role: want.Role, Reason: want.Why}
		if a.Drift = slices.Contains(v.Lost, want.Role.ID); a.Drift {
			a.Reason += "; somebody else took the role away in TrackTik"
		}
		switch {
		case !v.MayGrant:
			p.withheld = HeldLastRole + ": the role that replaces it cannot be granted before the person's problem is solved"
		case p.shield != "":
			p.withhold(a, p.shield)
		case pol.OneRole && v.Others > 0:
			p.withhold(a, HeldHasOtherRole+": holds a role that this program did not give, and sync.roles.per_person is one")
		case !pol.GrantRoles:
			p.withhold(a, HeldSwitchedOff+": sync.grant_roles is off")
		case a.Drift && !pol.RepairDrift:
			p.d.Warnings = append(p.d.Warnings, Warning{Code: WarningDrift, User: v.User, Field: RoleNameField,
				Message: fmt.Sprintf("taken away in TrackTik, and left so (sync.drift: report): role %d of employee %d",
					want.Role.ID, v.Employee)})
			p.withheld = HeldLastRole + ": the role that replaces it was taken away in TrackTik, and is left so"
		case cmp.Or(v.Doubt, want.Waits) != "":
			p.withhold(a, cmp.Or(v.Doubt, want.Waits))
		case v.tooEarly(a, p.d):
			p.withheld = HeldLastRole + ": TrackTik refused the role that replaces it"
		default:
			a.Replaces = p.swaps
			p.grant = append(p.grant, a)
		}
	}
}

// notKept says of a role that is due that TrackTik does not keep it.
func (p *rolePlan) notKept(h *Holding) {
	if h.NotKept() {
		p.d.Problems = append(p.d.Problems, Problem{User: p.v.User, Code: ProblemValueNotKept, Kind: GrantRole,
			Group: h.Group,
			Message: fmt.Sprintf("TrackTik does not keep role %d of employee %d: it was granted again, and is gone again; "+
				"it is not granted before the person's groups change", h.Grant.Role, h.Employee)})
	}
}

// withhold holds a grant, and with it what it would replace.
func (p *rolePlan) withhold(a Action, why string) {
	p.d.hold(a, why)
	p.withheld = why
}

func (v *RoleView) tooEarly(a Action, d *Decision) bool {
	if v.View == nil {
		return false
	}
	return v.View.tooEarly(a, d)
}

func (p *rolePlan) revokes() {
	v, pol := p.v, p.pol
	for _, h := range v.Have {
		if p.isDue(&h) || h.isGone() {
			continue
		}
		paired := p.pairs(&h)
		replaced := paired && len(p.grant) > 0
		outranked := paired && h.IsDefault() || pol.OneRole &&
			slices.ContainsFunc(v.Due, func(w Due) bool { return sameRole(w.Role, h.Role) || w.Role.Group == h.Group })
		if h.Lost == "" && !outranked {
			if replaced && pol.OneRole { // it stays, and would be a second one
				p.unrevoked = HeldHasOtherRole + ": keeps another role, which is not known to be over, and " +
					"sync.roles.per_person is one"
			}
			continue
		}
		a := Action{Kind: RevokeRole, User: v.User, Employee: h.Employee, Role: h.Role, Reason: h.Lost,
			Extra: &Extra{Evidence: h.Evidence}, Replaces: replaced}
		if outranked && h.IsDefault() {
			a.Reason = "another role takes the place of the default one (sync.roles.default)"
		} else if outranked {
			a.Reason = "another role comes first (sync.groups.order, sync.groups.roles)"
		}
		why := p.obstacle(&h, outranked)
		switch {
		case why != "":
			p.d.hold(a, why)
		case v.tooEarly(a, p.d):
			why = HeldPending + ": TrackTik refused to take the role that this one replaces"
		default:
			p.revoke = append(p.revoke, a)
			continue
		}
		if replaced {
			p.unrevoked = why
		}
	}
	if p.unrevoked == "" {
		return
	}
	p.revoke = slices.DeleteFunc(p.revoke, func(a Action) bool {
		if a.Replaces || pol.OneRole { // they were to be replaced as well
			p.d.hold(a, p.unrevoked)
		}
		return a.Replaces || pol.OneRole
	})
}

// obstacle is why a grant that is no longer due is not taken back, as a Held reason.
func (p *rolePlan) obstacle(h *Holding, outranked bool) string {
	pol := p.pol
	switch {
	case h.Stays != "":
		return h.Stays
	case pol.owns(h.Employee, ""):
		return heldOwn
	case p.shield != "":
		return p.shield
	case p.pairs(h) && p.withheld != "":
		return p.withheld
	case h.Stuck && len(p.grant) == 0:
		return HeldLastRole + ": TrackTik lets nobody fall back to having no role; tried again when the person's roles change"
	case pol.NoRevoke() != "":
		return pol.NoRevoke()
	case h.Evidence == "" && !outranked:
		return HeldUnconfirmed + ": " + h.Lost + ", and nothing says how that is known"
	}
	return ""
}

// A DefaultRole is what sync.roles.default was found to mean in the portal.
type DefaultRole struct {
	Key  string `json:"key"` // as the configuration has it
	ID   RoleID `json:"id"`
	Name string `json:"name"`
}

// FindDefaultRole finds the role that sync.roles.default names, by name or else by id. A
// problem says why nobody is granted it: the portal has no such role
// (ProblemMissingRequired), or it is protected (ProblemInvalidValue).
func FindDefaultRole(roles []Role, pol *Policy) (DefaultRole, *Problem) {
	key := pol.DefaultRole
	g := groupPass{portal: PortalRoles{Read: true, Roles: roles}}
	g.index()
	role, found := g.named(key)
	switch {
	case !found:
		return DefaultRole{}, &Problem{Code: ProblemMissingRequired,
			Message: "sync.roles.default names " + quote(key) + ", and the portal has no such role: nobody is granted it"}
	case ProtectedRole(role, pol):
		return DefaultRole{}, &Problem{Code: ProblemInvalidValue,
			Message: fmt.Sprintf("sync.roles.default names %s, role %d of portal %s, which is protected: nobody is granted it",
				quote(role.Name), role.ID, role.Portal)}
	}
	return DefaultRole{Key: key, ID: role.ID, Name: role.Name}, nil
}

// Due is the default role as something that a person is to hold.
func (d DefaultRole) Due() *Due {
	return &Due{Role: &RoleRef{ID: d.ID, Name: d.Name}, Why: "no group gives a role (sync.roles.default)"}
}

// NamedRoleless is how many of them are named.
const NamedRoleless = 3

// NoRole warns of people who hold no role as far as is known, and get none, by their logins, of which
// the first ones are named; nil: there are none.
func NoRole(logins []string) *Warning {
	n := len(logins)
	if n == 0 {
		return nil
	}
	const some = NamedRoleless
	more := ""
	if n > some {
		more, logins = fmt.Sprintf(" and %d more", n-some), logins[:some]
	}
	who := strconv.Itoa(n) + " people hold"
	if n == 1 {
		who = "1 person holds"
	}
	return &Warning{Code: WarningNoRole, Field: RoleNameField,
		Message: fmt.Sprintf("%s no role, as far as is known, and TrackTik shows them nothing: %s%s; "+
			"put them into a group that is pushed, or name a role in sync.roles.default", who, strings.Join(logins, ", "), more)}
}

// UnsureOf is why a role is not granted, when it cannot be told whether they hold it.
func UnsureOf(doubt string) string {
	if doubt == "" {
		return ""
	}
	return HeldUnconfirmed + ": whether they hold the role already cannot be told: " + doubt
}
