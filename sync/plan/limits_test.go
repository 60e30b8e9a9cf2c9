package plan_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// A load is how much of one kind a run wants to do, and to whom.
type load struct {
	kind       plan.Kind
	n          int
	population int // managed people; of revokes the grants
	today      int // done without an approval in the last 24 hours
	adopted    int // by the same plan
	limit      plan.Limit
}

// actions are those of the load, behind its adoptions.
func (l load) actions() []plan.Action {
	kind, change := l.kind, func(int, *plan.Action) {}
	if kind == plan.Clear {
		kind, change = plan.Update, emptied
	}
	return append(several(plan.Adopt, l.adopted), several(kind, l.n, change)...)
}

// input is what the guards judge the load by. Populations of other kinds are such that they
// would refuse anything.
func (l load) input() plan.GuardInput {
	in := plan.GuardInput{Limits: limits(l.kind, l.limit), Managed: l.population, Grants: 1, Command: "tracktik-sync sync",
		Day: map[plan.Kind]int{l.kind: l.today, "other": 1000}}
	if l.kind == plan.RevokeRole {
		in.Managed, in.Grants = 1, l.population
	}
	return in
}

func (l load) check() plan.Checked { return plan.Check(l.actions(), l.input()) }

// everyGuard are all kinds that have a guard.
var everyGuard = append(slices.Clone(plan.Kinds), plan.Clear)

// TestALimitIsReachedAndNotExceeded tries each bound just below, at and just above it, for
// every kind of action: at the limit is allowed.
func TestALimitIsReachedAndNotExceeded(t *testing.T) {
	off := plan.NoLimit
	count := func(n int) plan.Limit { return plan.Limit{MaxCount: n, MaxPercent: -1, MaxPerDay: -1} }
	share := func(p float64, least int) plan.Limit {
		return plan.Limit{MaxCount: -1, MaxPercent: p, MinPopulation: least, MaxPerDay: -1}
	}
	day := func(n int) plan.Limit { return plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: n} }
	for _, kind := range everyGuard {
		for sentence, c := range map[string]struct {
			load load
			want bool // refused
		}{
			"one below max_count":                         {load{n: 4, limit: count(5)}, false},
			"at max_count":                                {load{n: 5, limit: count(5)}, false},
			"one above max_count":                         {load{n: 6, limit: count(5)}, true},
			"max_count 0 allows none":                     {load{n: 1, limit: count(0)}, true},
			"max_count 0 and nothing to do":               {load{n: 0, limit: count(0)}, false},
			"max_count -1 switches it off":                {load{n: 900, limit: count(-1)}, false},
			"just below the share":                        {load{n: 9, population: 100, limit: share(10, 20)}, false},
			"at the share":                                {load{n: 10, population: 100, limit: share(10, 20)}, false},
			"just above the share":                        {load{n: 11, population: 100, limit: share(10, 20)}, true},
			"a share of an odd number, below":             {load{n: 10, population: 101, limit: share(10, 20)}, false},
			"a share of an odd number, above":             {load{n: 10, population: 99, limit: share(10, 20)}, true},
			"half a percent":                              {load{n: 5, population: 1000, limit: share(0.5, 20)}, false},
			"more than half a percent":                    {load{n: 6, population: 1000, limit: share(0.5, 20)}, true},
			"max_percent 0 allows none":                   {load{n: 1, population: 1000, limit: share(0, 20)}, true},
			"max_percent 100 allows all":                  {load{n: 20, population: 20, limit: share(100, 20)}, false},
			"max_percent -1 switches it off":              {load{n: 20, population: 20, limit: share(-1, 20)}, false},
			"below min_population only the count matters": {load{n: 19, population: 19, limit: share(10, 20)}, false},
			"at min_population the share counts":          {load{n: 3, population: 20, limit: share(10, 20)}, true},
			"an empty population has no share":            {load{n: 3, population: 0, limit: share(10, 0)}, false},
			"min_population 0, and one of one":            {load{n: 1, population: 1, limit: share(10, 0)}, true},
			"one below max_per_day":                       {load{n: 2, today: 2, limit: day(5)}, false},
			"at max_per_day":                              {load{n: 2, today: 3, limit: day(5)}, false},
			"one above max_per_day":                       {load{n: 3, today: 3, limit: day(5)}, true},
			"max_per_day alone in one run":                {load{n: 6, limit: day(5)}, true},
			"the day is full, and nothing is to do":       {load{n: 0, today: 6, limit: day(5)}, false},
			"max_per_day 0 allows none":                   {load{n: 1, limit: day(0)}, true},
			"max_per_day -1 switches it off":              {load{n: 900, today: 900, limit: day(-1)}, false},
			"everything is off":                           {load{n: 900, population: 900, today: 900, limit: off}, false},
			"below min_population the count still matters": {load{n: 6, population: 6,
				limit: plan.Limit{MaxCount: 5, MaxPercent: 10, MinPopulation: 20, MaxPerDay: -1}}, true},
		} {
			c.load.kind = kind
			got := c.load.check()
			if got.Report.OK == c.want || got.Held[kind] != c.want || len(got.Held) > 1 {
				t.Errorf("%s, %s: ok %v, held %v: %s", kind, sentence, got.Report.OK, got.Held, refused(&got))
			}
		}
	}
}

