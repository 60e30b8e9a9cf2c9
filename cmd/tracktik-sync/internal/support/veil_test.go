package support

import "testing"

func TestOnlyTheProgramsOwnWordsAreLetThrough(t *testing.T) {
	for message, want := range map[string]string{
		"okta.org_url is not set":                           "okta.org_url is not set",
		"GET /api/v1/users/00u1/groups: 403 (E0000006)":     "GET /api/v1/users/#1/groups: 403 (E0000006)",
		"GET /api/v1/users?filter=ana":                      "GET /api/v1/users",
		"Mark Grant has open problems":                      "#1 #2 has open problems",
		`username "mark" is taken`:                          `username "#1" is taken`,
		`has "mark grant" there`:                            `has "#1 #2" there`,
		`{"error":"has mark`:                                `{"#1 #2`,
		"call +1 (514) 555 7301 now":                        "call #1 (#2) #3 #4 now",
		"3 problems of 12 users":                            "3 problems of 12 users",
		"ana.silva@acme.example and ana.silva@acme.example": "#1 and #1",
		"/home/ana/tracktik-sync.yaml":                      "/#1/#2/tracktik-sync.yaml",
		"lookup acme.okta.com: no such host":                "lookup #1: no such host",
		"took 1m30s since 2026-11-24T06:00:00Z":             "took 1m30s since 2026-11-24T06:00:00Z",
	} {
		if got := newVeil().text(message); got != want {
			t.Errorf("%q is shown as %q, want %q", message, got, want)
		}
	}
}

func TestAWordThatIsSomebodysLoginIsHidden(t *testing.T) {
	v := newVeil()
	if got := v.text("nobody may grant this"); got != "nobody may grant this" {
		t.Fatalf("before: %q", got)
	}
	v.hide("grant", "")
	if got := v.text("nobody may grant this"); got != "nobody may #1 this" {
		t.Errorf("after: %q", got)
	}
}
