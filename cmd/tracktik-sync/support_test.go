package main

import (
	"archive/zip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	"tracktik-sync/tracktik/tracktiktest"
)

// plantedPeople are parts of names, logins, numbers and addresses of people.
var plantedPeople = []string{"zephyrine", "quillfeather", "planted.example", "boulevard", "5557301", "zq4711",
	"nightwarden"}

// unpacked is all that is in a file of `support`.
func unpacked(path string) (string, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer z.Close()
	var text strings.Builder
	for _, f := range z.File {
		part, err := f.Open()
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(part)
		if err := errors.Join(err, part.Close()); err != nil {
			return "", err
		}
		text.WriteString("== " + f.Name + "\n" + string(data))
	}
	return text.String(), nil
}

// unpack ZIP FILE: the texts of a file of `support`, one below the other.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack ZIP FILE")
	}
	text, err := unpacked(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// helped makes the file, and fails when somebody or a secret is in it.
func (h *hideout) helped(t *testing.T, args ...string) string {
	t.Helper()
	_ = os.Remove("help.zip")
	_, stderr := h.must(t, append([]string{"support", "--out", "help.zip"}, args...)...)
	text, err := unpacked("help.zip")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range plantedPeople {
		if at := strings.Index(strings.ToLower(text), name); at >= 0 {
			t.Errorf("it names %q: …%s…", name, text[max(0, at-200):min(len(text), at+60)])
		}
	}
	if strings.Contains(text, "@") {
		t.Errorf("there is an address in it:\n%s", text)
	}
	h.leaks(t, "the file", text)
	h.leaks(t, "stderr", stderr)
	for _, part := range []string{"version.txt", "config.txt", "check.txt", "state.txt", "runs.txt", "refused.txt", "answers.txt"} {
		if !strings.Contains(text, "/"+part+"\n") {
			t.Errorf("%s is missing", part)
		}
	}
	return text
}

// newTroubled is a hideout of people of whom one is refused in words that repeat her.
func newTroubled(t *testing.T) *hideout {
	t.Helper()
	h := newHideout(t, "SYNC_GROUPS_NAMES=*", "SYNC_PROTECTED=zephyrine@planted.example",
		"NOTIFY_EMAIL_TO=quillfeather@planted.example",
		"NOTIFY_EMAIL_FROM=zephyrine@planted.example", "NOTIFY_EMAIL_SMTP=127.0.0.1:1",
		"NOTIFY_EMAIL_USERNAME=zephyrine", "SYNC_ROLES_PROTECTED=Quillfeather*")
	for _, login := range []string{"zephyrine@planted.example", "quillfeather@planted.example",
		"nightwarden@planted.example", "zq4711"} {
		h.addUser(login, "Zephyrine", "Quillfeather")
		email := "mail." + strings.ReplaceAll(login, "@planted.example", "") + "@planted.example"
		h.okta.UpdateUser(h.users[login], map[string]any{"email": email, "mobilePhone": "+15145557301",
			"streetAddress": "1 Boulevard", "employeeNumber": "ZQ4711-" + login, "title": "Nightwarden"})
	}
	h.addMembers("Quillfeather guards", []string{"quillfeather@planted.example"})
	h.portal.Configure(func(s *tracktiktest.Server) {
		s.Intercept = tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, refuseQuillfeather)
	})
	return h
}

// refuseQuillfeather refuses one of the people with all that came with the request.
func refuseQuillfeather(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if strings.Contains(string(body), "nightwarden@") {
		echo(w, r)
		return
	}
	next.ServeHTTP(w, r)
}

func TestTheFileForSupportHasNoPersonAndNoSecret(t *testing.T) {
	h := newTroubled(t)
	_, _, log := h.call(t, "--log-format", "json", "--log-level", "debug", "sync", "--init")
	_, _, more := h.call(t, "--log-level", "debug", "sync", "--refresh")
	log += more + `time="2026-11-24T06:00:00Z" level=warning msg="left alone" person=zq4711 login=zephyrine@planted.example ` +
		`error="zephyrine is 00plantedOktaToken"` +
		"\nAuthorization: DPoP planted-refresh-token\n"
	if err := os.WriteFile("sync.log", []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	text := h.helped(t, "--log", "sync.log")
	for _, want := range []string{"exit 4", "POST /employees: 400", "POST /employees: 400 {", "create 3", "the snapshot is whole",
		"okta.auth.api_token: <set> # TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN",
		"level=warning", "other lines were left out"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it:\n%s", want, text)
		}
	}
}