// TestTheTableOfLimits is the one of the contract, kind by kind: the population of each, and
// what is counted.
func TestTheTableOfLimits(t *testing.T) {
	found := func(_ int, a *plan.Action) { a.Found = true }
	in := func(change func(*plan.GuardInput)) plan.GuardInput {
		in := plan.GuardInput{Limits: defaults(), Managed: 1000, Grants: 1000, RoleGrants: map[plan.RoleID]int{1: 1000}}
		change(&in)
		return in
	}
	same := func(*plan.GuardInput) {}
	managed := func(n int) func(*plan.GuardInput) { return func(in *plan.GuardInput) { in.Managed = n } }
	grants := func(n int) func(*plan.GuardInput) { return func(in *plan.GuardInput) { in.Grants = n } }
	for sentence, c := range map[string]struct {
		actions []plan.Action
		in      plan.GuardInput
		want    string
	}{
		"terminations count against the managed":   {several(plan.Terminate, 11), in(managed(100)), "terminate 11/10"},
		"not against the grants":                   {several(plan.Terminate, 11), in(grants(100)), ""},
		"revokes count against the grants":         {several(plan.RevokeRole, 11), in(grants(100)), "revoke_role 11/10"},
		"not against the managed":                  {several(plan.RevokeRole, 11), in(managed(100)), ""},
		"updates count against the managed":        {several(plan.Update, 26), in(managed(100)), "update 26/25"},
		"emptied values count against the managed": {several(plan.Update, 11, emptied), in(managed(100)), "clear 11/10"},
		"creates have a count alone":               {several(plan.Create, 200), in(managed(20)), ""},
		"one create more":                          {several(plan.Create, 201), in(managed(20)), "create 201/200"},
		"revokes found done are not counted":       {several(plan.RevokeRole, 90, found), in(grants(100)), ""},
		"terminations found done are not counted":  {several(plan.Terminate, 90, found), in(managed(100)), ""},
		"found beside others": {slices.Concat(several(plan.Terminate, 10),
			several(plan.Terminate, 90, found)), in(managed(100)), ""},
		"half of a pair is no revoke":              {several(plan.RevokeRole, 900, replaces), in(same), ""},
		"half of a pair that grants is no removal": {several(plan.GrantRole, 900, replaces), in(same), ""},
		"pairs beside revokes": {slices.Concat(several(plan.RevokeRole, 50),
			several(plan.RevokeRole, 50, replaces)), in(same), ""},
		"an update marked as a pair is counted": {several(plan.Update, 26, replaces), in(managed(100)), "update 26/25"},
		"what is set and not emptied is no clear": {several(plan.Update, 11,
			func(_ int, a *plan.Action) { a.Changes = []plan.Change{{Field: plan.JobTitle, New: "x"}} }), in(managed(100)), ""},
		"what was empty and stays so is no clear": {several(plan.Update, 11,
			func(_ int, a *plan.Action) { a.Changes = []plan.Change{{Field: plan.JobTitle}} }), in(managed(100)), ""},
		"two values of one person are one employee": {several(plan.Update, 10,
			func(_ int, a *plan.Action) {
				a.Changes = []plan.Change{{Field: plan.JobTitle, Old: "x"},
					{Field: plan.City, Old: "y"}}
			}), in(managed(100)), ""},
		"clears today have no bound": {several(plan.Update, 1, emptied),
			in(func(in *plan.GuardInput) { in.Day = map[plan.Kind]int{plan.Clear: 900} }), ""},
		"150 terminations a day": {several(plan.Terminate, 1),
			in(func(in *plan.GuardInput) { in.Day = map[plan.Kind]int{plan.Terminate: 150} }), "terminate 1/150"},
		"500 revokes a day": {several(plan.RevokeRole, 1),
			in(func(in *plan.GuardInput) { in.Day = map[plan.Kind]int{plan.RevokeRole: 500} }), "revoke_role 1/500"},
		"another kind's day does not count": {several(plan.Terminate, 1),
			in(func(in *plan.GuardInput) { in.Day = map[plan.Kind]int{plan.Update: 150} }), ""},
	} {
		if got := plan.Check(c.actions, c.in); refused(&got) != c.want {
			t.Errorf("%s: refused %q, want %q", sentence, refused(&got), c.want)
		}
	}
}

