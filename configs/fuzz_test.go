package configs

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
)

// FuzzLoad feeds arbitrary files and variables: whatever they hold, the answer is
// a configuration that can be shown, with findings or without.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(minimal), "TRACKTIK_SYNC_GUARD", "{terminate: {max_count: 1}}")
	f.Add([]byte(exampleYAML), "TRACKTIK_SYNC_SYNC_GROUPS_ROLES", "{A.b: c}")
	f.Add(defaultsYAML, "TRACKTIK_SYNC_SYNC_MATCH", "[email, username]")
	f.Add([]byte("a: &a [*a]\nsync: {attributes: &b {region: *b}}\n"), "TRACKTIK_SYNC_SYNC", "&x {groups: *x}")
	f.Add([]byte("sync: {groups: {roles: {? [a] : b, ~: c, <<: d}}}\n---\n"), "TRACKTIK_SYNC_X", "tcp://")
	f.Add([]byte("okta: {org_url: 'http://[::1%25x]:p@', timeout: 99999999999w}\n#"), "TRACKTIK_SYNC_OKTA_TIMEOUT", "1e9d")
	f.Fuzz(func(t *testing.T, data []byte, name, value string) {
		l := &loader{
			name: "fuzz.yaml", absolute: "/fuzz.yaml", dir: "/", data: data,
			env:  newEnvironment([]string{name + "=" + value}),
			read: func(string, string) (Secret, fs.FileMode, error) { return Secret{}, 0, errors.New("not read here") },
		}
		c := l.build()
		if c == nil {
			if len(l.findings) == 0 {
				t.Error("there is neither a configuration nor a finding")
			}
			return
		}
		findings, warnings := c.Validate()
		for _, finding := range append(l.findings, findings...) {
			if strings.TrimSpace(finding.Message) == "" {
				t.Errorf("a finding without a message: %+v", finding)
			}
		}
		for _, w := range append(l.warnings, warnings...) {
			if strings.TrimSpace(w.Message) == "" {
				t.Errorf("a warning without a message: %+v", w)
			}
		}
		if err := c.Show(io.Discard); err != nil {
			t.Error(err)
		}
		c.PlanFingerprint()
		c.ReadFingerprint()
	})
}
