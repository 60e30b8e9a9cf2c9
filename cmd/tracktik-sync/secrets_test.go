package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// planted are the secrets of a configuration in which each one is known by sight.
var planted = map[string]string{
	"OKTA_AUTH_API_TOKEN":         "00plantedOktaToken",
	"TRACKTIK_AUTH_CLIENT_SECRET": "planted-client-secret",
	"TRACKTIK_AUTH_PASSWORD":      "planted-password",
	"TRACKTIK_AUTH_REFRESH_TOKEN": "planted-refresh-token",
	"STATE_KEY":                   "planted-state-key-0123456789abcdef",
	"NOTIFY_WEBHOOK_URL":          "planted-webhook",
	"NOTIFY_EMAIL_PASSWORD":       "planted-mail-password",
	"NOTIFY_PING_START":           "planted-ping-start",
	"NOTIFY_PING_SUCCESS":         "planted-ping-success",
	"NOTIFY_PING_FAILURE":         "planted-ping-failure",
	"METRICS_PUSHGATEWAY":         "planted-pushgateway",
}

func TestEverySecretOfTheConfigurationIsPlanted(t *testing.T) {
	for _, key := range configs.Keys() {
		if key.Type != "secret" || key.Path == "okta.auth.private_key" {
			continue // a private key has a story of its own
		}
		name := strings.TrimPrefix(key.Env, configs.EnvPrefix)
		if planted[name] == "" {
			t.Errorf("%s is not planted", key.Path)
		}
	}
}

// A hideout is a place whose secrets are planted, with somebody at the end of every
// address.
type hideout struct {
	*place
	mu   sync.Mutex
	sent strings.Builder // what was posted to the webhook and the others
}

func newHideout(t *testing.T, settings ...string) *hideout {
	t.Helper()
	h := &hideout{}
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sent.Write(body)
	}))
	t.Cleanup(listener.Close)
	for name, secret := range planted {
		if name == "NOTIFY_WEBHOOK_URL" || strings.HasPrefix(name, "NOTIFY_PING") || name == "METRICS_PUSHGATEWAY" {
			secret = listener.URL + "/" + secret
		}
		settings = append([]string{name + "=" + secret}, settings...)
	}
	h.place = newPlace(t, settings...)
	h.okta.Tokens = []string{planted["OKTA_AUTH_API_TOKEN"]}
	h.portal.OAuth.ClientSecret, h.portal.OAuth.Password = planted["TRACKTIK_AUTH_CLIENT_SECRET"], planted["TRACKTIK_AUTH_PASSWORD"]
	h.portal.OAuth.RefreshToken = planted["TRACKTIK_AUTH_REFRESH_TOKEN"]
	return h
}

// secrets are the planted ones, and what was got with them.
func (h *hideout) secrets(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"the head of an access token": "eyJ0eXAi"}
	for name, secret := range planted {
		all[name] = secret
	}
	return all
}

// leaks reports which secrets are in text.
func (h *hideout) leaks(t *testing.T, where, text string) {
	t.Helper()
	for name, secret := range h.secrets(t) {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s shows %s: …%s…", where, name, text[max(0, at-80):min(len(text), at+len(secret)+20)])
		}
	}
}

// search looks for secrets in all files but those that are meant to hold them.
func (h *hideout) search(t *testing.T, but string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || but != "" && strings.HasSuffix(path, but) {
			return err
		}
		data, err := os.ReadFile(path)
		h.leaks(t, path, string(data))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaks(t, "what is sent out", h.sent.String())
}

// leaves are the commands that do something, by the words that call them.
func leaves(cmd *cobra.Command, words []string) [][]string {
	if !cmd.HasSubCommands() {
		return [][]string{words}
	}
	var all [][]string
	for _, sub := range cmd.Commands() {
		all = append(all, leaves(sub, append(words[:len(words):len(words)], sub.Name()))...)
	}
	return all
}

// someArgs make commands that want some do something; %s is a person's id.
var someArgs = map[string]string{
	"apply": "saved.json", "plan": "--out saved.json", "sync": "--init", "explain": "%s", "history": "--format csv", "access": "--format csv",
	"link": "%s 1", "unlink": "%s", "restore": "last", "retry": "%s", "forget": "%s", "report": "last --out report.html",
	"state backup": "copy.db", "state restore": "copy.db", "state rekey": "--key-file key", "config init": "--output other.yaml",
	"auth login": "--paste", "docs man": "man",
}

// everyCommand calls every command of the tree once, and `sync` before them.
func (h *hideout) everyCommand(t *testing.T, each func(words string, stdout, stderr string), global ...string) {
	t.Helper()
	call := func(words []string, args string) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // `run` would stay
		defer cancel()
		if strings.Contains(args, "%s") {
			args = fmt.Sprintf(args, h.users["ana@acme.example"])
		}
		var out, errOut strings.Builder
		run(ctx, append(append(append([]string{}, global...), words...), strings.Fields(args)...), strings.NewReader("planted-code\n"), &out, &errOut)
		each(strings.Join(words, " "), out.String(), errOut.String())
	}
	call([]string{"sync"}, "--init")
	for _, words := range leaves(newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard)), nil) {
		if words[0] == "completion" { // prints scripts, and reads nothing
			continue
		}
		call(words, someArgs[strings.Join(words, " ")])
	}
}

