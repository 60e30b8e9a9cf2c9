package mapping_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

func withTitle(cel string, more ...string) config {
	return config{Attributes: attributes{"jobTitle": {CEL: cel, Sources: more}}}
}

func TestExpressionMakesTheValue(t *testing.T) {
	p := anaWith(map[string]any{
		"title": "guard", "level": json.Number("3"), "rate": json.Number("2.5"), "senior": true, "middleName": nil,
		"skills": []any{"fire", "first aid"}, "badge": map[string]any{"number": json.Number("17")},
	})
	p.App["site"] = "Airport"
	p.Assignment.UserName = "ana@x"
	for expression, want := range map[string]string{
		`user.title`: "guard",
		`user.title.upperAscii() + " " + app.site`:           "GUARD Airport",
		`assignment.userName.split("@")[0]`:                  "ana",
		`user.level`:                                         "3",
		`user.rate`:                                          "2.5",
		`user.senior`:                                        "true",
		`user.level > 2 ? "senior" : "junior"`:               "senior",
		`user.rate > 2 && user.level > 2.5 ? "yes" : "no"`:   "yes",
		`string(user.badge.number)`:                          "17",
		`user.skills.exists(s, s == "fire") ? "Fire" : ""`:   "Fire",
		`has(user.grade) ? string(user.grade) : "none"`:      "none",
		`user.?grade.orValue("none")`:                        "none",
		`user[?"title"].orValue("none")`:                     "guard",
		`"Site guards" in groups ? "Site guard" : "Guard"`:   "Site guard",
		`"  Night\u200b guard "`:                             "Night guard",
		`user.title == "guard" || "x" in groups ? "a" : "b"`: "a",
	} {
		r := newMapper(t, withTitle(expression)).Map(p, []string{"Everyone", "Site guards"})
		wantFine(t, r)
		if got := r.Wanted.Values[plan.JobTitle]; got != want {
			t.Errorf("%s gives %q, want %q", expression, got, want)
		}
	}
}

func TestExpressionThatGivesNothingLeavesItToTheSources(t *testing.T) {
	for _, nothing := range []string{`""`, `" "`, `dyn(null)`, `user.middleName`} {
		p := anaWith(map[string]any{"title": "Guard", "middleName": nil})
		m := newMapper(t, withTitle(nothing, "user.title"))
		r, from := m.Explain(p, nil)
		wantFine(t, r)
		wantValue(t, r, plan.JobTitle, "Guard")
		if from[plan.JobTitle].Name != "user.title" {
			t.Errorf("%s: from %q", nothing, from[plan.JobTitle].Name)
		}
		wantCleared(t, newMapper(t, withTitle(nothing)).Map(p, nil), plan.JobTitle)
	}
	_, from := newMapper(t, withTitle(`"Lead"`, "user.title")).Explain(anaWith(map[string]any{"title": "Guard"}), nil)
	if from[plan.JobTitle] != (mapping.Source{Name: "sync.attributes.jobTitle.cel", Raw: "Lead"}) {
		t.Errorf("from %+v", from[plan.JobTitle])
	}
}

// failing are expressions that compile and cannot be evaluated for ana.
var failing = map[string]string{
	`user.nosuch`:                            "no such key: nosuch",
	`user.title.upperAscii()`:                "no such key: title",
	`user.lastName + dyn(1)`:                 "no such overload",
	`string(1 / (size(user.lastName) - 5))`:  "division by zero",
	`"x" in groups ? "a" : "b"`:              "groups are not known",
	`dyn([1])`:                               "gives list, not a text",
	`dyn({})`:                                "gives map, not a text",
	`dyn(timestamp("2026-01-01T00:00:00Z"))`: "not a text",
	`dyn(b"x")`:                              "gives bytes, not a text",
	`user.lastName.substring(0, 99)`:         "index out of range",
	`[1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, [1,2,3,4,5,6,7,8,9].map(e, 1))))).size() > 0 ? user.lastName : ""`: "cost limit exceeded",
}

func TestFailingExpressionOfAnOptionalFieldIsAWarning(t *testing.T) {
	for expression, part := range failing {
		r := newMapper(t, withTitle(expression, "user.lastName")).Map(ana(), nil)
		wantLeftOut(t, r, plan.JobTitle, plan.WarningInvalidValue, "jobTitle", "sync.attributes.jobTitle.cel", part)
		if strings.Contains(r.Warnings[0].Message, "\n") {
			t.Errorf("%s: %q has several lines", expression, r.Warnings[0].Message)
		}
	}
}

func TestFailingExpressionOfARequiredFieldIsThePersonsProblem(t *testing.T) {
	for expression, part := range failing {
		for _, field := range []string{"email", "region"} {
			m := newMapper(t, config{Attributes: attributes{field: {CEL: expression, Sources: []string{"user.email"}}}})
			wantProblem(t, m.Map(ana(), nil), plan.ProblemInvalidValue, "sync.attributes."+field+".cel", part)
		}
	}
}

