package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A snapshot that has become large, as in a first run of a hundred thousand people, is
// small again after the run, with everything in it.
func TestASnapshotThatHasBecomeLargeIsWrittenAnew(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	db, err := state.Open("tracktik-sync.db", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.RunRecord{ID: "20261120T060000Z-000001", Started: time.Now(), Ended: time.Now(), Packed: make([]byte, 70<<20)}
	large, none := run, run
	none.Packed = nil
	if err := errors.Join(db.Commit(plan.Batch{Run: &large}), db.Commit(plan.Batch{Run: &none}), db.Close()); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat("tracktik-sync.db")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if n := size(); n < 70<<20 {
		t.Fatalf("the snapshot has %d bytes", n)
	}
	p.addUser("bob@acme.example", "Bob", "Stone")
	_, talk := p.must(t, "--log-level", "info", "sync")
	if n := size(); n > 2<<20 || !strings.Contains(talk, "was written anew") {
		t.Errorf("the snapshot has %d bytes after the run\n%s", n, talk)
	}
	p.must(t, "state", "verify")
	if out, _ := p.must(t, "history", "--kind", "create"); !strings.Contains(out, "ana@acme.example") || !strings.Contains(out, "bob@acme.example") {
		t.Errorf("the history is\n%s", out)
	}
	p.must(t, "sync", "--refresh")
	if n := len(p.portal.Employees()); n != 3 {
		t.Errorf("%d employees, want two and our own", n)
	}
}
