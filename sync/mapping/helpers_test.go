package mapping_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// ana has all that is required, in the base profile only.
func ana() plan.Person {
	return plan.Person{
		ID:         "00uANA",
		Login:      "ana.silva@acme.example",
		Email:      "ana.silva@acme.example",
		Status:     "ACTIVE",
		Readable:   true,
		Assignment: plan.Assignment{Present: true, Status: "ACTIVE", Scope: "GROUP", Group: "00gGUARDS"},
		Print:      plan.Print{1, 2, 3},
		User: map[string]any{
			"login": "ana.silva@acme.example", "email": "ana.silva@acme.example",
			"firstName": "Ana", "lastName": "Silva",
		},
		App: map[string]any{},
	}
}

// anaWith is ana with further attributes of the base profile.
func anaWith(attributes map[string]any) plan.Person {
	p := ana()
	for name, value := range attributes {
		p.User[name] = value
	}
	return p
}

func newMapper(t testing.TB, config mapping.Config) *mapping.Mapper {
	t.Helper()
	m, err := mapping.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return m
}

func mapDefault(t testing.TB, p plan.Person) mapping.Result {
	t.Helper()
	return newMapper(t, mapping.Config{}).Map(p, nil)
}

func wantValue(t testing.TB, r mapping.Result, f plan.Field, want string) {
	t.Helper()
	if got := r.Wanted.Values[f]; got != want {
		t.Errorf("%s is %.80q, want %.80q; problems %v, warnings %v", f, got, want, r.Problems, r.Warnings)
	}
}

func wantFine(t testing.TB, r mapping.Result) {
	t.Helper()
	if len(r.Problems) > 0 || len(r.Warnings) > 0 {
		t.Errorf("problems %v, warnings %v, want none", r.Problems, r.Warnings)
	}
}

// wantProblem wants exactly one problem, about the field, whose message holds
// all of parts.
func wantProblem(t testing.TB, r mapping.Result, code string, parts ...string) {
	t.Helper()
	if len(r.Problems) != 1 || r.Problems[0].Code != code {
		t.Fatalf("problems %v, want one %s", r.Problems, code)
	}
	wantParts(t, r.Problems[0].Message, parts)
	if r.Problems[0].User != (plan.UserRef{ID: "00uANA", Login: "ana.silva@acme.example"}) {
		t.Errorf("the problem is about %+v", r.Problems[0].User)
	}
}

// wantLeftOut wants exactly one warning, and the field to be left as it is.
func wantLeftOut(t testing.TB, r mapping.Result, f plan.Field, code, field string, parts ...string) {
	t.Helper()
	if len(r.Problems) > 0 {
		t.Errorf("problems %v, want none: nobody stays locked out for an optional value", r.Problems)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Code != code || r.Warnings[0].Field != field {
		t.Fatalf("warnings %v, want one %s of %s", r.Warnings, code, field)
	}
	wantParts(t, r.Warnings[0].Message, parts)
	wantKept(t, r, f)
}

func wantKept(t testing.TB, r mapping.Result, f plan.Field) {
	t.Helper()
	if !r.Wanted.Keep.Has(f) || r.Wanted.Values[f] != "" {
		t.Errorf("%s: kept %v with value %.80q, want it kept without a value", f, r.Wanted.Keep.Has(f), r.Wanted.Values[f])
	}
}

// wantCleared wants the field to be empty in a way that clears it.
func wantCleared(t testing.TB, r mapping.Result, f plan.Field) {
	t.Helper()
	if r.Wanted.Keep.Has(f) || r.Wanted.Values[f] != "" {
		t.Errorf("%s: kept %v with value %.80q, want it empty and not kept", f, r.Wanted.Keep.Has(f), r.Wanted.Values[f])
	}
}

func wantParts(t testing.TB, message string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("message %q does not hold %q", message, part)
		}
	}
}