func TestExpressionsValueMustKeepTheRow(t *testing.T) {
	m := newMapper(t, config{Attributes: attributes{
		"email":           {CEL: `user.lastName`},
		"primaryPhone":    {CEL: `"123456789012345678901"`},
		"address.country": {CEL: `"usa"`},
		"language":        {CEL: `"fr_CA"`},
	}})
	r := m.Map(complete(), nil)
	wantValue(t, r, plan.Language, "FR")
	wantKept(t, r, plan.PrimaryPhone)
	wantKept(t, r, plan.Country)
	wantProblem(t, r, plan.ProblemInvalidValue, "sync.attributes.email.cel")
}

func TestHugeProfileCannotMakeAnExpressionExpensive(t *testing.T) {
	p := anaWith(map[string]any{"notes": strings.Repeat("a", 8<<20)})
	r := newMapper(t, withTitle(`user.notes.upperAscii() == "B" ? "a" : "b"`)).Map(p, nil)
	wantLeftOut(t, r, plan.JobTitle, plan.WarningInvalidValue, "jobTitle", "cost limit exceeded")
}

func TestHugeExpressionIsRefused(t *testing.T) {
	for name, expression := range map[string]string{
		"long": `"` + strings.Repeat("x", 30_000) + `"`,
		"deep": strings.Repeat("(", 2_000) + "'x'" + strings.Repeat(")", 2_000),
	} {
		if _, err := mapping.New(withTitle(expression)); err == nil {
			t.Errorf("%s: no error", name)
		} else if n := len(err.Error()); n > 1_000 {
			t.Errorf("%s: an error of %d bytes", name, n)
		}
	}
}

func TestEverybodyIsInScopeWithoutAnExpression(t *testing.T) {
	for _, scope := range []string{"", " \n"} {
		in, err := newMapper(t, config{Scope: scope}).InScope(plan.Person{}, nil)
		if !in || err != nil {
			t.Errorf("scope %q: %v, %v", scope, in, err)
		}
	}
}

func TestScopeIsWhatTheExpressionSays(t *testing.T) {
	p := anaWith(map[string]any{"department": "Guards", "contractor": false, "title": nil})
	for expression, want := range map[string]bool{
		`user.department == "Guards"`:                       true,
		`user.department == "Office"`:                       false,
		`!user.contractor`:                                  true,
		`user.contractor`:                                   false,
		`"Site guards" in groups`:                           true,
		`groups.exists(g, g.startsWith("Site "))`:           true,
		`"Office" in groups`:                                false,
		`has(app.site) && app.site == "X"`:                  false,
		`user.title == null`:                                true,
		`assignment.userName == ""`:                         true,
		`user.department.matches("^G.*s$")`:                 true,
		`user.nosuch == "x" || user.department == "Guards"`: true,
		`user.?nosuch.orValue("Guards") == user.department`: true,
	} {
		in, err := newMapper(t, config{Scope: expression}).InScope(p, []string{"Site guards"})
		if in != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", expression, in, err, want)
		}
	}
}

func TestFailingScopeSaysNothingAboutThePerson(t *testing.T) {
	for expression, part := range map[string]string{
		`user.nosuch == "x"`:                      "no such key: nosuch",
		`user.lastName`:                           "gives string, not true or false",
		`user.lastName > 3`:                       "no such overload",
		`"x" in groups`:                           "groups are not known",
		`user.nosuch != "x" && app.nosuch != "x"`: "no such key",
	} {
		in, err := newMapper(t, config{Scope: expression}).InScope(ana(), nil)
		if in || err == nil {
			t.Fatalf("%s: %v, %v", expression, in, err)
		}
		wantParts(t, err.Error(), []string{"evaluating sync.scope for 00uANA: ", part})
		if strings.Contains(err.Error(), "ana.silva") {
			t.Errorf("the error shows personal data: %v", err)
		}
	}
}

func TestGroupsThatAreNoneAreKnown(t *testing.T) {
	m := newMapper(t, config{Scope: `!("Office" in groups)`})
	if in, err := m.InScope(ana(), []string{}); !in || err != nil {
		t.Errorf("a person of no groups: %v, %v", in, err)
	}
}

func TestGroupsAreAskedForOnlyWhenRead(t *testing.T) {
	for _, test := range []struct {
		config config
		want   bool
	}{
		{config{}, false},
		{config{Scope: `user.groups == "x"`}, false},
		{config{Scope: `size(groups) > 0`}, true},
		{withTitle(`user.title`), false},
		{withTitle(`groups.filter(g, g.startsWith("Title "))[0]`), true},
	} {
		if got := newMapper(t, test.config).NeedsGroups(); got != test.want {
			t.Errorf("%+v: %v, want %v", test.config, got, test.want)
		}
	}
}

func TestMapperServesSeveralGoroutines(t *testing.T) {
	m := newMapper(t, config{Scope: `user.lastName == "Silva"`, Attributes: attributes{"jobTitle": {CEL: `user.firstName + string(user.n)`}}})
	faults := make(chan string, 8)
	for worker := range 8 {
		go func() {
			fault := ""
			for n := range 200 {
				p := anaWith(map[string]any{"n": worker*1000 + n})
				in, err := m.InScope(p, nil)
				if got := m.Map(p, nil).Wanted.Values[plan.JobTitle]; !in || err != nil || got != fmt.Sprint("Ana", worker*1000+n) {
					fault = fmt.Sprint(in, err, got)
				}
			}
			faults <- fault
		}()
	}
	for range 8 {
		if fault := <-faults; fault != "" {
			t.Error(fault)
		}
	}
}