func TestNoCommandShowsASecret(t *testing.T) {
	for name, settings := range map[string][]string{
		"encrypted":          nil,
		"plain":              {"STATE_KEY="},
		"refresh token":      {"TRACKTIK_AUTH_GRANT=refresh_token"},
		"authorization code": {"TRACKTIK_AUTH_GRANT=authorization_code"},
		"wrong password":     {"TRACKTIK_AUTH_CLIENT_ID=nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHideout(t, settings...)
			if err := os.WriteFile("key", []byte(planted["STATE_KEY"]+"-2"), 0o600); err != nil {
				t.Fatal(err)
			}
			h.addUser("ana@acme.example", "Ana", "Silva")
			h.everyCommand(t, func(words, stdout, stderr string) {
				h.leaks(t, "stdout of "+words, stdout)
				h.leaks(t, "stderr of "+words, stderr)
			}, "--log-level", "trace")
			if err := os.Remove("key"); err != nil {
				t.Fatal(err)
			}
			but := ""
			if name == "plain" {
				but = ".token" // which holds them
			}
			h.search(t, but)
		})
	}
}

// echo answers every call with all that came with it, as a proxy's error page may.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	text := fmt.Sprintf("refused: %s %s", r.Header.Get("Authorization"), body)
	_ = ui.WriteJSON(w, map[string]string{"error": text, "message": text, "errorCode": "E0000001", "errorSummary": text})
}

func TestAServerThatRepeatsASecretIsNotQuoted(t *testing.T) {
	h := newHideout(t)
	h.addUser("ana@acme.example", "Ana", "Silva")
	h.must(t, "sync", "--init")
	for _, system := range []string{"tracktik's tokens", "tracktik", "okta"} {
		h.okta.Configure(func(s *oktatest.Server) {
			s.Intercept = nil
			if system == "okta" {
				s.Intercept = func(w http.ResponseWriter, r *http.Request, _ http.Handler) { echo(w, r) }
			}
		})
		h.portal.Configure(func(s *tracktiktest.Server) {
			s.Intercept = nil
			if system != "okta" {
				s.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if strings.HasSuffix(r.URL.Path, "access_token") == (system == "tracktik") {
						next.ServeHTTP(w, r)
						return
					}
					echo(w, r)
				}
			}
		})
		if system == "tracktik's tokens" {
			h.portal.ExpireTokens()
		}
		for _, args := range [][]string{{"sync", "--refresh"}, {"check"}, {"plan", "--refresh"}, {"status"}, {"history"}, {"problems"}} {
			code, stdout, stderr := h.call(t, append([]string{"--log-level", "trace"}, args...)...)
			h.leaks(t, fmt.Sprintf("%s with %s repeating (exit %d)", args, system, code), stdout+stderr)
		}
		h.must(t, "status")
	}
	h.search(t, "")
}

func TestTheLogNamesNobody(t *testing.T) {
	h := newHideout(t, "SYNC_GROUPS_NAMES=*", "SYNC_DEFAULT_REGION=")
	personal := []string{"zephyrine", "quillfeather", "Zephyrine", "Quillfeather", "planted.example", "Boulevard"}
	h.okta.DefineUserAttribute("division", "string")
	for i, login := range []string{"zephyrine@planted.example", "quillfeather@planted.example", "zq@planted.example"} {
		h.addUser(login, fmt.Sprintf("Zephyrine%d", i), fmt.Sprintf("Quillfeather%d", i))
		h.okta.UpdateUser(h.users[login], map[string]any{"division": "HQ", "streetAddress": "1 Boulevard", "title": "Zephyrine's title"})
	}
	h.okta.UpdateUser(h.users["zq@planted.example"], map[string]any{"email": "zephyrine@planted.example"}) // a duplicate
	h.addMembers("Guards", []string{"zephyrine@planted.example", "quillfeather@planted.example"})
	h.portal.Configure(func(s *tracktiktest.Server) {
		s.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") && strings.Contains(string(body), "quillfeather@") {
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				echo(w, r) // a refusal that repeats the person
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	for _, args := range [][]string{{"sync", "--init"}, {"sync", "--refresh"}, {"retry"}, {"plan"}, {"check"}, {"access"}, {"history"}, {"problems"}, {"status"}} {
		_, _, stderr := h.call(t, append([]string{"--log-level", "info"}, args...)...)
		for _, name := range personal {
			if at := strings.Index(stderr, name); at >= 0 {
				t.Errorf("the log of %v names %s: …%s…", args, name, stderr[max(0, at-200):min(len(stderr), at+60)])
			}
		}
	}
}
