package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// several are n actions of a kind, about as many people.
func several(kind plan.Kind, n int, changes ...func(i int, a *plan.Action)) []plan.Action {
	list := make([]plan.Action, n)
	for i := range list {
		list[i] = plan.Action{Kind: kind, User: plan.UserRef{ID: plan.PersonID(fmt.Sprintf("00u%05d", i))}}
		if kind != plan.Create {
			list[i].Employee = plan.EmployeeID(i + 1)
		}
		if kind == plan.GrantRole || kind == plan.RevokeRole {
			list[i].Role = role(1, "00gSITE")
		}
		for _, change := range changes {
			change(i, &list[i])
		}
	}
	return list
}

func emptied(_ int, a *plan.Action) {
	a.Changes = []plan.Change{{Field: plan.JobTitle, Old: "Guard"}}
}

func replaces(_ int, a *plan.Action) { a.Replaces = true }

func limits(kind plan.Kind, l plan.Limit) plan.Limits {
	return plan.Limits{Kinds: map[plan.Kind]plan.Limit{kind: l}}
}

// defaults are the limits that the contract names.
func defaults() plan.Limits {
	return plan.Limits{Kinds: map[plan.Kind]plan.Limit{
		plan.Terminate:  {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 150},
		plan.RevokeRole: {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 500},
		plan.Update:     {MaxCount: -1, MaxPercent: 25, MinPopulation: 20, MaxPerDay: -1},
		plan.Clear:      {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: -1},
		plan.Create:     {MaxCount: 200, MaxPercent: -1, MaxPerDay: -1},
	}}
}

