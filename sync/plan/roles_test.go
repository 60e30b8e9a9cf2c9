package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

func role(id plan.RoleID, group plan.GroupID) *plan.RoleRef {
	return &plan.RoleRef{ID: id, Name: "Role " + string(group), Group: group}
}

func due(id plan.RoleID, group plan.GroupID, rank int) plan.Due {
	return plan.DueBy("Group "+string(group), role(id, group), rank)
}

// have is a grant of ours that nothing speaks against.
func have(id plan.RoleID, group plan.GroupID, changes ...func(*plan.Holding)) plan.Holding {
	h := plan.Holding{Grant: plan.Grant{Role: id, Person: "00uANA", ID: plan.GrantID(100 + id), Employee: 7, Group: group}, Role: role(id, group)}
	for _, change := range changes {
		change(&h)
	}
	return h
}

// lost is a grant whose holder was seen to have left the group.
func lost(h *plan.Holding) { h.Lost, h.Evidence = "no longer in the group", plan.EvidenceFull }

func stuck(h *plan.Holding) { h.Stuck = true }

// notKept is a grant that was made again, and is gone again.
func notKept(h *plan.Holding) { h.Gone, h.Again = true, true }

func doubtful(v *plan.RoleView) { v.Doubt = plan.HeldUnconfirmed + ": no answer is to be believed" }

// taken is that role 1 was granted, and TrackTik does not hold it any more.
func taken(v *plan.RoleView) { v.Lost = []plan.RoleID{1} }

func roleView(d []plan.Due, h []plan.Holding, changes ...func(*plan.RoleView)) *plan.RoleView {
	v := &plan.RoleView{User: plan.UserRef{ID: "00uANA", Login: "ana@acme.example"}, Employee: 7, MayGrant: true, Due: d, Have: h, Others: -1}
	for _, change := range changes {
		change(v)
	}
	return v
}

// TestWhoIsGrantedAndRevoked is the table of many roles a person.
func TestWhoIsGrantedAndRevoked(t *testing.T) {
	nothing := func(*plan.Policy) {}
	shield := func(code string) func(*plan.RoleView) {
		return func(v *plan.RoleView) { v.Shielded = code + ": so it is" }
	}
	may := func(v *plan.RoleView) { v.MayGrant = false }
	for name, c := range map[string]struct {
		view   *plan.RoleView
		policy func(*plan.Policy)
		want   string
	}{
		"nothing":                          {roleView(nil, nil), nothing, ""},
		"a new member":                     {roleView([]plan.Due{due(1, "g1", 0)}, nil), nothing, "grant_role g1/1"},
		"of a role still to be made":       {roleView([]plan.Due{due(0, "g1", 0), due(0, "g2", 0)}, nil), nothing, "grant_role g1/0; grant_role g2/0"},
		"a member as before":               {roleView([]plan.Due{due(1, "g1", 0)}, []plan.Holding{have(1, "g1")}), nothing, ""},
		"left":                             {roleView(nil, []plan.Holding{have(1, "g1", lost)}), nothing, "revoke_role g1/1"},
		"left one, joined another":         {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}), nothing, "grant_role g2/2; revoke_role g1/1"},
		"absence is not leaving":           {roleView(nil, []plan.Holding{have(1, "g1")}), nothing, ""},
		"left, by nobody's word":           {roleView(nil, []plan.Holding{have(1, "g1", func(h *plan.Holding) { h.Lost = "gone" })}), nothing, "held revoke_role g1/1 unconfirmed"},
		"left one of two with one role":    {roleView([]plan.Due{due(1, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}), nothing, ""},
		"two groups, one role":             {roleView([]plan.Due{due(1, "g1", 0), due(1, "g2", 0)}, nil), nothing, "grant_role g1/1"},
		"a group could not be read":        {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1")}), nothing, "grant_role g2/2"},
		"switch: grants":                   {roleView([]plan.Due{due(1, "g1", 0)}, nil), func(p *plan.Policy) { p.GrantRoles = false }, "held grant_role g1/1 switched_off"},
		"switch: revokes":                  {roleView(nil, []plan.Holding{have(1, "g1", lost)}), func(p *plan.Policy) { p.RevokeRoles = false }, "held revoke_role g1/1 switched_off"},
		"--no-removals":                    {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}), func(p *plan.Policy) { p.NoRemovals = true }, "grant_role g2/2; held revoke_role g1/1 switched_off"},
		"a mapping problem stops grants":   {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}, may), nothing, "revoke_role g1/1"},
		"protected":                        {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}, shield(plan.HeldProtected)), nothing, "held grant_role g2/2 protected; held revoke_role g1/1 protected"},
		"restored":                         {roleView(nil, []plan.Holding{have(1, "g1", lost)}, shield(plan.HeldRestored)), nothing, "held revoke_role g1/1 restored"},
		"their groups could not be read":   {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}, shield(plan.HeldUnconfirmed)), nothing, "held grant_role g2/2 unconfirmed; held revoke_role g1/1 unconfirmed"},
		"our own employee":                 {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost)}), func(p *plan.Policy) { p.Own = 7 }, "held grant_role g2/2 protected; held revoke_role g1/1 protected"},
		"a protected role stays":           {roleView(nil, []plan.Holding{have(1, "g1", lost, func(h *plan.Holding) { h.Stays = plan.HeldProtectedRole + ": x" })}), nothing, "held revoke_role g1/1 protected_role"},
		"the last role":                    {roleView(nil, []plan.Holding{have(1, "g1", lost, stuck)}), nothing, "held revoke_role g1/1 last_role"},
		"the last role, but one comes":     {roleView([]plan.Due{due(2, "g2", 0)}, []plan.Holding{have(1, "g1", lost, stuck)}), nothing, "grant_role g2/2; revoke_role g1/1"},
		"other roles do not matter":        {roleView([]plan.Due{due(1, "g1", 0)}, nil, func(v *plan.RoleView) { v.Others = 3 }), nothing, "grant_role g1/1"},
		"what they hold cannot be told":    {roleView([]plan.Due{due(1, "g1", 0), due(2, "g2", 0)}, []plan.Holding{have(2, "g2"), have(3, "g3", lost)}, doubtful), nothing, "revoke_role g3/3; held grant_role g1/1 unconfirmed"},
		"taken by somebody else":           {roleView([]plan.Due{due(1, "g1", 0)}, nil, taken), nothing, "grant_role g1/1"},
		"taken, and drift is reported":     {roleView([]plan.Due{due(1, "g1", 0)}, nil, taken), func(p *plan.Policy) { p.RepairDrift = false }, "warning drift"},
		"taken, and due no more":           {roleView(nil, nil, taken), nothing, ""},
		"given again, and gone again":      {roleView([]plan.Due{due(1, "g1", 0)}, []plan.Holding{have(1, "g1", notKept)}), nothing, "problem value_not_kept"},
		"another person's trouble ignored": {roleView([]plan.Due{due(1, "g1", 0)}, nil, func(v *plan.RoleView) { v.View = newcomer() }), nothing, "grant_role g1/1"},
	} {
		t.Run(name, func(t *testing.T) { check(t, plan.DecideRoles(c.view, with(c.policy)), c.want) })
	}
}