// TestTheFileForSupportNeedsNothingThatWorks takes away what the program needs, one after
// the other.
func TestTheFileForSupportNeedsNothingThatWorks(t *testing.T) {
	for name, broken := range map[string]struct {
		do   func(t *testing.T, h *hideout)
		says string
	}{
		"no credentials": {func(t *testing.T, _ *hideout) {
			t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN", "")
			t.Setenv("TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD", "")
		}, "okta.auth"},
		"wrong credentials": {func(_ *testing.T, h *hideout) {
			h.okta.Configure(func(s *oktatest.Server) { s.Tokens = []string{"another"} })
		}, "failed"},
		"no snapshot": {func(t *testing.T, _ *hideout) {
			mustDo(t, os.Remove("tracktik-sync.db"))
		}, "there is no snapshot"},
		"a damaged snapshot": {func(t *testing.T, _ *hideout) {
			mustDo(t, os.WriteFile("tracktik-sync.db", []byte("zephyrine@planted.example planted-password"), 0o600))
		}, "state.snapshot"},
		"half a snapshot": {func(t *testing.T, _ *hideout) {
			mustDo(t, os.Truncate("tracktik-sync.db", 20000))
		}, "state.snapshot"},
		"a locked snapshot": {func(t *testing.T, _ *hideout) {
			holder := state.Holder{User: "zephyrine", Host: "quillfeather"}
			db, err := state.Open("tracktik-sync.db", state.Options{Key: []byte(planted["STATE_KEY"]), Holder: holder})
			mustDo(t, err)
			t.Cleanup(func() { _ = db.Close() })
		}, "in use by"},
		"another key": {func(t *testing.T, _ *hideout) {
			t.Setenv("TRACKTIK_SYNC_STATE_KEY", planted["NOTIFY_EMAIL_PASSWORD"])
		}, "another key"},
		"no YAML": {func(t *testing.T, _ *hideout) {
			text := "okta: [zephyrine@planted.example, planted-password\n\tx"
			mustDo(t, os.WriteFile("tracktik-sync.yaml", []byte(text), 0o600))
		}, "could not be read"},
		"unknown keys": {func(t *testing.T, _ *hideout) {
			text := "zephyrine: planted-password\nsync: {quillfeather: 1, mode: Zephyrine}\n"
			mustDo(t, os.WriteFile("tracktik-sync.yaml", []byte(text), 0o600))
		}, "What is wrong with it"},
		"secrets in the wrong place": {func(t *testing.T, _ *hideout) {
			t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_CLIENT_ID", planted["OKTA_AUTH_API_TOKEN"])
			t.Setenv("TRACKTIK_SYNC_OKTA_ORG_URL", "https://zephyrine:planted-password@quillfeather.okta.com")
			t.Setenv("TRACKTIK_SYNC_SYNC_DEFAULT_REGION", planted["TRACKTIK_AUTH_PASSWORD"])
			t.Setenv("TRACKTIK_SYNC_SCHEDULE_CRON", planted["TRACKTIK_AUTH_CLIENT_SECRET"])
			t.Setenv("TRACKTIK_SYNC_SYNC_ZEPHYRINE", planted["TRACKTIK_AUTH_CLIENT_SECRET"])
		}, "What is wrong with it"},
		"names in the place of keys": {func(_ *testing.T, h *hideout) {
			h.portal.Configure(func(s *tracktiktest.Server) {
				s.Intercept = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusBadRequest)
					_, _ = io.WriteString(w, `{"status":400,"error":{"Zephyrine Quillfeather":["planted-password"],"zephyrine":{"ZephyrineQuillfeather":1}}}`)
				}
			})
		}, `error:{key(22):[text(16)],key(9):{key(21):number}}`},
		"systems that repeat what they are sent": {func(_ *testing.T, h *hideout) {
			h.okta.Configure(func(s *oktatest.Server) {
				s.Intercept = func(w http.ResponseWriter, r *http.Request, _ http.Handler) { echo(w, r) }
			})
			h.portal.Configure(func(s *tracktiktest.Server) {
				s.Intercept = func(w http.ResponseWriter, r *http.Request, _ http.Handler) { echo(w, r) }
			})
		}, ": 400"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTroubled(t)
			h.call(t, "sync", "--init")
			broken.do(t, h)
			if text := h.helped(t); !strings.Contains(text, broken.says) {
				t.Errorf("it does not say %q:\n%s", broken.says, text)
			}
		})
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