// TestWhoIsAdoptedCountsWithTheManaged for updates and emptied values, once there are people
// enough: on a first run the adoptions' updates are no share of nobody.
func TestWhoIsAdoptedCountsWithTheManaged(t *testing.T) {
	share := plan.Limit{MaxCount: -1, MaxPercent: 25, MinPopulation: 20, MaxPerDay: -1}
	for sentence, c := range map[string]struct {
		load load
		want string
	}{
		"a first run updates all whom it adopts": {load{kind: plan.Update, n: 400, adopted: 400}, ""},
		"19 managed, and many are adopted":       {load{kind: plan.Update, n: 400, population: 19, adopted: 400}, ""},
		"20 managed: those adopted count":        {load{kind: plan.Update, n: 30, population: 20, adopted: 100}, ""},
		"20 managed: at the share of both": {load{kind: plan.Update, n: 30, population: 20, adopted: 99},
			"update 30/25"},
		"20 managed, nobody is adopted": {load{kind: plan.Update, n: 6, population: 20}, "update 6/25"},
		"emptied values of both":        {load{kind: plan.Clear, n: 30, population: 20, adopted: 100}, ""},
		"emptied values above the share of both": {load{kind: plan.Clear, n: 31, population: 20, adopted: 100},
			"clear 31/25"},
		"leavers are a share of the managed": {load{kind: plan.Terminate, n: 30, population: 100, adopted: 900},
			"terminate 30/25"},
		"revokes are a share of the grants": {load{kind: plan.RevokeRole, n: 30, population: 100, adopted: 900},
			"revoke_role 30/25"},
	} {
		c.load.limit = share
		if got := c.load.check(); refused(&got) != c.want {
			t.Errorf("%s: refused %q, want %q", sentence, refused(&got), c.want)
		}
	}
}