// refused lists the refusals as "kind count/limit".
func refused(c *plan.Checked) string {
	var texts []string
	for _, r := range c.Report.Refusals {
		text := fmt.Sprintf("%s %d/%g", r.Kind, r.Count, r.Limit)
		if r.Role != 0 {
			text += fmt.Sprintf(" role %d", r.Role)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// TestTheDefaultLimits tries each limit of the contract's table at its edge.
func TestTheDefaultLimits(t *testing.T) {
	day := func(kind plan.Kind, n int) func(*plan.GuardInput) {
		return func(in *plan.GuardInput) { in.Day = map[plan.Kind]int{kind: n} }
	}
	people := func(n int) func(*plan.GuardInput) {
		return func(in *plan.GuardInput) { in.Managed, in.Grants, in.RoleGrants = n, n, map[plan.RoleID]int{1: n} }
	}
	for name, c := range map[string]struct {
		actions []plan.Action
		in      []func(*plan.GuardInput)
		want    string
	}{
		"50 terminations":                    {several(plan.Terminate, 50), nil, ""},
		"51 terminations":                    {several(plan.Terminate, 51), nil, "terminate 51/50"},
		"10 % terminations":                  {several(plan.Terminate, 10), []func(*plan.GuardInput){people(100)}, ""},
		"more than 10 % terminations":        {several(plan.Terminate, 11), []func(*plan.GuardInput){people(100)}, "terminate 11/10"},
		"10 % of an odd number":              {several(plan.Terminate, 11), []func(*plan.GuardInput){people(109)}, "terminate 11/10"},
		"19 people, all leave":               {several(plan.Terminate, 19), []func(*plan.GuardInput){people(19)}, ""},
		"20 people, 3 leave":                 {several(plan.Terminate, 3), []func(*plan.GuardInput){people(20)}, "terminate 3/10"},
		"150 in a day":                       {several(plan.Terminate, 50), []func(*plan.GuardInput){day(plan.Terminate, 100)}, ""},
		"151 in a day":                       {several(plan.Terminate, 50), []func(*plan.GuardInput){day(plan.Terminate, 101)}, "terminate 50/150"},
		"none now, many today":               {nil, []func(*plan.GuardInput){day(plan.Terminate, 1000)}, ""},
		"count, share and day together":      {several(plan.Terminate, 60), []func(*plan.GuardInput){people(100), day(plan.Terminate, 100)}, "terminate 60/50, terminate 60/10, terminate 60/150"},
		"50 revokes":                         {several(plan.RevokeRole, 50), nil, ""},
		"51 revokes":                         {several(plan.RevokeRole, 51), nil, "revoke_role 51/50"},
		"revokes, a share of the grants":     {several(plan.RevokeRole, 3), []func(*plan.GuardInput){people(20)}, "revoke_role 3/10"},
		"500 revokes in a day":               {several(plan.RevokeRole, 50), []func(*plan.GuardInput){day(plan.RevokeRole, 450)}, ""},
		"501 revokes in a day":               {several(plan.RevokeRole, 50), []func(*plan.GuardInput){day(plan.RevokeRole, 451)}, "revoke_role 50/500"},
		"replacements are no revokes":        {several(plan.RevokeRole, 900, replaces), []func(*plan.GuardInput){people(900)}, ""},
		"25 % updates":                       {several(plan.Update, 250), []func(*plan.GuardInput){people(1000)}, ""},
		"more than 25 % updates":             {several(plan.Update, 251), []func(*plan.GuardInput){people(1000)}, "update 251/25"},
		"a first run updates whom it adopts": {several(plan.Update, 900), nil, ""},
		"50 emptied":                         {several(plan.Update, 50, emptied), []func(*plan.GuardInput){people(1000)}, ""},
		"51 emptied":                         {several(plan.Update, 51, emptied), []func(*plan.GuardInput){people(1000)}, "clear 51/50"},
		"more than 10 % emptied":             {several(plan.Update, 11, emptied), []func(*plan.GuardInput){people(100)}, "clear 11/10"},
		"emptied, and too many updates":      {several(plan.Update, 30, emptied), []func(*plan.GuardInput){people(100)}, "update 30/25, clear 30/10"},
		"200 new people":                     {several(plan.Create, 200), []func(*plan.GuardInput){people(50)}, ""},
		"201 new people":                     {several(plan.Create, 201), []func(*plan.GuardInput){people(5000)}, "create 201/200"},
		"grants are not limited":             {several(plan.GrantRole, 9000), []func(*plan.GuardInput){people(10)}, ""},
		"reactivations are not limited":      {several(plan.Reactivate, 9000), nil, ""},
		"adoptions are not limited":          {several(plan.Adopt, 9000), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := plan.GuardInput{Limits: defaults()}
			for _, change := range c.in {
				change(&in)
			}
			got := plan.Check(c.actions, in)
			if refused(&got) != c.want || got.Report.OK != (c.want == "") {
				t.Errorf("refused %q, ok %v, want %q", refused(&got), got.Report.OK, c.want)
			}
		})
	}
}

// TestEveryBoundOfEveryKind tries 0 and -1, and a bound of its own, for each kind.
func TestEveryBoundOfEveryKind(t *testing.T) {
	for _, kind := range append(slices.Clone(plan.Kinds), plan.Clear) {
		actions := several(kind, 4)
		if kind == plan.Clear {
			actions = several(plan.Update, 4, emptied)
		}
		base := plan.GuardInput{Managed: 100, Grants: 100}
		for name, c := range map[string]struct {
			limit plan.Limit
			want  bool
		}{
			"no limit":               {plan.NoLimit, true},
			"none at all":            {plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}, false},
			"as many":                {plan.Limit{MaxCount: 4, MaxPercent: -1, MaxPerDay: -1}, true},
			"one fewer":              {plan.Limit{MaxCount: 3, MaxPercent: -1, MaxPerDay: -1}, false},
			"no share":               {plan.Limit{MaxCount: -1, MaxPercent: 0, MaxPerDay: -1}, false},
			"as large a share":       {plan.Limit{MaxCount: -1, MaxPercent: 4, MaxPerDay: -1}, true},
			"a smaller share":        {plan.Limit{MaxCount: -1, MaxPercent: 3.9, MaxPerDay: -1}, false},
			"a share of few":         {plan.Limit{MaxCount: -1, MaxPercent: 1, MinPopulation: 101, MaxPerDay: -1}, true},
			"a share of just enough": {plan.Limit{MaxCount: -1, MaxPercent: 1, MinPopulation: 100, MaxPerDay: -1}, false},
			"none a day":             {plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: 0}, false},
			"as many a day":          {plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: 6}, true},
			"one fewer a day":        {plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: 5}, false},
		} {
			in := base
			in.Limits, in.Day = limits(kind, c.limit), map[plan.Kind]int{kind: 2}
			got := plan.Check(actions, in)
			if got.Report.OK != c.want || got.Held[kind] == c.want {
				t.Errorf("%s, %s: ok is %v, held %v", kind, name, got.Report.OK, got.Held)
			}
			if c.want {
				continue
			}
			removal := kind == plan.Terminate || kind == plan.RevokeRole
			if got.Stops == removal {
				t.Errorf("%s: stops is %v", kind, got.Stops)
			}
			in.Limits.StopOnRefusal = true
			if got = plan.Check(actions, in); !got.Stops || !got.Report.Refusals[0].Stops {
				t.Errorf("%s: on_refusal: stop does not stop", kind)
			}
		}
	}
}

