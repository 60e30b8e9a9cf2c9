package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// child is what the other process of a test does: it reports on stdout, a line
// each, and goes on until it is killed or its stdin ends.
func child(role, path string) {
	err := map[string]func(string) error{"hold": childHolds, "commit": childCommits, "backup": childBacksUp, "restore": childRestores,
		"create": childCreates, "draft": childDrafts}[role](path)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func childHolds(path string) error {
	db, err := Open(path, Options{Now: clock, Holder: Holder{Host: "worker-1", User: "ops", Command: "sync"}})
	if err != nil {
		return err
	}
	id, err := db.NextRun(morning)
	if err != nil {
		return err
	}
	fmt.Println("holding", id)
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, db.Close())
}

// childCommits begins and settles an action for one new person after the other,
// four at a time, and says so only after each step was acknowledged.
func childCommits(path string) error {
	db, err := Open(path, Options{Timeout: 5 * time.Second, Now: clock})
	if err != nil {
		return err
	}
	run, err := db.NextRun(morning)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for worker := range 4 {
		go func() {
			for n := 10_000*int(runNumber(run)) + worker; ; n += 4 {
				if err := childProvisions(db, n, func(format string, args ...any) { fmt.Printf(format, args...) }); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// childProvisions provisions the person n in two steps, and says so after each.
func childProvisions(db *DB, n int, say func(format string, args ...any)) error {
	id, employee := person(n), plan.EmployeeID(n)
	seq, err := db.Begin(plan.Intent{Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: id}}})
	if err != nil {
		return err
	}
	say("begun %s %d\n", id, seq)
	err = db.Commit(plan.Batch{Settle: []uint64{seq}, Links: []plan.Link{link(id, employee)}, Prints: []plan.PersonPrint{{Person: id, Print: printOf(n)}},
		Audits: []plan.Audit{{Kind: string(plan.Create), Person: id, Employee: employee, Outcome: plan.Done}}})
	if err != nil {
		return err
	}
	say("done %s %d\n", id, seq)
	return nil
}

// childBacksUp copies the snapshot elsewhere, again and again.
func childBacksUp(path string) error {
	db, err := Open(path, Options{ReadOnly: true, Timeout: 5 * time.Second})
	fmt.Println("ready")
	for err == nil {
		err = db.Backup(filepath.Join(filepath.Dir(path), "elsewhere", "copy.db"))
	}
	return err
}

// childRestores puts a copy in the snapshot's place, again and again.
func childRestores(path string) error {
	fmt.Println("ready")
	for {
		kept, err := Restore(path+".original", path, acme, Options{Timeout: 5 * time.Second})
		if err == nil && kept != "" {
			err = os.Remove(kept)
		}
		if err != nil {
			return err
		}
	}
}

// childCreates makes the snapshot anew, again and again.
func childCreates(path string) error {
	fmt.Println("ready")
	for {
		if err := os.Remove(path); err != nil {
			return err
		}
		db, err := Create(path, acme, Options{})
		if err := errors.Join(err, db.Close()); err != nil {
			return err
		}
	}
}

// childDrafts makes a copy in a directory of its own, as a plan does, and keeps it.
func childDrafts(path string) error {
	db, err := Open(path, Options{ReadOnly: true, Timeout: 5 * time.Second})
	if err != nil {
		return err
	}
	dir, err := NewDraftDir(path, filepath.Join(filepath.Dir(path), "elsewhere", "plan"))
	if err != nil {
		return err
	}
	if err := db.Copy(filepath.Join(dir.Path, "scratch.db")); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, db.Close(), dir.Discard())
}

// drafts are what lies about of drafts and their notes, at the snapshot and elsewhere.
func drafts(t *testing.T, path string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(path), func(name string, _ fs.DirEntry, err error) error {
		if err == nil && (strings.Contains(name, draftSuffix) || strings.Contains(name, noteSuffix)) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestKilledCopiesAreRemovedByTheNextRun, wherever they were made.
func TestKilledCopiesAreRemovedByTheNextRun(t *testing.T) {
	for _, role := range []string{"backup", "restore", "create", "draft"} {
		t.Run(role, func(t *testing.T) {
			db := create(t)
			path := db.Path()
			if err := errors.Join(os.Mkdir(filepath.Join(filepath.Dir(path), "elsewhere"), 0o700), db.Backup(path+".original"), db.Close()); err != nil {
				t.Fatal(err)
			}
			left := 0
			for try := 0; left < 2; try++ {
				if try == 500 {
					t.Fatal("no kill has left anything behind")
				}
				p := start(t, role, path)
				p.line(t)
				time.Sleep(time.Duration(try%15) * time.Millisecond)
				p.kill()
				if len(drafts(t, path)) > 0 {
					left++
				}
				again, err := Open(path, Options{Timeout: time.Second})
				if errors.Is(err, ErrMissing) {
					again, err = Create(path, acme, Options{})
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := again.Close(); err != nil {
					t.Fatal(err)
				}
				if names := drafts(t, path); len(names) > 0 {
					t.Fatalf("after a run there is still %v", names)
				}
			}
			if names := must[[]os.DirEntry](t)(os.ReadDir(filepath.Join(filepath.Dir(path), "elsewhere"))); len(names) > 1 {
				t.Errorf("elsewhere there are %v", names)
			}
		})
	}
}

// TestADraftInTheMakingIsLeftAlone: a run may begin beside a plan.
func TestADraftInTheMakingIsLeftAlone(t *testing.T) {
	db := create(t)
	path := db.Path()
	if err := errors.Join(os.Mkdir(filepath.Join(filepath.Dir(path), "elsewhere"), 0o700), db.Close()); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() (*Draft, error){
		"a file": func() (*Draft, error) {
			return NewDraft(path, filepath.Join(filepath.Dir(path), "elsewhere", "copy.db"))
		},
		"a directory": func() (*Draft, error) {
			return NewDraftDir(path, filepath.Join(filepath.Dir(path), "elsewhere", "plan"))
		},
	} {
		draft, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if err := mustOpen(t, path, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(draft.Path); err != nil {
			t.Errorf("%s: a run beside it has removed it: %v", name, err)
		}
		if err := draft.Discard(); err != nil {
			t.Error(err)
		}
		if names := drafts(t, path); len(names) > 0 {
			t.Errorf("%s: left is %v", name, names)
		}
	}
}

// TestHalvesOfSmallFilesAreRemovedToo, unless somebody is writing them.
func TestHalvesOfSmallFilesAreRemovedToo(t *testing.T) {
	db := create(t)
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	unlock, err := Tokens(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range companions {
		put(t, path+c.suffix+newSuffix, []byte(`{"access_token":"x`))
	}
	for _, held := range []bool{true, false} {
		if err := mustOpen(t, path, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range companions {
			if _, err := os.Stat(path + c.suffix + newSuffix); (err == nil) != (held && c.suffix == ".token") {
				t.Errorf("%s, with the lock of the tokens held: %v: %v", c.suffix, held, err)
			}
		}
		if held {
			unlock()
		}
	}
}

// TestASweepRemovesNothingOfOthers: what a note names must be a draft of that note.
func TestASweepRemovesNothingOfOthers(t *testing.T) {
	db := create(t)
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(t.TempDir(), "mine")
	for _, about := range []string{mine, "mine", "", filepath.Dir(mine), mine + draftSuffix + "1111"} {
		if err := errors.Join(os.WriteFile(mine, nil, private), os.WriteFile(mine+draftSuffix+"1111", nil, private), os.WriteFile(path+noteSuffix+"0000", []byte(about), private)); err != nil {
			t.Fatal(err)
		}
		if err := mustOpen(t, path, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(mine)
		_, othersErr := os.Stat(mine + draftSuffix + "1111")
		if err = errors.Join(err, othersErr); err != nil {
			t.Errorf("a note about %q: %v", about, err)
		}
	}
}

// A process is a child and the lines that it says.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
}

func start(t *testing.T, role, path string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), "STATE_TEST_CHILD="+role, "STATE_TEST_PATH="+path)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	t.Cleanup(func() { p.kill() })
	return p
}

// kill ends the process as a power cut would, and returns what it still said.
func (p *process) kill() (rest []string) {
	_ = p.cmd.Process.Kill() // it may have ended
	for p.lines.Scan() {
		rest = append(rest, p.lines.Text())
	}
	_ = p.cmd.Wait() // killed
	return rest
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("the other process is gone: %v", p.lines.Err())
	}
	return p.lines.Text()
}

func TestKilledProcessLosesNothingThatWasAcknowledged(t *testing.T) {
	db := create(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for round := range 6 {
		p := start(t, "commit", db.Path())
		for range 25 + 17*round {
			said[p.line(t)] = true
		}
		for _, line := range p.kill() {
			said[line] = true
		}
		again := mustOpen(t, db.Path(), Options{}) // at once: the lock ended with the process
		checkAcknowledged(t, again, said)
		check(t, again)
	}
}

func checkAcknowledged(t *testing.T, db *DB, said map[string]bool) {
	t.Helper()
	d := must[*dump](t)(dumpOf(db))
	recorded := map[plan.PersonID]bool{}
	for _, a := range d.Audits {
		recorded[a.Person] = true
	}
	for line := range said {
		var verb string
		var id plan.PersonID
		var seq uint64
		if _, err := fmt.Sscanf(line, "%s %s %d", &verb, &id, &seq); err != nil || verb == "error" {
			t.Fatalf("the other process said %q", line)
		}
		_, pending := d.Pending[seq]
		_, linked := d.Links[id]
		if verb == "done" && (pending || !linked) {
			t.Errorf("%s was done: linked %v, pending %v", id, linked, pending)
		}
		if pending == linked { // begun: before it is done one, afterwards the other
			t.Errorf("%s is linked %v and pending %v", id, linked, pending)
		}
	}
	if len(d.Links) != len(d.Audits) || len(d.Marks) != len(d.Links) {
		t.Errorf("half a transaction: %d links, %d marks, %d entries", len(d.Links), len(d.Marks), len(d.Audits))
	}
	for id := range d.Links {
		if !recorded[id] || d.Marks[id].Print == (plan.Print{}) {
			t.Errorf("%s was recorded by half", id)
		}
	}
}

func TestSecondProcessLearnsWhoIsInTheWay(t *testing.T) {
	db := create(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p := start(t, "hold", db.Path())
	run, _ := strings.CutPrefix(p.line(t), "holding ")
	want := Holder{PID: p.cmd.Process.Pid, Host: "worker-1", User: "ops", Command: "sync", Since: morning, Run: run}
	for _, readOnly := range []bool{false, true} {
		_, err := Open(db.Path(), Options{ReadOnly: readOnly})
		var locked *LockedError
		if !errors.As(err, &locked) || locked.Holder != want || locked.Readers {
			t.Errorf("read only %v: %v", readOnly, err)
		}
	}
	if h, busy, err := Locked(db.Path()); err != nil || !busy || h != want {
		t.Errorf("Locked says %+v %v %v", h, busy, err)
	}
	if _, err := Restore(db.Path()+".none", db.Path(), acme, Options{}); err == nil {
		t.Error("restored under a run")
	}
	// Killed, it holds nothing any more, whatever its note says.
	p.kill()
	if _, err := os.Stat(holderPath(db.Path())); err != nil {
		t.Fatalf("the killed process left no note: %v", err)
	}
	if h, busy, err := Locked(db.Path()); busy || err != nil {
		t.Errorf("after the kill: %+v %v %v", h, busy, err)
	}
	again := mustOpen(t, db.Path(), Options{})
	if h, busy, err := Locked(db.Path()); err != nil || !busy || h.PID != os.Getpid() {
		t.Errorf("Locked says %+v %v %v", h, busy, err)
	}
	check(t, again)
}
