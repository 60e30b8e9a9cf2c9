package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryKeyHasADefaultAndEveryDefaultAKey(t *testing.T) {
	want := make([]string, len(schema.all))
	for i, f := range schema.all {
		want[i] = f.path
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(readDefaults()))); diff != "" {
		t.Errorf("fields of Config (-) and keys of defaults.yaml (+):\n%s", diff)
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	for _, key := range Keys() {
		if len(key.Doc) < 20 || !strings.HasSuffix(key.Doc, ".") {
			t.Errorf("%s: the comment in defaults.yaml says only %q", key.Path, key.Doc)
		}
		for _, word := range key.OneOf {
			if !strings.Contains(key.Doc, word) {
				t.Errorf("%s: the comment does not name the choice %s", key.Path, word)
			}
		}
		if key.Default == "" {
			t.Errorf("%s: no default", key.Path)
		}
	}
}

func TestVariablesOfTwoKeysNeverCollide(t *testing.T) {
	seen := map[string]string{EnvConfig: "--config", EnvApprove: "--approve", EnvConsole: "the chart"}
	for _, f := range schema.byPath {
		if other, taken := seen[f.env]; taken {
			t.Errorf("%s stands for %s and for %s", f.env, f.path, other)
		}
		seen[f.env] = f.path
	}
}

// otherValue is a value for f, as text for a variable and as Config holds it, that
// is not the default.
func otherValue(t *testing.T, f *field, secretFile string) (text string, want any) {
	t.Helper()
	switch f.kind {
	case kindFlag:
		flag := !readDefaults()[f.path].value.(bool)
		return fmt.Sprint(flag), flag
	case kindInteger:
		return "17", 17
	case kindNumber:
		return "0.25", 0.25
	case kindDuration:
		return "1d7m", day + 7*60e9
	case kindList:
		if len(f.oneOf) > 0 {
			return f.oneOf[1], []string{f.oneOf[1]}
		}
		return "one, Two.x", []string{"one", "Two.x"}
	case kindAttributes:
		return "{jobTitle: [user.title]}", map[string]Attribute{"jobTitle": {Sources: []string{"user.title"}}}
	case kindTexts:
		return "{Site 1.2: Guard}", map[string]string{"Site 1.2": "Guard"}
	case kindSecretFile:
		return secretFile, secretFile
	}
	if len(f.oneOf) > 0 {
		return f.oneOf[1], f.oneOf[1]
	}
	return "/other", "/other"
}

func TestEveryVariableReachesItsKey(t *testing.T) {
	secretFile := write(t, t.TempDir(), "secret", "from a file\n")
	for _, f := range schema.all {
		t.Run(f.env, func(t *testing.T) {
			text, want := otherValue(t, f, secretFile)
			// The value may break a rule elsewhere; here only its way counts.
			c, warnings, _ := load(t, minimal, f.env+"="+text)
			got := f.value(c)
			if secret, ok := got.(Secret); ok {
				got = secret.Reveal()
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s=%s gives %v, want %v", f.env, text, got, want)
			}
			if f.kind == kindSecretFile {
				if got := f.secret.value(c).(Secret).Reveal(); got != "from a file" {
					t.Errorf("%s holds %q, want what the file holds", f.secret.path, got)
				}
			}
			if got := c.Origin(f.path).Env; got != f.env {
				t.Errorf("the origin of %s is %s, want %s", f.path, got, f.env)
			}
			for _, w := range warnings {
				if strings.Contains(w.Message, "unknown variable") {
					t.Error(w)
				}
			}
		})
	}
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	c, _ := mustLoad(t, minimal)
	want := map[string]Limits{
		"terminate":   {50, 10, 20, 150},
		"revoke_role": {50, 10, 20, 500},
		"update":      {-1, 25, 20, -1},
		"clear":       {50, 10, 20, -1},
		"create":      {200, -1, 0, -1},
	}
	for _, kind := range GuardKinds() {
		if _, special := want[kind]; !special {
			want[kind] = Limits{-1, -1, 0, -1}
		}
	}
	if diff := cmp.Diff(want, c.Guard.Limits); diff != "" {
		t.Errorf("guard (-want +got):\n%s", diff)
	}
	if c.Guard.OnRefusal != "hold" || c.Guard.MaxProblemPercent != 40 || c.Guard.DeletedGrace != day {
		t.Errorf("guard is %+v", c.Guard)
	}
	if c.Sync.Mode != "apply" || c.Sync.DefaultRegion != "HQ" || c.State.Keep != 400*day || c.Schedule.Deadline != day/24 {
		t.Errorf("sync is %+v, state %+v, schedule %+v", c.Sync, c.State, c.Schedule)
	}
}
