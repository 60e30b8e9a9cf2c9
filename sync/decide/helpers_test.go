package decide_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

var now = time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)

// A record is a snapshot of which nothing is read but what a reading begins with.
type record struct {
	read.Record
	meta     plan.Meta
	troubles []plan.Trouble
	marks    []plan.Mark
}

func (r *record) Meta() (plan.Meta, error)          { return r.meta, nil }
func (r *record) Troubles() ([]plan.Trouble, error) { return r.troubles, nil }
func (r *record) Managed() (int, error)             { return len(r.marks), nil }
func (r *record) Prints() iter.Seq2[plan.Mark, error] {
	return func(yield func(plan.Mark, error) bool) {
		for _, m := range r.marks {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// okta and portal are never asked: a decision reads nothing. Their clocks are known.
type (
	okta struct {
		read.Source
		skew time.Duration
	}
	portal struct{ read.Portal }
)

func (o okta) Clock() (time.Time, bool)         { return now, true }
func (o okta) ClockSkew() (time.Duration, bool) { return o.skew, true }
func (portal) Clock() (time.Time, bool)         { return now, true }
func (portal) ClockSkew() (time.Duration, bool) { return 0, true }

// A world is a reading of which nothing was read but what a test says, with its decisions.
type world struct {
	*decide.Deciding
	guard decide.Limiter
}

// A setting is what a world is made with.
type setting struct {
	record record
	sides  read.Sides
	scope  read.Scope
}

// newWorld makes one in which everything is allowed.
func newWorld(t *testing.T, changes ...func(*setting)) *world {
	t.Helper()
	var s setting
	s.sides = read.Sides{Source: okta{}, Target: portal{}, Now: func() time.Time { return now }, Timezone: time.UTC,
		Policy: plan.Policy{CreateUsers: true, UpdateUsers: true, DeactivateUsers: true, CreateRoles: true, GrantRoles: true,
			RevokeRoles: true, Adopt: true, FollowRegion: true, RepairDrift: true,
			Match: []plan.Field{plan.Username, plan.Email}}}
	for _, change := range changes {
		change(&s)
	}
	s.sides.Snapshot = &s.record
	reading, err := read.NewReading(&s.sides, s.scope, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := reading.LoadPeople(); err != nil {
		t.Fatal(err)
	}
	w := &world{Deciding: decide.New(reading)}
	w.guard = decide.Limiter{Base: w.Base, Decided: w.Decided}
	return w
}

func policy(change func(*plan.Policy)) func(*setting) {
	return func(s *setting) { change(&s.sides.Policy) }
}

func onlyFor(users ...string) func(*setting) { return func(s *setting) { s.scope.Users = users } }

func observing(s *setting) { s.sides.Observe = true }

// onRecord are people of the snapshot, in the order of their ids, with their employees.
func onRecord(ids ...plan.PersonID) func(*setting) {
	return func(s *setting) {
		for i, id := range ids {
			s.record.marks = append(s.record.marks, plan.Mark{Person: id, Employee: plan.EmployeeID(i + 1)})
		}
	}
}

// values are what Okta says of somebody.
func values(name string) plan.Values {
	return plan.Values{plan.Username: name, plan.FirstName: "Ana", plan.LastName: "Silva",
		plan.Email: name + "@acme.example"}
}

// person adds somebody who is assigned and to be provisioned, and not managed.
func (w *world) person(id plan.PersonID, changes ...func(*read.Subject)) *read.Subject {
	name := strings.ToLower(string(id))
	p := plan.Person{ID: id, Login: name, Email: name + "@acme.example", Status: "ACTIVE", Readable: true,
		Assignment: plan.Assignment{Present: true, Status: "ACTIVE", Scope: "USER"}}
	s := &read.Subject{Person: read.SelfOf(&p)}
	s.Judgement = plan.Judgement{Verdict: plan.Provision}
	*s.Want() = plan.Wanted{Values: values(name)}
	for _, change := range changes {
		change(s)
	}
	w.People.Subjects[id] = s
	return s
}

// managedAs says that the person has an employee, as everything was pushed.
func managedAs(employee plan.EmployeeID) func(*read.Subject) {
	return func(s *read.Subject) {
		s.Link = &plan.Link{Person: s.Person.ID, Employee: employee, How: plan.HowCreated, Login: s.Person.Login,
			Email: s.Person.Email, Pushed: s.Want().Values}
	}
}

// judged says what Okta's word about the person means.
func judged(verdict plan.Verdict, why string) func(*read.Subject) {
	return func(s *read.Subject) {
		s.Judgement, s.Evidence = plan.Judgement{Verdict: verdict, Why: why},
			plan.EvidenceFull
	}
}

// about is an action about a person.
func about(kind plan.Kind, id plan.PersonID, employee plan.EmployeeID) plan.Action {
	return plan.Action{Kind: kind, User: plan.UserRef{ID: id}, Employee: employee}
}

// told is a list of actions in one line: "create 00u1, grant_role 00u1/5".
func told(actions []plan.Action) string {
	var parts []string
	for i := range actions {
		text := string(actions[i].Kind) + " " + string(actions[i].User.ID)
		if role := actions[i].Role; role != nil {
			text += fmt.Sprintf("/%d", role.ID)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// toldHeld is the same of what is held, with the codes.
func toldHeld(held []plan.Held) string {
	var parts []string
	for i := range held {
		parts = append(parts, told([]plan.Action{held[i].Action})+" "+held[i].Code())
	}
	return strings.Join(parts, ", ")
}

// warned are the codes of the run's warnings.
func (w *world) warned() string {
	var codes []string
	for _, warning := range w.Warnings {
		codes = append(codes, warning.Code)
	}
	return strings.Join(codes, ", ")
}

// expect compares two texts.
func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
