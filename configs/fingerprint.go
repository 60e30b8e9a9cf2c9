package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// PlanFingerprint stands for the effective values below sync and guard: 16 hexadecimal
// digits that are equal exactly when a plan would be decided by the same rules.
// Neither the order of keys nor that of lists which are sets counts.
func (c *Config) PlanFingerprint() string { return c.fingerprint("sync", "guard") }

// ReadFingerprint stands for what decides how one person and one group are
// read. When it changes, entries that Okta has not changed must be read again.
func (c *Config) ReadFingerprint() string {
	return c.fingerprint("sync.attributes", "sync.scope", "sync.out_of_scope", "sync.suspended", "sync.unassigned_grace",
		"sync.default_region", "sync.region", "sync.protected", "sync.match", "sync.groups", "sync.roles", "sync.staged", "sync.start", "sync.end")
}

func (c *Config) fingerprint(sections ...string) string {
	sum := sha256.New()
	for _, f := range schema.all {
		if slices.ContainsFunc(sections, func(s string) bool { return f.path == s || strings.HasPrefix(f.path, s+".") }) {
			writeValue(sum, f, f.value(c))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// writeValue adds one key. JSON sorts the keys of maps, and quotes what could be
// taken for the end of a value.
func writeValue(sum hash.Hash, f *field, value any) {
	if list, ok := value.([]string); ok {
		list = append([]string{}, list...)
		if f.isSet {
			slices.Sort(list)
			list = slices.Compact(list)
		}
		value = list
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic("configs: a value of the schema cannot be written as JSON: " + err.Error())
	}
	_, _ = fmt.Fprintf(sum, "%s=%s\n", f.path, text)
}
