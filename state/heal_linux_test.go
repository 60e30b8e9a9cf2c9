package state

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tracktik-sync/sync/plan"
)

// damages are what becomes of a file, by name.
var damages = map[string]func(t *testing.T, file string, sound []byte){
	"empty":   func(t *testing.T, file string, _ []byte) { put(t, file, nil) },
	"half":    func(t *testing.T, file string, sound []byte) { put(t, file, sound[:len(sound)/2]) },
	"zeros":   func(t *testing.T, file string, sound []byte) { put(t, file, make([]byte, len(sound))) },
	"garbage": func(t *testing.T, file string, _ []byte) { put(t, file, []byte("\x7fELF\x02 \xff\xfe")) },
	"a directory": func(t *testing.T, file string, _ []byte) {
		if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(file, "inside"), []byte("x"))
	},
	"unreadable": func(t *testing.T, file string, _ []byte) { // for root too
		if err := errors.Join(os.Remove(file), os.Symlink(filepath.Base(file), file)); err != nil {
			t.Fatal(err)
		}
	},
	"a pipe": func(t *testing.T, file string, _ []byte) { // which is read for ever
		if err := errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)); err != nil {
			t.Fatal(err)
		}
	},
	noPermission: func(t *testing.T, file string, _ []byte) {
		if err := os.Chmod(file, 0); err != nil {
			t.Fatal(err)
		}
	},
}

// noPermission is a damage that root does not see: who may read everything.
const noPermission = "no permission"