// TestARolesOwnShareCountsAboveFivePeople, role by role, in the order of their ids.
func TestARolesOwnShareCountsAboveFivePeople(t *testing.T) {
	of := func(id plan.RoleID, n int) []plan.Action {
		return several(plan.RevokeRole, n, func(i int, a *plan.Action) {
			a.Role, a.User.ID = role(id, "g"), plan.PersonID(fmt.Sprint("00u", id, "x", i))
		})
	}
	for sentence, c := range map[string]struct {
		actions []plan.Action
		holders map[plan.RoleID]int
		want    string
	}{
		"five of its twenty holders":               {of(1, 5), map[plan.RoleID]int{1: 20}, ""},
		"six of its twenty holders":                {of(1, 6), map[plan.RoleID]int{1: 20}, "revoke_role 6/10 role 1"},
		"six of sixty":                             {of(1, 6), map[plan.RoleID]int{1: 60}, ""},
		"seven of sixty":                           {of(1, 7), map[plan.RoleID]int{1: 60}, "revoke_role 7/10 role 1"},
		"six of nineteen: too few to have a share": {of(1, 6), map[plan.RoleID]int{1: 19}, ""},
		"a role whose holders are not known":       {of(1, 6), nil, ""},
		"two roles of six each": {append(of(3, 6), of(2, 6)...), map[plan.RoleID]int{2: 20, 3: 20},
			"revoke_role 6/10 role 2, revoke_role 6/10 role 3"},
		"one role of two": {append(of(3, 6), of(2, 6)...), map[plan.RoleID]int{2: 200, 3: 20},
			"revoke_role 6/10 role 3"},
		"five of one and five of another": {append(of(3, 5), of(2, 5)...), map[plan.RoleID]int{2: 20, 3: 20}, ""},
		"replaced ones are not lost": {append(of(3, 5),
			several(plan.RevokeRole, 9, func(_ int, a *plan.Action) { a.Role, a.Replaces = role(3, "g"), true })...),
			map[plan.RoleID]int{3: 20}, ""},
		"many roles come in the order of their ids": {slices.Concat(of(9, 6), of(4, 6), of(7, 6), of(1, 6), of(5, 6)),
			map[plan.RoleID]int{1: 20, 4: 20, 5: 20, 7: 20, 9: 20},
			"revoke_role 6/10 role 1, revoke_role 6/10 role 4, revoke_role 6/10 role 5, revoke_role 6/10 role 7, " +
				"revoke_role 6/10 role 9"},
	} {
		in := plan.GuardInput{Limits: defaults(), Managed: 9000, Grants: 9000, RoleGrants: c.holders}
		got := plan.Check(c.actions, in)
		if refused(&got) != c.want {
			t.Errorf("%s: refused %q, want %q", sentence, refused(&got), c.want)
		}
		for _, r := range got.Report.Refusals {
			if says := fmt.Sprintf("%d people would lose role %d, ", r.Count, r.Role); !strings.Contains(r.Message, says) {
				t.Errorf("%s: %s", sentence, r.Message)
			}
		}
	}
	terminations := plan.Check(several(plan.Terminate, 6, func(_ int, a *plan.Action) { a.Role = role(1, "g") }),
		plan.GuardInput{Limits: defaults(), Managed: 9000, RoleGrants: map[plan.RoleID]int{1: 20}})
	if !terminations.Report.OK {
		t.Errorf("a termination is a role's share: %s", refused(&terminations))
	}
}

// randomLoad is a load of a random kind, around its limits.
func randomLoad(r *rand.Rand) load {
	l := load{kind: pick(r, everyGuard...), n: r.IntN(40), population: r.IntN(120), today: r.IntN(30), adopted: r.IntN(30)}
	l.limit = plan.Limit{MaxCount: r.IntN(40) - 1, MaxPercent: math.Round(float64(r.IntN(600)-10)) / 10,
		MinPopulation: r.IntN(60),
		MaxPerDay:     r.IntN(60) - 1}
	if l.limit.MaxPercent < 0 {
		l.limit.MaxPercent = -1
	}
	return l
}

// TestASmallerLimitNeverLetsMoreThrough, nor do more actions or a fuller day.
func TestASmallerLimitNeverLetsMoreThrough(t *testing.T) {
	r := random(t)
	less := func(n int) int {
		if n < 0 {
			return r.IntN(50)
		}
		return r.IntN(n + 1)
	}
	for range worldsTried {
		l := randomLoad(r)
		before := l.check()
		stricter := map[string]func(*load){
			"a smaller max_count":   func(l *load) { l.limit.MaxCount = less(l.limit.MaxCount) },
			"a smaller max_percent": func(l *load) { l.limit.MaxPercent = float64(less(int(l.limit.MaxPercent))) },
			"a smaller max_per_day": func(l *load) { l.limit.MaxPerDay = less(l.limit.MaxPerDay) },
			"a fuller day":          func(l *load) { l.today += r.IntN(9) },
		}
		if l.kind != plan.Adopt {
			stricter["one action more"] = func(l *load) { l.n++ }
		}
		if l.limit.MinPopulation > 0 && l.adopted == 0 {
			stricter["a smaller min_population"] = func(l *load) { l.limit.MinPopulation = less(l.limit.MinPopulation) }
		}
		for name, change := range stricter {
			other := l
			change(&other)
			if got := other.check(); !before.Report.OK && got.Report.OK {
				t.Fatalf("%s lets through what was refused (%s): %+v, then %+v", name, refused(&before), l, other)
			}
		}
		if before.Report.OK != (len(before.Held) == 0) || before.Report.OK != (len(before.Sets) == 0) {
			t.Fatalf("ok %v, held %v, %d sets: %+v", before.Report.OK, before.Held, len(before.Sets), l)
		}
	}
}
