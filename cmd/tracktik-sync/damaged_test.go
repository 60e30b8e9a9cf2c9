//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
)

// fileDamages are what becomes of a file beside the snapshot.
var fileDamages = map[string]func(file string, sound []byte) error{
	"empty":   func(file string, _ []byte) error { return os.WriteFile(file, nil, 0o600) },
	"half":    func(file string, sound []byte) error { return os.WriteFile(file, sound[:len(sound)/2], 0o600) },
	"zeros":   func(file string, sound []byte) error { return os.WriteFile(file, make([]byte, len(sound)), 0o600) },
	"garbage": func(file string, _ []byte) error { return os.WriteFile(file, []byte("\x7fELF\xff\xfe"), 0o600) },
	"a directory": func(file string, _ []byte) error {
		return errors.Join(os.Remove(file), os.Mkdir(file, 0o700), os.WriteFile(filepath.Join(file, "inside"), nil, 0o600))
	},
	"unreadable": func(file string, _ []byte) error { // for root too
		return errors.Join(os.Remove(file), os.Symlink(file, file))
	},
}

// TestADamagedFileBesideTheSnapshotStopsNothing: neither a look nor a run, and a refusal
// is offered anew with an approval that works.
func TestADamagedFileBesideTheSnapshotStopsNothing(t *testing.T) {
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer hook.Close()
	for _, suffix := range []string{".approvals", ".token", ".notify", ".status", ".last", ".holder"} {
		t.Run(suffix, func(t *testing.T) {
			p := newPlace(t, "GUARD_TERMINATE_MAX_COUNT=0", "NOTIFY_WEBHOOK_URL="+hook.URL)
			p.addUser("ana@acme.example", "Ana", "Silva")
			p.addUser("bob@acme.example", "Bob", "Sousa")
			p.must(t, "sync", "--init")
			p.okta.DeactivateUser(p.users["bob@acme.example"])
			refusal := ""
			for name, damage := range fileDamages {
				for _, first := range []string{"status", "sync --refresh"} {
					refusal = p.withDamaged(t, suffix, name, damage, first)
				}
			}
			hash := regexp.MustCompile(`--approve ([0-9a-f]+)`).FindStringSubmatch(refusal)
			if hash == nil {
				t.Fatalf("nothing to approve with: %s", refusal)
			}
			p.must(t, "sync", "--approve", hash[1])
		})
	}
}

// withDamaged damages a file, gives commands, and answers what the last one said.
func (p *place) withDamaged(t *testing.T, suffix, name string, damage func(string, []byte) error, first string) (last string) {
	t.Helper()
	if code, _, said := p.call(t, "sync", "--refresh"); code != tsync.ExitRefused {
		t.Fatalf("before it is damaged, the run ended with %d: %s", code, said)
	}
	file := "tracktik-sync.db" + suffix
	if suffix == ".holder" { // a kill leaves it
		if err := os.WriteFile(file, []byte(`{"pid":1,"host":"worker-1","since":"2026-11-24T06:00:00Z"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := damage(file, sound); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, command := range []string{first, "status", "plan --refresh", "sync --refresh", "status"} {
		want := tsync.ExitRefused
		if command == "status" {
			want = tsync.ExitDone
		}
		code, _, stderr := p.call(t, strings.Fields(command)...)
		if code != want {
			t.Fatalf("%s: %s ended with %d, want %d: %s", name, command, code, want, stderr)
		}
		said += stderr
	}
	if n := strings.Count(said, "a file beside the snapshot is damaged"); n != 1 || !strings.Contains(said, suffix+".damaged") {
		t.Errorf("%s: it is said %d times: %s", name, n, said)
	}
	if left, err := os.ReadFile(file); suffix != ".holder" && (err != nil || !json.Valid(left)) {
		t.Errorf("%s: after the runs it is %q, %v", name, left, err)
	}
	if err := errors.Join(os.Rename(file+".damaged", "gone"), os.RemoveAll("gone")); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return said
}

// TestDamagedTokensCostALogin where a login needs nobody, and else say what to do.
func TestDamagedTokensCostALogin(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	for name, damage := range fileDamages {
		if err := damage("tracktik-sync.db.token", []byte(`{"access":"x"}`)); err != nil {
			t.Fatal(err)
		}
		p.must(t, "auth", "status")
		p.must(t, "sync", "--refresh")
		if token, err := os.ReadFile("tracktik-sync.db.token"); err != nil || !bytes.Contains(token, []byte(`"access_token"`)) {
			t.Errorf("%s: there are no new tokens, %v", name, err)
		}
		if err := os.RemoveAll("tracktik-sync.db.token.damaged"); err != nil {
			t.Fatal(err)
		}
	}
}