// TestARolesOwnShare counts only when more than five people would lose it.
func TestARolesOwnShare(t *testing.T) {
	roles := func(i int, a *plan.Action) { a.Role = role(plan.RoleID(1+i%2), "g") }
	in := plan.GuardInput{Limits: defaults(), Managed: 10_000, Grants: 10_000, RoleGrants: map[plan.RoleID]int{1: 30, 2: 5000}}
	for n, want := range map[int]string{10: "", 12: "revoke_role 6/10 role 1"} {
		got := plan.Check(several(plan.RevokeRole, n, roles), in)
		if refused(&got) != want {
			t.Errorf("%d revokes: refused %q, want %q", n, refused(&got), want)
		}
	}
	in.RoleGrants[1] = 19 // fewer than min_population
	if got := plan.Check(several(plan.RevokeRole, 12, roles), in); !got.Report.OK {
		t.Errorf("a role of few holders is refused: %s", refused(&got))
	}
	in.RoleGrants[1] = 60
	if got := plan.Check(several(plan.RevokeRole, 12, roles), in); !got.Report.OK {
		t.Errorf("just ten percent are refused: %s", refused(&got))
	}
	in.RoleGrants[1] = 30
	if got := plan.Check(several(plan.RevokeRole, 12, roles, replaces), in); !got.Report.OK {
		t.Errorf("replaced roles are refused: %s", refused(&got))
	}
}

// TestHoldOrStop: a refused removal holds its kind and lets the rest go on.
func TestHoldOrStop(t *testing.T) {
	in := plan.GuardInput{Limits: defaults(), Managed: 1000}
	hold := plan.Check(slices.Concat(several(plan.Terminate, 51), several(plan.Update, 5)), in)
	if hold.Stops || !hold.Held[plan.Terminate] || hold.Held[plan.Update] {
		t.Errorf("held %v, stops %v", hold.Held, hold.Stops)
	}
	stop := plan.Check(slices.Concat(several(plan.Terminate, 51), several(plan.Create, 201)), in)
	if !stop.Stops || !stop.Held[plan.Terminate] || !stop.Held[plan.Create] {
		t.Errorf("held %v, stops %v", stop.Held, stop.Stops)
	}
	if len(stop.Sets) != 1 || len(stop.Sets[stop.Report.Refusals[0].Approve]) != 252 {
		t.Errorf("the sets to approve are %d", len(stop.Sets))
	}
	for _, r := range stop.Report.Refusals {
		if r.Stops != (r.Kind == plan.Create) {
			t.Errorf("%s: stops is %v", r.Kind, r.Stops)
		}
	}
}

