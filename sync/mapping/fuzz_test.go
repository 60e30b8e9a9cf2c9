package mapping_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// The rules once more, said otherwise than the package says them.
var (
	emailRule   = regexp.MustCompile(`^[^@\s<>()\[\]:;,"]+@([\pL\pM\p{Nd}]([\pL\pM\p{Nd}-]*[\pL\pM\p{Nd}])?(\.[\pL\pM\p{Nd}]([\pL\pM\p{Nd}-]*[\pL\pM\p{Nd}])?)+|(?i:localhost))$`)
	stateRule   = regexp.MustCompile(`^[A-Z0-9]{1,2}$`)
	countryRule = regexp.MustCompile(`^[A-Z]{2}$`)
	hiddenRule  = regexp.MustCompile("[\\x00-\\x1f\\x7f-\\x{9f}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
)

// FuzzMapping says that whatever Okta sends, nothing that breaks a rule is ever
// sent to TrackTik.
func FuzzMapping(f *testing.F) {
	f.Add(`{"title":"Guard","preferredLanguage":"fr_CA"}`, `{"login":"a","email":"a@b.example","firstName":"A","lastName":"B"}`, "a")
	f.Add(`{"streetAddress":"1","locality":"M","region":"US-CA","postalCode":1,"country":"us"}`, `{"email":"é@bücher.example"}`, "\u202ea\u200b")
	f.Add(`{"division":["a"],"country":null,"region":"","userType":{}}`, `{"title":1e999,"state":"\ud800","login":false}`, "\xff")
	f.Add(`{"givenName":"e\u200b\u0301","familyName":"\u212a\u200c\u0301","title":"=cmd()\r\n<b>"}`, `null`, " \u1100\u1161 ")
	f.Add(`{"title":"\u0d23\u0d4d\u200d","familyName":"\u0d1c\u0d4b\u0d23\u0d4d\u200d \u200d"}`, `{"title":"\u0645\u200c\u00a0"}`, "\u0915\u094d\u200c")
	configured := newMapper(f, config{
		Scope: `user.division == "x" || "g" in groups`,
		Attributes: attributes{
			"customId": sources("user.employeeNumber"),
			"jobTitle": {CEL: `user.title + app.title`, Sources: []string{"app.division"}},
			"username": {CEL: `user.login.lowerAscii()`},
		},
	})
	mappers := []*mapping.Mapper{newMapper(f, config{}), configured}
	f.Fuzz(func(t *testing.T, app, user, userName string) {
		p := plan.Person{ID: "00uANA", Email: userName, App: anyObject(app), User: anyObject(user)}
		p.Assignment.UserName = userName
		for _, m := range mappers {
			r, from := m.Explain(p, []string{"g"})
			checkRules(t, r)
			checkExplained(t, r, from)
			if diff := cmp.Diff(r, m.Map(p, []string{"g"})); diff != "" {
				t.Errorf("mapped twice (-first +second):\n%s", diff)
			}
			if in, err := m.InScope(p, nil); in && err != nil {
				t.Errorf("in scope and an error: %v", err)
			}
		}
		checkStable(t, mappers[0], p)
	})
}

func anyObject(text string) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if decoder.Decode(&object) != nil {
		return map[string]any{"title": text, "streetAddress": text, "preferredLanguage": text, "division": text, "email": text}
	}
	return object
}

func checkRules(t *testing.T, r mapping.Result) {
	t.Helper()
	v, keep := r.Wanted.Values, r.Wanted.Keep
	for f, value := range v {
		checkText(t, plan.Field(f), value)
		if value != "" && keep.Has(plan.Field(f)) {
			t.Errorf("%s is kept and filled with %q", plan.Field(f), value)
		}
	}
	for _, f := range plan.RequiredFields {
		if (v[f] == "" && len(r.Problems) == 0) || keep.Has(f) {
			t.Errorf("%s is %q, kept %v, and problems %v", f, v[f], keep.Has(f), r.Problems)
		}
	}
	if v[plan.Email] != "" && !emailRule.MatchString(v[plan.Email]) {
		t.Errorf("e-mail %q", v[plan.Email])
	}
	if v[plan.Language] != "" && !slices.Contains(trackTikLanguages, v[plan.Language]) {
		t.Errorf("language %q", v[plan.Language])
	}
	checkAddress(t, v, keep)
	for _, w := range r.Warnings {
		if w.Code == "" || w.Field == "" || w.Message == "" || w.User.ID != "00uANA" || len(w.Message) > 2000 {
			t.Errorf("warning %+v", w)
		}
	}
}

func checkText(t *testing.T, f plan.Field, value string) {
	t.Helper()
	most := 255
	if f == plan.PrimaryPhone {
		most = 20
	}
	switch {
	case !utf8.ValidString(value), !norm.NFC.IsNormalString(value), strings.TrimFunc(value, unicode.IsSpace) != value, hiddenRule.MatchString(value):
		t.Errorf("%s is not clean: %+q", f, value)
	case len([]rune(value)) > most:
		t.Errorf("%s has %d characters", f, len([]rune(value)))
	}
}

func checkAddress(t *testing.T, v plan.Values, keep plan.FieldSet) {
	t.Helper()
	filled, kept := 0, 0
	for _, f := range plan.AddressFields {
		if v[f] != "" {
			filled++
		}
		if keep.Has(f) {
			kept++
		}
	}
	if filled%5 != 0 || kept%5 != 0 {
		t.Errorf("%d parts of an address filled, %d kept: %q", filled, kept, v)
	}
	if filled == 5 && !(stateRule.MatchString(v[plan.State]) && countryRule.MatchString(v[plan.Country])) {
		t.Errorf("state %q, country %q", v[plan.State], v[plan.Country])
	}
}

func checkExplained(t *testing.T, r mapping.Result, from mapping.Sources) {
	t.Helper()
	for f, s := range from {
		value := r.Wanted.Values[f]
		if value != "" && (s.Name == "" || s.Normalised != (value != s.Raw)) {
			t.Errorf("%s is %q, from %+v", plan.Field(f), value, s)
		}
	}
}

// checkStable maps what was mapped: nothing may change a second time, or a
// record that comes back from TrackTik would differ for ever.
func checkStable(t *testing.T, m *mapping.Mapper, p plan.Person) {
	t.Helper()
	v := m.Map(p, nil).Wanted.Values
	p.User, p.App = map[string]any{}, map[string]any{}
	p.Assignment.UserName = ""
	for _, row := range rows {
		put(&p, row.sources[0], v[row.field])
	}
	if again := m.Map(p, nil).Wanted.Values; again != v {
		t.Errorf("mapped again (-first +second):\n%s", cmp.Diff(v, again))
	}
}
