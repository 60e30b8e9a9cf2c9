package mapping_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

type attributes = map[string]mapping.Attribute

func sources(names ...string) mapping.Attribute { return mapping.Attribute{Sources: names} }

func TestConfiguredSourcesReplaceTheDefaults(t *testing.T) {
	m := newMapper(t, config{Attributes: attributes{
		"region":   sources("app.site", "user.costCenter"),
		"customId": sources("user.employeeNumber"),
		"username": sources("user.email"),
		"lastName": sources("assignment.userName"),
	}})
	p := anaWith(map[string]any{"division": "East", "costCenter": "West", "employeeNumber": "G-1", "email": "a@acme.example"})
	p.Assignment.UserName = "ana"
	r := m.Map(p, nil)
	wantFine(t, r)
	wantValue(t, r, plan.Region, "West")
	wantValue(t, r, plan.CustomID, "G-1")
	wantValue(t, r, plan.Username, "a@acme.example")
	wantValue(t, r, plan.LastName, "ana")
	p.App["site"] = "North"
	wantValue(t, m.Map(p, nil), plan.Region, "North")
	p.User["employeeNumber"] = ""
	wantCleared(t, m.Map(p, nil), plan.CustomID)
}

func TestProblemNamesTheConfiguredSources(t *testing.T) {
	m := newMapper(t, config{Attributes: attributes{"firstName": {Sources: []string{"user.given"}, CEL: "null == null ? dyn('') : dyn('')"}}})
	wantProblem(t, m.Map(ana(), nil), plan.ProblemMissingRequired, "sync.attributes.firstName.cel, user.given")
}

func TestFieldFromNowhereIsLeftAlone(t *testing.T) {
	m := newMapper(t, config{Attributes: attributes{"jobTitle": {}, "region": sources(), "language": {CEL: "  "}}})
	r := m.Map(anaWith(map[string]any{"title": "Guard", "division": "East", "preferredLanguage": "en"}), nil)
	wantFine(t, r)
	for _, f := range []plan.Field{plan.JobTitle, plan.Region, plan.Language} {
		wantKept(t, r, f)
	}
}

func TestCreateOnlyIsKnownAndKeepsTheDefaultSources(t *testing.T) {
	m := newMapper(t, config{Attributes: attributes{
		"jobTitle": {CreateOnly: true}, "email": {CreateOnly: true}, "region": {Sources: []string{"user.site"}, CreateOnly: true}, "language": sources("user.locale"),
	}})
	if got := m.CreateOnly(); got != plan.FieldSet(0).With(plan.JobTitle, plan.Email, plan.Region) {
		t.Errorf("create-only fields %b", got)
	}
	r := m.Map(anaWith(map[string]any{"title": "Guard", "site": "East"}), nil)
	wantFine(t, r)
	wantValue(t, r, plan.JobTitle, "Guard")
	wantValue(t, r, plan.Region, "East")
	if got := newMapper(t, config{}).CreateOnly(); got != 0 {
		t.Errorf("by default %b is create-only", got)
	}
}

func TestEveryFaultOfTheConfigurationIsReportedWithItsKey(t *testing.T) {
	_, err := mapping.New(config{
		Attributes: attributes{
			"jobtitle":     sources("user.title"),
			"jobTitle":     {CEL: "usr.title"},
			"region":       sources("division", "user.division"),
			"language":     sources("app."),
			"email":        {},
			"lastName":     sources(),
			"firstName":    {CEL: "1 +"},
			"customId":     {CEL: "size(groups)"},
			"primaryPhone": {CEL: "user.phone.matches('[')"},
			"address.city": {},
		},
		Scope: "'guards'",
	})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []struct{ begin, part string }{
		{"sync.attributes.jobtitle: ", "no field of that name"},
		{"sync.attributes.jobTitle.cel: line 1, column 1: ", "undeclared reference to 'usr'"},
		{"sync.attributes.region: ", `unknown source "division"`},
		{"sync.attributes.language: ", `unknown source "app."`},
		{"sync.attributes.email: ", "neither sources nor cel"},
		{"sync.attributes.lastName: ", "neither sources nor cel"},
		{"sync.attributes.firstName.cel: line 1, ", "Syntax error"},
		{"sync.attributes.customId.cel: ", "gives int, but must give string"},
		{"sync.attributes.primaryPhone.cel: line 1, ", "invalid matches argument"},
		{"sync.attributes.address.city: ", "all five parts or none"},
		{"sync.scope: ", "gives string, but must give bool"},
	} {
		found := false
		for _, line := range lines {
			found = found || (strings.HasPrefix(line, want.begin) && strings.Contains(line, want.part))
		}
		if !found {
			t.Errorf("no line %q … %q in:\n%v", want.begin, want.part, err)
		}
	}
	if len(lines) != 11 {
		t.Errorf("%d faults, want 11:\n%v", len(lines), err)
	}
}
