package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// Settings are what varies of the configuration. Sync has the keys below `sync`, by
// their dotted names.
type Settings struct {
	Sync  map[string]any
	Limit int // of terminations, revokes and updates in one run; -1: none
	// Timeout is that of one call, which passes for real.
	Timeout time.Duration
}

func (s Settings) text(key string) string { t, _ := s.Sync[key].(string); return t }
func (s Settings) is(key string) bool     { b, _ := s.Sync[key].(bool); return b }
func (s Settings) list(key string) []string {
	l, _ := s.Sync[key].([]string)
	return l
}

// roles are those that the configuration gives to groups, by the group's name or id.
func (s Settings) roles() map[string]string {
	m, _ := s.Sync["groups.roles"].(map[string]string)
	return m
}

func (s Settings) grace() time.Duration {
	d, err := time.ParseDuration(s.text("unassigned_grace"))
	if err != nil {
		panic(err)
	}
	return d
}

// with is the settings with another value of a key.
func (s Settings) with(key string, value any) Settings {
	s.Sync = maps.Clone(s.Sync)
	s.Sync[key] = value
	return s
}

// choices are the values between which keys change, the default first.
var choices = []struct {
	key    string
	values []any
}{
	{"adopt", []any{"match", "match", "never"}},
	{"on_adopt", []any{"update", "keep"}},
	{"rehire", []any{"new", "reactivate"}},
	{"suspended", []any{"hold", "terminate"}},
	{"region", []any{"follow", "create_only"}},
	{"drift", []any{"repair", "report"}},
	{"unassigned_grace", []any{"0s", "0s", "48h"}},
	{"match", []any{[]string{"custom_id", "username", "email"}, []string{"username"}, []string{"email"}, []string{"custom_id"}}},
	{"protected", []any{[]string{"boss*@acme.example"}, []string{"boss*@acme.example", "p003@*", "p004@*"}}},
	{"groups.push", []any{"listed", "listed", "assigned", "mappings", "none"}},
	{"groups.unpushed", []any{"leave", "revoke"}},
	{"groups.roles", []any{map[string]string{}, map[string]string{"Site 1": "Guard"}, map[string]string{"Site 1": "Guard", "Site 2": "Guard"}, map[string]string{"Site 1": "Site 2"}}},
	{"groups.names", []any{[]string{"Site *"}, []string{"Site *", "Depot *"}, []string{"Depot *"}}},
	{"roles.per_person", []any{"many", "many", "one"}},
	{"create_users", []any{true, true, false}},
	{"update_users", []any{true, true, false}},
	{"deactivate_users", []any{true, true, false}},
	{"create_roles", []any{true, true, false}},
	{"grant_roles", []any{true, true, false}},
	{"revoke_roles", []any{true, true, false}},
	{"mode", []any{"apply", "apply", "observe"}},
	{"scope", []any{"", "", `user.department != "Office"`}},
	{"out_of_scope", []any{"leave", "terminate"}},
}

// firstSettings are those that a life begins with; mostly the defaults.
func (l *Life) firstSettings() Settings {
	s := Settings{Sync: map[string]any{}, Limit: -1, Timeout: 30 * time.Second}
	for _, c := range choices {
		s.Sync[c.key] = c.values[0]
		if l.rng.IntN(3) == 0 && c.key != "mode" && c.key != "scope" && !strings.HasSuffix(c.key, "s_users") {
			s.Sync[c.key], _ = pick(l.rng, c.values)
		}
	}
	if l.has(Groups) && l.rng.IntN(3) > 0 {
		s.Sync["groups.push"] = "listed"
	}
	if l.has(Mapped) {
		s.Sync["attributes"] = map[string][]string{"customId": {"user.employeeNumber"}, "jobTitle": {"user.guardTitle", "user.title"}}
	}
	if l.has(Dated) {
		s = s.dates()
	}
	if l.has(Guarded) {
		s.Limit = 1 + l.rng.IntN(3)
	}
	return s
}

// change sets one key to another value, and says so.
func (l *Life) change() string {
	c, _ := pick(l.rng, choices)
	value, _ := pick(l.rng, c.values)
	l.cfg = l.cfg.with(c.key, value)
	return fmt.Sprintf("%s is %v", c.key, value)
}

// calmed are the settings of a calm spell: nothing is switched off, and calls have time.
func (s Settings) calmed() Settings {
	for _, key := range []string{"create_users", "update_users", "deactivate_users", "create_roles", "grant_roles", "revoke_roles"} {
		s = s.with(key, true)
	}
	s.Timeout = 30 * time.Second
	return s.with("mode", "apply")
}

// write puts the configuration where the program looks for it.
func (l *Life) writeSettings(s Settings) {
	limit := func(n int) map[string]any {
		if n < 0 {
			n = 1_000_000
		}
		return map[string]any{"max_count": n, "max_percent": -1, "min_population": 0, "max_per_day": -1}
	}
	guard := map[string]any{"create": limit(-1), "clear": limit(-1), "terminate": limit(s.Limit), "revoke_role": limit(s.Limit), "update": limit(s.Limit)}
	tree := map[string]any{
		"okta": map[string]any{"org_url": l.org.URL, "app_id": l.app, "auth": map[string]any{"api_token": oktatest.DefaultToken}, "rate_limit_share": 1, "timeout": s.Timeout.String()},
		"tracktik": map[string]any{"base_url": l.portal.URL, "max_requests_per_minute": 0, "max_concurrency": 2, "timeout": s.Timeout.String(),
			"auth": map[string]any{"client_id": tracktiktest.DefaultClientID, "client_secret": tracktiktest.DefaultClientSecret,
				"username": tracktiktest.DefaultUsername, "password": tracktiktest.DefaultPassword}},
		"guard":    guard,
		"state":    map[string]any{"path": "tracktik-sync.db"},
		"schedule": map[string]any{"events_max_people": 5},
	}
	for _, key := range slices.Sorted(maps.Keys(s.Sync)) {
		if key == "groups.names" && s.text("groups.push") != "listed" {
			continue // they would not be used
		}
		put(tree, strings.Split("sync."+key, "."), s.Sync[key])
	}
	text, err := json.MarshalIndent(tree, "", "  ") // JSON is YAML
	if err == nil {
		err = os.WriteFile(l.file("tracktik-sync.yaml"), text, 0o600)
	}
	l.must(err)
}

func put(tree map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		if tree[name] == nil {
			tree[name] = map[string]any{}
		}
		tree = tree[name].(map[string]any)
	}
	tree[path[len(path)-1]] = value
}
