package plan_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

var now = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

// allowAll is a policy that withholds nothing.
func allowAll() plan.Policy {
	return plan.Policy{CreateUsers: true, UpdateUsers: true, DeactivateUsers: true, CreateRoles: true, GrantRoles: true, RevokeRoles: true,
		Adopt: true, FollowRegion: true, RepairDrift: true, Match: []plan.Field{plan.Username, plan.Email}}
}

// with is allowAll, changed.
func with(change func(*plan.Policy)) *plan.Policy {
	pol := allowAll()
	change(&pol)
	return &pol
}

// ana is an active person who is assigned to the app.
func ana() *plan.Person {
	return &plan.Person{ID: "00uANA", Login: "ana@acme.example", Email: "ana@acme.example", Status: "ACTIVE", Readable: true,
		Assignment: plan.Assignment{Present: true, Status: "ACTIVE", Scope: "USER"}}
}

func anaValues() plan.Values {
	return plan.Values{plan.Username: "ana", plan.FirstName: "Ana", plan.LastName: "Silva", plan.Email: "ana@acme.example", plan.JobTitle: "Guard"}
}

// anaLink is ana's link after everything was pushed.
func anaLink() *plan.Link {
	return &plan.Link{Person: "00uANA", Employee: 7, How: plan.HowCreated, Login: "ana@acme.example", Email: "ana@acme.example", Pushed: anaValues()}
}

// anaEmployee is the employee as TrackTik shows it after everything was pushed.
func anaEmployee() *plan.Employee {
	return &plan.Employee{ID: 7, Status: "ACTIVE", Values: anaValues(), Has: everything}
}

// everything are the fields of a record that was read whole.
var everything = plan.FieldSet(0).With(plan.RecordFields[:]...)

// newcomer is the view of ana, whom nobody manages.
func newcomer(changes ...func(*plan.View)) *plan.View {
	v := &plan.View{Person: ana(), Mapped: plan.Mapped{Wanted: plan.Wanted{Values: anaValues()}}, Evidence: plan.EvidenceListing, Calendar: plan.Calendar{AsOf: now}}
	for _, change := range changes {
		change(v)
	}
	pol := allowAll()
	if v.Judgement == (plan.Judgement{}) {
		v.Judgement = plan.Judge(v.Person, &pol)
	}
	return v
}

// managed is the view of ana, whose employee is 7.
func managed(changes ...func(*plan.View)) *plan.View {
	return newcomer(append([]func(*plan.View){func(v *plan.View) { v.Link = anaLink() }}, changes...)...)
}

// leaver is the view of ana, managed and deactivated.
func leaver(changes ...func(*plan.View)) *plan.View {
	return managed(append([]func(*plan.View){func(v *plan.View) { v.Person.Status = "DEPROVISIONED" }}, changes...)...)
}

// outline is a decision in one line, for tables: kinds of actions, held with codes,
// codes of problems and warnings.
func outline(d *plan.Decision) string {
	var parts []string
	for i := range d.Actions {
		parts = append(parts, actionText(&d.Actions[i]))
	}
	for i := range d.Held {
		parts = append(parts, "held "+actionText(&d.Held[i].Action)+" "+d.Held[i].Code())
	}
	for _, p := range d.Problems {
		parts = append(parts, "problem "+p.Code)
	}
	for _, w := range d.Warnings {
		parts = append(parts, "warning "+w.Code)
	}
	return strings.Join(parts, "; ")
}

func actionText(a *plan.Action) string {
	text := string(a.Kind)
	if a.Role != nil {
		text += fmt.Sprintf(" %s/%d", a.Role.Group, a.Role.ID)
	}
	if a.Kind == plan.Update {
		var fields []string
		for _, c := range a.Changes {
			fields = append(fields, fmt.Sprintf("%s=%q>%q", c.Field, c.Old, c.New))
		}
		text = strings.TrimSpace(text + " " + strings.Join(fields, " "))
	}
	return text
}

// check compares the outline of a decision.
func check(t *testing.T, d plan.Decision, want string) {
	t.Helper()
	if got := outline(&d); got != want {
		t.Errorf("decided %q, want %q", got, want)
	}
}

// random is a source of chance whose seed is printed when the test fails; the variable
// PLAN_SEED repeats it.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("PLAN_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("PLAN_SEED: %v", err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with PLAN_SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 1))
}

// shuffled is a copy of list in another order.
func shuffled[T any](r *rand.Rand, list []T) []T {
	other := slices.Clone(list)
	r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	return other
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