// TestOneRoleAPerson is the table of sync.roles.per_person: one.
func TestOneRoleAPerson(t *testing.T) {
	one := func(changes ...func(*plan.Policy)) *plan.Policy {
		return with(func(p *plan.Policy) {
			p.OneRole = true
			for _, change := range changes {
				change(p)
			}
		})
	}
	noRevoke := func(p *plan.Policy) { p.RevokeRoles = false }
	noGrant := func(p *plan.Policy) { p.GrantRoles = false }
	keep := func(p *plan.Policy) { p.NoRemovals = true }
	others := func(n int) func(*plan.RoleView) { return func(v *plan.RoleView) { v.Others = n } }
	may := func(v *plan.RoleView) { v.MayGrant = false }
	stays := func(h *plan.Holding) { h.Stays = plan.HeldProtectedRole + ": x" }
	first, second := due(1, "g1", 0), due(2, "g2", 1)
	for name, c := range map[string]struct {
		view   *plan.RoleView
		policy *plan.Policy
		want   string
	}{
		"the first group wins":                  {roleView([]plan.Due{second, first}, nil), one(), "grant_role g1/1"},
		"of equal rank, the smaller id":         {roleView([]plan.Due{due(2, "g2", 5), due(1, "g1", 5)}, nil), one(), "grant_role g1/1"},
		"holds the first already":               {roleView([]plan.Due{second, first}, []plan.Holding{have(1, "g1")}), one(), ""},
		"a pair, outranked":                     {roleView([]plan.Due{second, first}, []plan.Holding{have(2, "g2")}), one(), "grant_role g1/1; revoke_role g2/2"},
		"a pair, left":                          {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}), one(), "grant_role g1/1; revoke_role g2/2"},
		"a pair, the group has another role":    {roleView([]plan.Due{due(3, "g1", 0)}, []plan.Holding{have(1, "g1")}), one(), "grant_role g1/3; revoke_role g1/1"},
		"left, and none is due":                 {roleView(nil, []plan.Holding{have(2, "g2", lost)}), one(), "revoke_role g2/2"},
		"had many, keeps the first":             {roleView([]plan.Due{second, first}, []plan.Holding{have(1, "g1"), have(2, "g2")}), one(), "revoke_role g2/2"},
		"of the pair, the grant is off":         {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}), one(noGrant), "held grant_role g1/1 switched_off; held revoke_role g2/2 switched_off"},
		"of the pair, the revoke is off":        {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}), one(noRevoke), "held revoke_role g2/2 switched_off; held grant_role g1/1 switched_off"},
		"of the pair, removals are off":         {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}), one(keep), "held revoke_role g2/2 switched_off; held grant_role g1/1 switched_off"},
		"of the pair, the old is protected":     {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost, stays)}), one(), "held revoke_role g2/2 protected_role; held grant_role g1/1 protected_role"},
		"of two replaced, one stays":            {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost), have(3, "g3", lost, stays)}), one(), "held revoke_role g3/3 protected_role; held revoke_role g2/2 protected_role; held grant_role g1/1 protected_role"},
		"of the pair, the old is unproven":      {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2")}), one(), "held grant_role g1/1 has_other_role"},
		"of the pair, no grant is possible":     {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}, may), one(), "held revoke_role g2/2 last_role"},
		"outranked, no grant is possible":       {roleView([]plan.Due{second, first}, []plan.Holding{have(2, "g2")}, may), one(), "held revoke_role g2/2 last_role"},
		"left, none is due, a problem":          {roleView(nil, []plan.Holding{have(2, "g2", lost)}, may), one(), "revoke_role g2/2"},
		"a stuck one can be replaced":           {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost, stuck)}), one(), "grant_role g1/1; revoke_role g2/2"},
		"a stuck one, and none is due":          {roleView(nil, []plan.Holding{have(2, "g2", lost, stuck)}), one(), "held revoke_role g2/2 last_role"},
		"holds a role that is not ours":         {roleView([]plan.Due{first}, nil, others(1)), one(), "held grant_role g1/1 has_other_role"},
		"holds one of ours, and another":        {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}, others(1)), one(), "held grant_role g1/1 has_other_role; held revoke_role g2/2 has_other_role"},
		"holds none that is not ours":           {roleView([]plan.Due{first}, nil, others(0)), one(), "grant_role g1/1"},
		"protected, a pair":                     {roleView([]plan.Due{first}, []plan.Holding{have(2, "g2", lost)}, func(v *plan.RoleView) { v.Shielded = "protected: x" }), one(), "held grant_role g1/1 protected; held revoke_role g2/2 protected"},
		"a role to be made replaces":            {roleView([]plan.Due{due(0, "g1", 0)}, []plan.Holding{have(2, "g2", lost)}), one(), "grant_role g1/0; revoke_role g2/2"},
		"the same role by a lower-ranked group": {roleView([]plan.Due{due(1, "g2", 1), due(1, "g1", 0)}, []plan.Holding{have(1, "g2")}), one(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan.DecideRoles(c.view, c.policy)
			check(t, d, c.want)
			grants, revokes := 0, 0
			for _, a := range d.Actions {
				switch a.Kind {
				case plan.GrantRole:
					grants++
				case plan.RevokeRole:
					revokes++
				}
			}
			for _, a := range d.Actions {
				if a.Replaces != (grants > 0 && len(c.view.Have) > 0) {
					t.Errorf("%s: replaces is %v, of %d grants and %d revokes", actionText(&a), a.Replaces, grants, revokes)
				}
			}
			if grants > 1 {
				t.Errorf("%d roles are granted to one person", grants)
			}
		})
	}
}