// TestAnApprovedSetPassesAndAllElseIsJudgedByItself, whatever there is of the set.
func TestAnApprovedSetPassesAndAllElseIsJudgedByItself(t *testing.T) {
	in := plan.GuardInput{Limits: defaults(), Managed: 300, Command: "tracktik-sync sync --user ana"}
	actions := several(plan.Terminate, 60)
	first := plan.Check(actions, in)
	hash := first.Report.Refusals[0].Approve
	in.Approved = [][]plan.ActionRef{first.Sets[hash]}
	others := func(n int) []plan.Action {
		return several(plan.Terminate, n, func(_ int, a *plan.Action) {
			a.User.ID += "new"
			a.Employee += 1000
		})
	}
	for name, c := range map[string]struct {
		actions []plan.Action
		exempt  int
		refused string
	}{
		"all of it":                 {actions, 60, ""},
		"a part":                    {append(several(plan.Create, 3), actions[5:57]...), 52, ""},
		"beside other kinds":        {slices.Concat(actions, several(plan.Update, 20), several(plan.GrantRole, 40)), 60, ""},
		"beside few of its kind":    {slices.Concat(actions, others(30)), 60, ""},
		"beside many of its kind":   {slices.Concat(actions, others(31)), 60, "terminate 31/10"},
		"beside more than count":    {slices.Concat(actions, others(51)), 60, "terminate 51/50, terminate 51/10"},
		"few that need no approval": {actions[:10], 10, ""},
		"none of it":                {others(31), 0, "terminate 31/10"},
		"of another employee":       {several(plan.Terminate, 60, func(_ int, a *plan.Action) { a.Employee += 1000 }), 0, "terminate 60/50, terminate 60/10"},
	} {
		got := plan.Check(c.actions, in)
		if len(got.Exempt) != c.exempt || refused(&got) != c.refused {
			t.Errorf("%s: %d pass, refused %q, want %d and %q", name, len(got.Exempt), refused(&got), c.exempt, c.refused)
		}
		waiting := 0
		for i := range c.actions {
			if got.Waits(&c.actions[i]) {
				waiting++
			}
		}
		if len(got.Sets) == 0 {
			if waiting > 0 {
				t.Errorf("%s: %d wait, and nothing is refused", name, waiting)
			}
			continue
		}
		r := got.Report.Refusals[0]
		if set := got.Sets[r.Approve]; len(set) != r.Count || len(set) != waiting {
			t.Errorf("%s: %d wait, %d are counted and %d to approve", name, waiting, r.Count, len(set))
		}
		if more := "60 more are approved and pass"; strings.Contains(r.Message, more) != (c.exempt > 0) {
			t.Errorf("%s: %s", name, r.Message)
		}
		again := in
		again.Approved = append(slices.Clone(in.Approved), got.Sets[r.Approve])
		if both := plan.Check(c.actions, again); !both.Report.OK || len(both.Exempt) != len(c.actions) {
			t.Errorf("%s: of two approvals one does not count: %s", name, refused(&both))
		}
	}
}

// TestAnApprovalBindsTheValues that are written: others for the same people are refused
// by themselves, and it says whose they are.
func TestAnApprovalBindsTheValues(t *testing.T) {
	in := plan.GuardInput{Limits: plan.Limits{Kinds: map[plan.Kind]plan.Limit{}}, Managed: 100}
	for _, kind := range []plan.Kind{plan.Update, plan.Clear, plan.RenameRole, plan.CreateRole} {
		in.Limits.Kinds[kind] = plan.Limit{MaxCount: 2, MaxPercent: -1, MaxPerDay: -1}
	}
	for _, kind := range plan.Kinds {
		if _, ok := in.Limits.Kinds[kind]; !ok {
			in.Limits.Kinds[kind] = plan.NoLimit
		}
	}
	update := func(changes ...plan.Change) func(int, *plan.Action) {
		return func(_ int, a *plan.Action) { a.Changes = changes }
	}
	title := plan.Change{Field: plan.JobTitle, Old: "Guard", New: "Chief"}
	phone := plan.Change{Field: plan.PrimaryPhone, Old: "555", New: ""}
	region := plan.Change{Field: plan.Region, Old: "North", New: "South"}
	named := func(name string) func(int, *plan.Action) {
		return func(i int, a *plan.Action) {
			a.User, a.Employee = plan.UserRef{}, 0
			a.Role = &plan.RoleRef{Group: plan.GroupID(fmt.Sprint("00g", i)), Name: name}
			if a.Kind == plan.RenameRole {
				a.Role.ID, a.Changes = plan.RoleID(i+1), []plan.Change{{Field: plan.NumFields, Old: "Old", New: name}}
			}
		}
	}
	for name, c := range map[string]struct {
		kind         plan.Kind
		before, then func(int, *plan.Action)
		same         bool
	}{
		"the same":                    {plan.Update, update(title), update(title), true},
		"another order":               {plan.Update, update(title, region), update(region, title), true},
		"what it replaces is another": {plan.Update, update(title), update(plan.Change{Field: plan.JobTitle, Old: "Patrol", New: "Chief"}), true},
		"another value":               {plan.Update, update(title), update(plan.Change{Field: plan.JobTitle, Old: "Guard", New: "Boss"}), false},
		"one field more":              {plan.Update, update(title), update(title, region), false},
		"one field less":              {plan.Update, update(title, region), update(title), false},
		"another region":              {plan.Update, update(region), update(plan.Change{Field: plan.Region, Old: "North", New: "West"}), false},
		"a value is emptied":          {plan.Update, update(title, plan.Change{Field: plan.PrimaryPhone, Old: "555", New: "556"}), update(title, phone), false},
		"an adoption's update": {plan.Update, func(_ int, a *plan.Action) {
			a.Changes, a.Reason = []plan.Change{title}, "differs from Okta when adopted"
		}, update(region), false},
		"a role's new name": {plan.RenameRole, named("Patrol"), named("Admins"), false},
		"the same name":     {plan.RenameRole, named("Patrol"), named("Patrol"), true},
		"a new role's name": {plan.CreateRole, named("Patrol"), named("Admins"), false},
	} {
		t.Run(name, func(t *testing.T) {
			before := plan.Check(several(c.kind, 3, c.before), in)
			if before.Report.OK {
				t.Fatal("nothing was refused")
			}
			approved := in
			approved.Approved = [][]plan.ActionRef{before.Sets[before.Report.Refusals[0].Approve]}
			then := plan.Check(several(c.kind, 3, c.then), approved)
			if then.Report.OK != c.same {
				t.Errorf("passes: %v, want %v: %s", then.Report.OK, c.same, refused(&then))
			}
			if !then.Report.OK && !strings.Contains(then.Report.Refusals[0].Message, "; approved with other values: ") {
				t.Errorf("it says %q", then.Report.Refusals[0].Message)
			}
		})
	}

	// What is emptied is bound apart from what else is written.
	clears := several(plan.Update, 3, update(phone))
	in.Limits.Kinds[plan.Update] = plan.NoLimit
	first := plan.Check(clears, in)
	in.Approved = [][]plan.ActionRef{first.Sets[first.Report.Refusals[0].Approve]}
	if got := plan.Check(several(plan.Update, 3, update(phone, title)), in); !got.Report.OK {
		t.Errorf("another title beside what is emptied: %s", refused(&got))
	}
	if got := plan.Check(several(plan.Update, 3, update(phone, plan.Change{Field: plan.JobTitle, Old: "Guard"})), in); got.Report.OK {
		t.Error("more is emptied than was approved")
	}
}

