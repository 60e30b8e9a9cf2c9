package okta

import (
	"errors"
	"net/url"
	"testing"
)

func TestNextLinkIsFoundHoweverItIsWritten(t *testing.T) {
	const next = "https://acme.okta.com/api/v1/apps/0oa1/users?after=x%2Cy;z&limit=500"
	for name, lines := range map[string][]string{
		"two lines":         {`<https://acme.okta.com/self>; rel="self"`, `<` + next + `>; rel="next"`},
		"next first":        {`<` + next + `>; rel="next"`, `<https://acme.okta.com/self>; rel="self"`},
		"folded":            {`<https://acme.okta.com/self>; rel="self", <` + next + `>; rel="next"`},
		"folded, no spaces": {`<https://acme.okta.com/self>;rel="self",<` + next + `>;rel="next"`},
		"unquoted":          {`<` + next + `>; rel=next`},
		"upper case":        {`<` + next + `>; REL="NEXT"`},
		"several relations": {`<` + next + `>; rel="prefetch next"`},
		"more parameters":   {`<` + next + `>; title="a, \"b\"; c"; rel="next"; foo; bar=1`},
		"spaces":            {"  <" + next + ">\t ; rel = \"next\" "},
		"empty elements":    {`,, <` + next + `>; rel="next" ,`},
		"the same twice":    {`<` + next + `>; rel="next"`, `<` + next + `>; rel="next"`},
	} {
		if got, err := nextLink(lines); err != nil || got != next {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestLastPageHasNoNextLink(t *testing.T) {
	for _, lines := range [][]string{
		nil, {""}, {`<https://acme.okta.com/self>; rel="self"`}, {`<https://a/b>`},
		{`<https://a/next>; rel="nextish"; title="rel=\"next\""`}, {`<https://a/1>; rel="self"; rel="next"`},
	} {
		if got, err := nextLink(lines); err != nil || got != "" {
			t.Errorf("%q: got %q, %v", lines, got, err)
		}
	}
}

func TestMalformedLinkIsNotTheEndOfTheListing(t *testing.T) {
	for _, line := range []string{
		"garbage", "<", "<https://a", `https://a; rel="next"`, `<https://a> rel="next"`, `<https://a>; rel="next`,
		`<https://a>; rel="ne\`, `<>; rel="next"`, `<https://a b>; rel="next"`, `<https://a>; rel="next", garbage`,
		`<https://a/1>; rel="next", <https://a/2>; rel="next"`,
	} {
		if got, err := nextLink([]string{line}); !errors.Is(err, errLink) {
			t.Errorf("%q: got %q, %v", line, got, err)
		}
	}
}

func TestNextPageIsOnlyTakenFromTheSamePlace(t *testing.T) {
	current, err := url.Parse("https://acme.okta.com/api/v1/apps/0oa1/users?after=a&expand=user&limit=500")
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"https://acme.okta.com/api/v1/apps/0oa1/users?after=b&expand=user&limit=500": "after=b&expand=user&limit=500",
		"https://ACME.okta.com:443/api/v1/apps/0oa1/users?after=b":                   "after=b&expand=user&limit=500",
		"http://acme.okta.com/api/v1/apps/0oa1/users?after=b&limit=200":              "after=b&expand=user&limit=200",
		"/api/v1/apps/0oa1/users?after=b":                                            "after=b&expand=user&limit=500",
		"?after=b":                                                                   "after=b&expand=user&limit=500",
		"https://evil.example/api/v1/apps/0oa1/users?after=b":                        "",
		"https://acme.okta.com:8443/api/v1/apps/0oa1/users?after=b":                  "",
		"https://acme.okta.com@evil.example/api/v1/apps/0oa1/users":                  "",
		"//evil.example/api/v1/apps/0oa1/users?after=b":                              "",
		"https://acme.okta.com/api/v1/apps/0oa2/users?after=b":                       "",
		"https://acme.okta.com/api/v1/apps/0oa1/users/../../x":                       "",
		"https://acme.okta.com/api/v1/apps/0oa1/users?after=%zz":                     "",
		"http://[::1":               "",
		"https://acme.okta.com/%zz": "",
	} {
		got, err := follow(current, target)
		if got.Encode() != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", target, got.Encode(), err, want)
		}
	}
}

func FuzzLinkParserEndsAndNamesOnlyWhatIsThere(f *testing.F) {
	f.Add(`<https://acme.okta.com/api/v1/users?after=x>; rel="next"`)
	f.Add(`<a>;rel=self,<b>;x="\"";rel="next"`)
	f.Add(`<a>; rel="next`)
	f.Fuzz(func(t *testing.T, line string) {
		next, err := nextLink([]string{line})
		if err != nil && next != "" {
			t.Errorf("%q: a page to read next, %q, and an error, %v", line, next, err)
		}
		if next == "" {
			return
		}
		again, err := nextLink([]string{"<" + next + `>; rel="next"`})
		if err != nil || again != next {
			t.Errorf("%q: got %q, which is read back as %q, %v", line, next, again, err)
		}
	})
}
