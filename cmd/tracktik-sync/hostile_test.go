package main

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	tsync "tracktik-sync/sync"
	"tracktik-sync/tracktik/tracktiktest"
)

// A hostile profile: what somebody may write who can change their own profile in Okta.
const (
	hostileFirst = "=HYPERLINK(\"http://evil.example\",\"x\")"
	hostileLast  = "Sil\u202eva\x1b[2J\x1b]0;owned\x07\u200b\r\nlevel=error msg=forged"
	hostileCity  = "@SUM(1+1)*cmd|' /C calc'!A0"
	hostileHTML  = "<script>alert(1)</script><img src=x onerror=alert(1)>"
)

// controls are what must not reach a terminal or a log as it is.
func controls(s string) string {
	var bad []string
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			bad = append(bad, string(r))
		}
	}
	return strings.Join(bad, "")
}

func TestAHostileProfileHarmsNobody(t *testing.T) {
	huge := strings.Repeat("A", 1<<20)
	p := newPlace(t, "SYNC_GROUPS_NAMES=*")
	for i, title := range []string{hostileHTML, huge, "=1+1"} {
		login := "guard" + string(rune('a'+i)) + "@acme.example"
		p.addUser(login, hostileFirst, hostileLast)
		p.okta.UpdateUser(p.users[login], map[string]any{"title": title, "streetAddress": hostileHTML, "city": hostileCity,
			"state": "NY", "zipCode": "10001", "countryCode": "US", "primaryPhone": "+1\x1b[31m555"})
	}
	p.addMembers(hostileHTML+"\x1b[2J", []string{"guarda@acme.example", "guardb@acme.example"})

	texts := map[string]string{}
	run := func(args ...string) string {
		code, stdout, stderr := p.call(t, append([]string{"--log-level", "trace"}, args...)...)
		name := strings.Join(args, " ")
		if code != 0 && code != tsync.ExitProblems {
			t.Fatalf("%s ended with %d: %.500s", name, code, stderr)
		}
		texts["stderr of "+name] = stderr
		return stdout
	}
	for _, args := range [][]string{{"plan"}, {"check"}, {"sync", "--init"}, {"explain", "guarda@acme.example"}, {"problems"}, {"status"}, {"history"},
		{"access", "--format", "csv"}, {"history", "--format", "csv"}, {"plan", "--refresh"}} {
		texts[strings.Join(args, " ")] = run(args...)
	}
	for name, text := range texts {
		if bad := controls(text); bad != "" {
			t.Errorf("%s holds the controls %q", name, bad)
		}
		if !utf8.ValidString(text) || strings.Contains(text, huge[:10_000]) {
			t.Errorf("%s is no text, or repeats a whole title", name)
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "level=error msg=forged") {
				t.Errorf("%s has a line that the profile wrote: %q", name, line)
			}
		}
	}
	for _, name := range []string{"access --format csv", "history --format csv"} {
		rows, err := csv.NewReader(strings.NewReader(texts[name])).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=@\t\r", rune(cell[0])) {
					t.Errorf("%s has the formula %q", name, cell)
				}
			}
		}
	}
	p.documents(t, run)
	p.wire(t)
}

// documents holds that HTML shows tags as text, and that JSON is JSON.
func (p *place) documents(t *testing.T, run func(args ...string) string) {
	t.Helper()
	for _, args := range [][]string{{"plan", "--format", "html", "--refresh"}, {"report", "last", "--format", "html"}, {"compare", "--format", "html"}} {
		page := run(args...)
		for _, tag := range []string{"<script>alert", "<img src=x"} {
			if strings.Contains(page, tag) {
				t.Errorf("%v holds %s", args, tag)
			}
		}
		if bad := strings.NewReplacer("\t", "", "\r", "").Replace(controls(page)); bad != "" || len(page) > 1<<20 {
			t.Errorf("%v holds the controls %q, and is %d bytes long", args, bad, len(page))
		}
	}
	for _, args := range [][]string{{"plan", "--format", "json"}, {"report", "last", "--format", "json"}, {"status", "--format", "json"}, {"check", "--format", "json"}} {
		text := run(args...)
		if !json.Valid([]byte(text)) || len(text) > 1<<20 {
			t.Errorf("%v is no JSON, or is %d bytes long", args, len(text))
		}
	}
}

// wire holds that TrackTik is sent cleaned, bounded values, as data.
func (p *place) wire(t *testing.T) {
	t.Helper()
	writes := 0
	for _, r := range p.portal.Requests() {
		if r.Method == http.MethodGet || !strings.HasPrefix(r.Path, "/rest/v1") {
			continue
		}
		writes++
		var body map[string]any
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil || len(r.Body) > 64<<10 {
			t.Errorf("%s %s was sent %d bytes: %v", r.Method, r.Path, len(r.Body), err)
		}
		for field, value := range body {
			if text, ok := value.(string); ok && controls(text)+strings.Trim(text, "\n") != text {
				t.Errorf("%s %s was sent %s %q", r.Method, r.Path, field, text)
			}
		}
	}
	if writes == 0 {
		t.Error("nobody was written: the test shows nothing")
	}
	for _, e := range p.portal.Employees() {
		if e.ID != tracktiktest.IntegrationEmployee && len([]rune(e.JobTitle)) > 255 {
			t.Errorf("employee %d has a title of %d characters", e.ID, len([]rune(e.JobTitle)))
		}
	}
}
