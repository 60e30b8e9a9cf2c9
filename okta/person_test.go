package okta

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

func decodeOne(t *testing.T, raw string) plan.Person {
	t.Helper()
	p, err := dissect(raw).decode(routeAssignments, "req-1", plan.Print{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAssignmentIsReadWhole(t *testing.T) {
	want := plan.Person{
		ID: "00u1", Login: "00u1@acme.example", Email: "00u1@mail.example", Status: "ACTIVE", Readable: true,
		Assignment: plan.Assignment{Present: true, Status: "ACTIVE", Scope: "GROUP", Group: "00gguards", UserName: "00u1@acme.example", SyncState: "DISABLED",
			Updated: time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)},
		User: map[string]any{"firstName": "Ana", "lastName": "Silva", "mobilePhone": nil, "login": "00u1@acme.example",
			"email": "00u1@mail.example", "employeeNumber": json.Number("12345678901234567890")},
		App: map[string]any{"site": "Docks"},
	}
	if diff := cmp.Diff(want, decodeOne(t, assignment("00u1"))); diff != "" {
		t.Error(diff)
	}
}

func TestProfileValuesOfAnyTypeAreKeptForTheMapping(t *testing.T) {
	raw := strings.Replace(assignment("00u1"), `"site":"Docks"`, `"n":1e400,"yes":true,"list":["a",2],"none":null,"more":{"a":{}}`, 1)
	want := map[string]any{"n": json.Number("1e400"), "yes": true, "list": []any{"a", json.Number("2")}, "none": nil,
		"more": map[string]any{"a": map[string]any{}}}
	if diff := cmp.Diff(want, decodeOne(t, raw).App); diff != "" {
		t.Error(diff)
	}
}

func FuzzPlainProfileIsReadAsAnyOther(f *testing.F) {
	for _, raw := range []string{`{}`, ` { "a" : "b" , "n":-0.10e+2,"t":true,"f":false,"none":null,"a":"c" } `, `{"":"","é":"Ł ","list":[],"o":{}}`,
		`{"a":"\u00e9"}`, `{"a\n":1}`, "{\"a\":\"\xff\"}", "{\"\xff\":1}", `{"a":"{\"b\":1}","c":":,}"}`, `{"a":12345678901234567890}`} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !gjson.Valid(raw) || !gjson.Parse(raw).IsObject() {
			t.Skip("the page would not be believed")
		}
		plain, ok := plainProfile(raw)
		if !ok {
			t.Skip("encoding/json reads it")
		}
		want, err := anyProfile(raw)
		if diff := cmp.Diff(want, plain); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", raw, err, diff)
		}
	})
}

func TestPersonWithoutAUsableUserIsUnreadable(t *testing.T) {
	for name, change := range map[string][2]string{
		"no user":               {`"_embedded"`, `"_elsewhere"`},
		"user is null":          {`"user":` + user("00u1"), `"user":null`},
		"user is a list":        {`"user":` + user("00u1"), `"user":[` + user("00u1") + `]`},
		"another user":          {`"user":{"id":"00u1"`, `"user":{"id":"00u2"`},
		"no status":             {`"status":"ACTIVE","lastLogin"`, `"lastLogin"`},
		"status is a number":    {`"status":"ACTIVE","lastLogin"`, `"status":1,"lastLogin"`},
		"status is empty":       {`"status":"ACTIVE","lastLogin"`, `"status":"","lastLogin"`},
		"profile is null":       {`"profile":{"firstName":"Ana"`, `"profile":null,"x":{"firstName":"Ana"`},
		"profile is a text":     {`"profile":{"firstName":"Ana"`, `"profile":"Ana","x":{"firstName":"Ana"`},
		"profile is too nested": {`"firstName":"Ana"`, `"firstName":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)},
	} {
		raw := strings.Replace(assignment("00u1"), change[0], change[1], 1)
		if p := decodeOne(t, raw); p.Readable || p.ID != "00u1" || !p.Assignment.Present {
			t.Errorf("%s: got %+v, want it unreadable", name, p)
		}
		if p := decodeOne(t, raw); name == "another user" && (p.Status != "" || p.Login != "" || p.User != nil) {
			t.Errorf("it has what is another user's: %+v", p)
		}
	}
}

func TestStatusOfAnotherTypeIsOneThatNobodyKnows(t *testing.T) {
	for value, want := range map[string]string{`7`: "7", `true`: "true", `{"a":1}`: `{"a":1}`, `null`: "", `"NEW"`: "NEW"} {
		raw := strings.Replace(assignment("00u1"), `"scope":"GROUP","status":"ACTIVE"`, `"scope":"GROUP","status":`+value, 1)
		if p := decodeOne(t, raw); p.Assignment.Status != want || !p.Readable {
			t.Errorf("%s: got %q, want %q", value, p.Assignment.Status, want)
		}
	}
}

func TestAppProfileThatIsNoneIsAnErrorWithEndpointAndRequest(t *testing.T) {
	raw := strings.Replace(assignment("00u1"), `"profile":{"site":"Docks"}`, `"profile":["Docks"]`, 1)
	_, err := dissect(raw).decode(routeAssignments, "req-1", plan.Print{})
	failure := wantBroken(t, err)
	if failure.Endpoint != routeAssignments.name || failure.RequestID() != "req-1" || !strings.Contains(err.Error(), "00u1") {
		t.Errorf("got %v", err)
	}
	for _, none := range []string{`"profile":null`, `"other":{}`} {
		if p := decodeOne(t, strings.Replace(assignment("00u1"), `"profile":{"site":"Docks"}`, none, 1)); p.App != nil || !p.Readable {
			t.Errorf("%s: got %+v", none, p)
		}
	}
}

func TestGrantingGroupIsTakenFromItsLink(t *testing.T) {
	for href, want := range map[string]plan.GroupID{
		`"https://acme.okta.com/api/v1/groups/00g1"`:      "00g1",
		`"https://acme.okta.com/api/v1/groups/00g1/?x=1"`: "00g1",
		`"/api/v1/groups/00g1"`:                           "00g1",
		`"https://acme.okta.com/"`:                        "",
		`"http://[::1"`:                                   "",
		`null`:                                            "",
		`7`:                                               "",
	} {
		raw := strings.Replace(assignment("00u1"), `"https://acme.okta.com/api/v1/groups/00gguards"`, href, 1)
		if p := decodeOne(t, raw); p.Assignment.Group != want {
			t.Errorf("%s: got %q, want %q", href, p.Assignment.Group, want)
		}
	}
}

func FuzzUserDecodesOrSaysWhyNot(f *testing.F) {
	f.Add(user("00u1"))
	f.Add(`{"id":"00u1","status":{},"profile":{"login":7,"email":[]}}`)
	f.Add(`{"id":"00u1","id":null}`)
	f.Fuzz(func(t *testing.T, raw string) {
		if !json.Valid([]byte(raw)) {
			t.Skip()
		}
		p, err := decodeUser(routeUser, "", raw)
		if (err == nil) != (p.ID != "") {
			t.Errorf("%q: got %+v, %v", raw, p, err)
		}
		if p.Readable && (p.Status == "" || p.User == nil) {
			t.Errorf("%q: readable without status or profile: %+v", raw, p)
		}
	})
}