// TestAnApprovalOfClearingIsNotOneOfUpdating, nor the other way round.
func TestAnApprovalOfClearingIsNotOneOfUpdating(t *testing.T) {
	in := plan.GuardInput{Limits: defaults(), Managed: 1000}
	clears := several(plan.Update, 51, emptied)
	first := plan.Check(clears, in)
	if first.Held[plan.Update] || !first.Held[plan.Clear] || !first.Stops {
		t.Fatalf("held %v, stops %v", first.Held, first.Stops)
	}
	set := first.Sets[first.Report.Refusals[0].Approve]
	in.Approved = [][]plan.ActionRef{set}
	if got := plan.Check(clears, in); !got.Report.OK {
		t.Errorf("the approved clears are refused: %s", refused(&got))
	}
	many := plan.Check(append(clears, several(plan.Update, 300)[51:]...), in)
	if refused(&many) != "update 300/25" {
		t.Errorf("refused %q", refused(&many))
	}
}

func TestOneRefusedActionIsNamedAsOne(t *testing.T) {
	limits := plan.Limits{Kinds: map[plan.Kind]plan.Limit{plan.Terminate: {MaxCount: 0, MaxPercent: 10, MinPopulation: 1, MaxPerDay: -1}}}
	got := plan.Check(several(plan.Terminate, 1), plan.GuardInput{Limits: limits, Managed: 5})
	for i, want := range []string{"guard refused: 1 termination, and guard.terminate.max_count allows 0", "guard refused: 1 termination is 20 % of 5, and "} {
		if message := got.Report.Refusals[i].Message; !strings.HasPrefix(message, want) {
			t.Errorf("it says %q, want %q", message, want)
		}
	}
}

// TestARefusalTellsEverything: number, limit, cause, whether the rest goes on, where
// the names are, and the command with its options.
func TestARefusalTellsEverything(t *testing.T) {
	in := plan.GuardInput{Limits: defaults(), Managed: 300, Command: "tracktik-sync sync --refresh --no-removals", Day: map[plan.Kind]int{plan.Terminate: 120},
		Cause: map[plan.Kind]string{plan.Terminate: `271 of 300: group 'Site Airport' no longer assigned to the app`}}
	got := plan.Check(several(plan.Terminate, 51), in)
	if refused(&got) != "terminate 51/50, terminate 51/10, terminate 51/150" {
		t.Fatalf("refused %q", refused(&got))
	}
	hash := got.Report.Refusals[0].Approve
	for i, want := range []string{
		"guard refused: 51 terminations, and guard.terminate.max_count allows 50",
		"guard refused: 51 terminations are 17 % of 300, and guard.terminate.max_percent allows 10 %",
		"guard refused: 51 terminations now and 120 in the last 24 hours, and guard.terminate.max_per_day allows 150",
	} {
		message := got.Report.Refusals[i].Message
		for _, part := range []string{want, `(271 of 300: group 'Site Airport'`, "the rest goes on", "`tracktik-sync plan`", "24 hours: tracktik-sync sync --refresh --no-removals --approve " + hash} {
			if !strings.Contains(message, part) {
				t.Errorf("the message lacks %q:\n%s", part, message)
			}
		}
		if strings.Contains(message, "approved set") {
			t.Errorf("there was no approval: %s", message)
		}
	}
	in.Limits.StopOnRefusal = true
	got = plan.Check(several(plan.Terminate, 51), in)
	if message := got.Report.Refusals[0].Message; !strings.Contains(message, "nothing is done") || strings.Contains(message, "goes on") {
		t.Errorf("a refusal that stops says %q", message)
	}
}

