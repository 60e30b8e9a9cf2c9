package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// onDevice puts a device in the place of the file that bbolt has open, lets fn
// run, and puts the file back.
func onDevice(t *testing.T, db *DB, device string, fn func()) {
	t.Helper()
	fd := -1
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	for _, e := range entries {
		if name, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && name == db.Path() {
			if _, err := fmt.Sscan(e.Name(), &fd); err != nil {
				t.Fatal(err)
			}
		}
	}
	if fd < 0 {
		t.Fatalf("nobody has %s open", db.Path())
	}
	dev, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer dev.Close()
	saved, err := syscall.Dup(fd) // keeps the lock
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(dev.Fd()), fd, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	fn()
	if err := errors.Join(syscall.Dup3(saved, fd, syscall.O_CLOEXEC), syscall.Close(saved)); err != nil {
		t.Fatal(err)
	}
}

// roomy is a snapshot with free pages in it, so that it need not grow.
func roomy(t *testing.T) *DB {
	db := create(t)
	for n := range 200 {
		commit(t, db, plan.Batch{Links: []plan.Link{link(person(n), plan.EmployeeID(n+1))}})
	}
	for n := 1; n < 200; n++ {
		commit(t, db, plan.Batch{Unlink: []plan.PersonID{person(n)}})
	}
	return db
}

func TestFullDiskRefusesABatchAndTakesItLater(t *testing.T) {
	db := roomy(t)
	before := must[*dump](t)(dumpOf(db))
	b := plan.Batch{Links: []plan.Link{link("00u1", 1000)}, Audits: []plan.Audit{{Kind: "create"}}, Begin: []plan.Intent{{}}}
	onDevice(t, db, "/dev/full", func() {
		for range 3 {
			err := db.Commit(b)
			if !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), db.Path()) || !strings.Contains(err.Error(), "free some and try again") {
				t.Errorf("error is %v", err)
			}
		}
		if b.Begin[0].Seq != 0 {
			t.Errorf("the intent has the number %d", b.Begin[0].Seq)
		}
	})
	if after := must[*dump](t)(dumpOf(db)); !cmp.Equal(before, after) {
		t.Error(cmp.Diff(before, after))
	}
	commit(t, db, b)
	if _, found, err := reopen(t, db, Options{}).Link("00u1"); !found || err != nil {
		t.Errorf("the link is not there: %v %v", found, err)
	}
}

func TestFailedFsyncEndsAllWriting(t *testing.T) {
	db := roomy(t)
	before := must[*dump](t)(dumpOf(db))
	onDevice(t, db, "/dev/null", func() { // which takes everything, and cannot fsync
		if _, err := db.Begin(plan.Intent{}); err == nil || errors.Is(err, ErrNoSpace) {
			t.Errorf("error is %v", err)
		}
	})
	_, err := db.Begin(plan.Intent{})
	if err == nil || !strings.Contains(err.Error(), "nothing more is written after an earlier failure") {
		t.Errorf("the next one: %v", err)
	}
	if _, err := db.NextRun(morning); err == nil {
		t.Error("a run was numbered after it")
	}
	if err := db.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if after := must[*dump](t)(dumpOf(mustOpen(t, db.Path(), Options{ReadOnly: true}))); !cmp.Equal(before, after) {
		t.Error(cmp.Diff(before, after))
	}
}

// small is a directory on a disk of 2 MB.
func small(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("mounting a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestSnapshotOutgrowsItsDisk(t *testing.T) {
	dir := small(t)
	db, err := Create(filepath.Join(dir, "s.db"), acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), private); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for ; err == nil && kept < 10_000; kept += 100 {
		var links []plan.Link
		for n := range 100 {
			links = append(links, link(person(kept+n), plan.EmployeeID(kept+n+1)))
		}
		err = db.Commit(plan.Batch{Links: links})
	}
	kept -= 100 // the last one was refused
	if !errors.Is(err, ErrNoSpace) {
		t.Fatalf("after %d links: %v", kept, err)
	}
	if err := db.Backup(filepath.Join(dir, "backup.db")); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a backup: %v", err)
	}
	if err := SaveStatus(db.Path(), strings.Repeat("x", 1<<20)); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a status: %v", err)
	}
	if n := must[int](t)(db.Managed()); n != kept {
		t.Errorf("%d links of %d are left", n, kept)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	commit(t, db, plan.Batch{Links: []plan.Link{link("00ulast", 1_000_000)}})
	check(t, db)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left are %v %v", entries, err)
	}
}