// TestARefusedGrantWithholdsItsPair, until it is tried again.
func TestARefusedGrantWithholdsItsPair(t *testing.T) {
	pol := with(func(p *plan.Policy) { p.OneRole = true })
	view := func(troubles ...plan.Trouble) *plan.RoleView {
		return roleView([]plan.Due{due(1, "g1", 0)}, []plan.Holding{have(2, "g2", lost)}, func(v *plan.RoleView) {
			v.View = managed(func(p *plan.View) { p.Troubles = troubles })
		})
	}
	d := plan.DecideRoles(view(), pol)
	check(t, d, "grant_role g1/1; revoke_role g2/2")
	later, due := now.Add(time.Hour), now
	refused := func(a plan.Action, next *time.Time) plan.Trouble {
		return plan.Trouble{Kind: a.Kind, Code: plan.ProblemRefused, Message: "403", NextTry: next, Data: a.Digest()}
	}
	check(t, plan.DecideRoles(view(refused(d.Actions[0], &later)), pol), "held revoke_role g2/2 last_role; problem refused")
	check(t, plan.DecideRoles(view(refused(d.Actions[1], &later)), pol), "held grant_role g1/1 pending; problem refused")
	check(t, plan.DecideRoles(view(refused(d.Actions[0], &due), refused(d.Actions[1], &due)), pol), "grant_role g1/1; revoke_role g2/2")
}

// TestARevokeSaysWhyAndHowItIsKnown.
func TestARevokeSaysWhyAndHowItIsKnown(t *testing.T) {
	d := plan.DecideRoles(roleView(nil, []plan.Holding{have(1, "g1", lost)}), with(func(*plan.Policy) {}))
	a := d.Actions[0]
	if a.Extras().Evidence != plan.EvidenceFull || a.Reason != "no longer in the group" || a.Employee != 7 || a.User.ID != "00uANA" || a.Replaces {
		t.Errorf("the revoke is %+v", a)
	}
	d = plan.DecideRoles(roleView([]plan.Due{due(1, "g1", 0)}, nil), with(func(*plan.Policy) {}))
	if a = d.Actions[0]; !strings.Contains(a.Reason, `"Group g1"`) || a.Employee != 7 || a.Replaces {
		t.Errorf("the grant is %+v", a)
	}
}
