package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// child is what the other process of a test does: it reports on stdout, a line
// each, and goes on until it is killed or its stdin ends.
func child(role, path string) {
	err := map[string]func(string) error{"hold": childHolds, "commit": childCommits}[role](path)
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
	if err := Restore(db.Path()+".none", db.Path(), acme, Options{}); err == nil {
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
