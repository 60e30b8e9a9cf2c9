package login

import (
	"strings"
	"testing"
)

func TestWhatMayBePasted(t *testing.T) {
	const state = "our-state"
	for text, want := range map[string]string{
		"http://127.0.0.1:47474/tracktik-sync?code=abc&state=our-state":     "abc",
		"  http://127.0.0.1:1/?state=our-state&code=a%2Fb#frag \n":          "a/b",
		"<https://tool.acme.example/done?code=abc&state=our-state&extra=1>": "abc",
		"code=abc&state=our-state":                                          "abc",
		"def50200abc":                                                       "def50200abc",
		"\"def50200abc\"":                                                   "def50200abc",
	} {
		if got, err := pastedCode(text, state); got != want || err != nil {
			t.Errorf("%q gives %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1/?code=abc&state=other":                                         "another one",
		"http://127.0.0.1/?code=abc":                                                     "another one",
		"http://127.0.0.1/?error=access_denied&error_description=no+way&state=our-state": "access_denied: no way",
		"http://127.0.0.1/?code=&state=our-state":                                        "holds no code",
		"https://acme.staffr.net/login":                                                  "neither",
		"two words":                                                                      "neither",
		" ":                                                                              "nothing was pasted",
	} {
		if got, err := pastedCode(text, state); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %q, %v, want an error with %q", text, got, err, want)
		}
	}
}