// TestASetsHash names kinds, ids and values, in any order, and nothing else.
func TestASetsHash(t *testing.T) {
	r := random(t)
	actions := slices.Concat(several(plan.Terminate, 20), several(plan.RevokeRole, 20), several(plan.CreateRole, 1, func(_ int, a *plan.Action) { a.Role = role(0, "g1") }))
	refs := func() []plan.ActionRef {
		list := make([]plan.ActionRef, len(actions))
		for i := range actions {
			list[i] = actions[i].Ref()
		}
		return list
	}
	hash := plan.HashRefs(refs())
	if plan.HashRefs(shuffled(r, refs())) != hash {
		t.Error("another order, another hash")
	}
	for i := range actions {
		actions[i].Reason, actions[i].Extra, actions[i].User.Login = "other", &plan.Extra{Evidence: plan.EvidenceSample}, "other"
	}
	if plan.HashRefs(refs()) != hash {
		t.Error("other texts, another hash")
	}
	for name, change := range map[string]func(*plan.ActionRef){
		"kind": func(a *plan.ActionRef) { a.Kind = plan.Adopt }, "person": func(a *plan.ActionRef) { a.Person += "x" },
		"employee": func(a *plan.ActionRef) { a.Employee++ }, "role": func(a *plan.ActionRef) { a.Role++ }, "group": func(a *plan.ActionRef) { a.Group += "x" },
		"values": func(a *plan.ActionRef) { a.Values += "x" },
	} {
		list := refs()
		change(&list[0])
		if plan.HashRefs(list) == hash {
			t.Errorf("another %s, the same hash", name)
		}
	}
	if plan.HashRefs(refs()[1:]) == hash || plan.HashRefs(nil) == hash {
		t.Error("fewer actions, the same hash")
	}
}

// TestGuardsOfLargePlans: 100,000 actions and 2,000 refused roles are judged with an
// approval in hand, in a moment.
func TestGuardsOfLargePlans(t *testing.T) {
	const n, roles = 100_000, 2000
	actions := several(plan.RevokeRole, n, func(i int, a *plan.Action) { a.Role = role(plan.RoleID(1+i%roles), "g") })
	in := plan.GuardInput{Limits: defaults(), Managed: n, Grants: n, RoleGrants: map[plan.RoleID]int{}}
	for id := range roles {
		in.RoleGrants[plan.RoleID(id+1)] = n / roles
	}
	first := plan.Check(actions, in)
	in.Approved = [][]plan.ActionRef{first.Sets[first.Report.Refusals[0].Approve][:n/2]}
	got := plan.Check(actions, in)
	if len(got.Report.Refusals) != roles+3 { // count, share, day, and each role
		t.Errorf("%d refusals", len(got.Report.Refusals))
	}
	if message := got.Report.Refusals[0].Message; !strings.Contains(message, "; 50000 more are approved and pass;") || len(message) > 1000 {
		t.Errorf("the first refusal says %q", message)
	}
}

func TestAShareThatIsRefusedLooksLikeMoreThanIsAllowed(t *testing.T) {
	c := plan.Check(several(plan.Terminate, 50), plan.GuardInput{Limits: defaults(), Managed: 499, Command: "tracktik-sync sync"})
	if len(c.Report.Refusals) != 1 || !strings.Contains(c.Report.Refusals[0].Message, "50 terminations are 10.020 % of 499, and guard.terminate.max_percent allows 10 %") {
		t.Errorf("refused: %+v", c.Report.Refusals)
	}
}
