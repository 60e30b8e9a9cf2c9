package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

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

// TestWhetherAGrantOfOursIsStillDue has a row for each way in which one ends, or does not.
func TestWhetherAGrantOfOursIsStillDue(t *testing.T) {
	revoke := policy(func(p *plan.Policy) { p.RevokeUnpushed = true })
	for sentence, c := range map[string]struct {
		settings []func(*setting)
		world    func(*world)
		grant    plan.Grant
		lost     string // why it is over; "-": it is not held any more
	}{
		"a member still": {nil, func(w *world) { w.pushed("g1", 5, "00u1") }, plan.Grant{}, ""},
		"left the group": {nil, func(w *world) { w.pushed("g1", 5, "00u2") }, plan.Grant{}, `no longer in group "Group g1"`},
		"left a group that could not be read": {nil, func(w *world) { w.pushed("g1", 5, "00u2").Failed = true },
			plan.Grant{}, ""},
		"an unpushed group, and leave": {nil, func(w *world) { w.Unpushed = []plan.GroupLink{{Group: "g1", Role: 5}} },
			plan.Grant{}, ""},
		"an unpushed group, and revoke": {[]func(*setting){revoke}, func(w *world) {
			w.Unpushed = []plan.GroupLink{{Group: "g1", Role: 5}}
		}, plan.Grant{}, "group g1 is no longer pushed (sync.groups.unpushed: revoke)"},
		"a group that is not known to be unpushed, and revoke": {[]func(*setting){revoke}, func(*world) {}, plan.Grant{}, ""},
		"the role is gone":       {nil, func(w *world) { w.Portal.Read, w.Portal.Gone = true, []plan.RoleID{5} }, plan.Grant{}, "-"},
		"taken by somebody else": {nil, func(w *world) { w.pushed("g1", 5, "00u1") }, plan.Grant{Gone: true}, "-"},
	} {
		w := newWorld(t, c.settings...)
		w.Roles.Refs = map[decide.RoleOf]*plan.RoleRef{}
		c.world(w)
		g := c.grant
		g.Role, g.Person, g.ID, g.Employee, g.Group = 5, "00u1", 90, 1, "g1"
		v := w.view("00u1", 1)
		w.HoldingDecider.Add(v, g)
		got := "-"
		if len(v.Have) == 1 {
			got = v.Have[0].Lost
		}
		expect(t, sentence, got, c.lost)
	}
}