// asNobody runs tests of this program as nobody, by the pattern of -test.run.
func asNobody(t *testing.T, pattern string) {
	t.Helper()
	dir := t.TempDir()
	program, err := os.ReadFile(os.Args[0])                                                                              // it lies where nobody may not go
	err = errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(filepath.Join(dir, "test"), program, 0o755), //nolint:gosec // it is to be run
		os.Mkdir(filepath.Join(dir, "tmp"), 0o700), os.Chown(filepath.Join(dir, "tmp"), 65534, 65534))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "test"), "-test.v", "-test.run", pattern)
	cmd.Dir = filepath.Join(dir, "tmp")
	cmd.Env = []string{"TMPDIR=" + cmd.Dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: ") != 1+len(companions) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// TestEveryFileBesideTheSnapshotHeals: a damaged one is set aside and said, and counts
// as missing; whoever writes next makes a sound one.
func TestEveryFileBesideTheSnapshotHeals(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	fill := func(t *testing.T, path string) {
		t.Helper()
		db, err := Open(path, Options{Key: secret, Holder: Holder{Command: "sync"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.NextRun(morning)
		holder, holderErr := os.ReadFile(path + ".holder")
		err = errors.Join(err, holderErr, db.Close(), os.WriteFile(path+".holder", holder, private), // as a kill leaves it
			SaveStatus(path, map[string]int{"managed": 3}),
			ApprovalsOf(path, clock).Put(t.Context(), Approval{Hash: "ab12", Items: []ApprovalItem{{Kind: plan.Terminate, Person: "00u1"}}}),
			Tokens(path).WithKey(secret).Save([]byte(`{"refresh":"a long one"}`)),
			Notices(path).Save([]byte(`{"version":1}`)),
			Nonces(path).Save(t.Context(), "https://acme.okta.com", "0oa1", "a nonce"),
			Probes(path).Save(plan.ProbeNote{Portal: "https://acme.staffr.net", Employees: []plan.EmployeeID{7}}),
			UpdateChores(t.Context(), path, func(c *Chores) { c.Backup = "no space left" + c.Backup }))
		if err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 {
		asNobody(t, "^"+t.Name()+"$/"+strings.ReplaceAll(noPermission, " ", "_")+"$")
	}
	for _, c := range companions {
		for name, damage := range damages {
			if name == noPermission && os.Geteuid() == 0 {
				continue
			}
			t.Run(c.suffix+" "+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "s.db")
				db, err := Create(path, acme, Options{Key: secret})
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				fill(t, path)
				file := path + c.suffix
				sound, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				damage(t, file, sound)
				damaged, _ := os.Lstat(file)

				// Whoever only looks is not stopped by it.
				_, statusErr := LoadStatus(path)
				_, _, lockedErr := Locked(path)
				_, approvalsErr := ApprovalsOf(path, clock).List()
				record, tokensErr := Tokens(path).WithKey(secret).Load()
				_, noticesErr := Notices(path).Load()
				_, choresErr := LoadChores(path)
				if err := errors.Join(statusErr, lockedErr, approvalsErr, tokensErr, noticesErr, choresErr); err != nil {
					t.Errorf("looking: %v", err)
				}
				if c.suffix == ".token" && record != nil {
					t.Errorf("the tokens are %q", record)
				}

				var said []error
				db, err = Open(path, Options{Key: secret, Warn: func(err error) { said = append(said, err) }})
				if err != nil {
					t.Fatal(err)
				}
				meta, err := db.Meta()
				if err = errors.Join(err, db.Close()); err != nil || meta.RefreshDue != (c.suffix == ".last") {
					t.Errorf("a refresh is due: %v, %v", meta.RefreshDue, err)
				}
				var e *DamagedError
				if len(said) != 1 || !errors.As(said[0], &e) || e.Path != file || e.Aside != file+".damaged" || !strings.Contains(e.Error(), c.lost) {
					t.Errorf("said was %v", said)
				}
				if aside, err := os.Lstat(file + ".damaged"); err != nil || !os.SameFile(aside, damaged) {
					t.Errorf("what was damaged is %v %v", aside, err)
				}
				fill(t, path)
				if _, err := c.read(path, secret); err != nil {
					t.Errorf("written anew it is %v", err)
				}
				said = nil
				db, err = Open(path, Options{Key: secret, Warn: func(err error) { said = append(said, err) }})
				if err = errors.Join(err, db.Close()); err != nil || len(said) > 0 {
					t.Errorf("the next time: %v %v", said, err)
				}
			})
		}
	}
}

// TestReadersLeaveWhatWritersHave: they may be writing it just now.
func TestReadersLeaveWhatWritersHave(t *testing.T) {
	db := create(t)
	for _, suffix := range []string{".last", ".status", ".holder", ".approvals"} {
		put(t, db.Path()+suffix, []byte("{"))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{".last", ".status", ".holder", ".approvals"} {
		put(t, db.Path()+suffix, []byte("{"))
	}
	reader, err := Open(db.Path(), Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, suffix := range []string{".last", ".status", ".holder"} {
		if data, err := os.ReadFile(db.Path() + suffix); err != nil || string(data) != "{" {
			t.Errorf("a reader made %q of %s, %v", data, suffix, err)
		}
	}
	if _, err := os.Stat(db.Path() + ".approvals.damaged"); err != nil {
		t.Errorf("what has a lock of its own: %v", err)
	}
}

// TestOthersFilesAreNotDamaged: that we may not read them says nothing about them.
func TestOthersFilesAreNotDamaged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	db := create(t)
	put(t, db.Path()+".token", []byte(`{}`))
	if err := errors.Join(os.Chmod(filepath.Dir(db.Path()), 0o777|os.ModeSticky), db.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Setfsuid(0) })
	if _, err := Tokens(db.Path()).Load(); !errors.Is(err, os.ErrPermission) {
		t.Errorf("the tokens of somebody else: %v", err)
	}
}

// TestLocksAndHalvesThatAreInTheWayAreSetAside: a directory where a lock or the file in
// the making belongs.
func TestLocksAndHalvesThatAreInTheWayAreSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := Create(path, acme, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range companions {
		names = append(names, path+c.suffix+".new")
		if c.shared {
			names = append(names, path+c.suffix+".lock")
		}
	}
	for _, name := range names {
		if err := errors.Join(os.RemoveAll(name), os.Mkdir(name, 0o700)); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(name, "inside"), []byte("x"))
	}
	unlock, lockErr := Tokens(path).Lock(t.Context())
	if lockErr == nil {
		unlock()
	}
	told, noticeErr := Notices(path).Lock(t.Context())
	if noticeErr == nil {
		told()
	}
	probing, probeErr := Probes(path).Lock(t.Context())
	if probeErr == nil {
		probing()
	}
	_, runErr := db.NextRun(morning)
	err = errors.Join(lockErr, noticeErr, probeErr, runErr, db.Close(), SaveStatus(path, map[string]int{}), Tokens(path).Save([]byte(`{}`)), Notices(path).Save([]byte(`{}`)),
		Nonces(path).Save(t.Context(), "https://acme.okta.com", "0oa1", "a nonce"),
		Probes(path).Save(plan.ProbeNote{Portal: "https://acme.staffr.net"}),
		UpdateChores(t.Context(), path, func(c *Chores) { c.Metrics = "it answered 503" }),
		ApprovalsOf(path, clock).Put(t.Context(), Approval{Hash: "ab12"}))
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(name+".damaged", "inside")); err != nil {
			t.Errorf("what was in the way: %v", err)
		}
	}
}
