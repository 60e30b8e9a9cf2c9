package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

func TestCreateMakesAPrivateFileThatKnowsItsSystems(t *testing.T) {
	db := create(t)
	info, err := os.Stat(db.Path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v), want 0600", info.Mode(), err)
	}
	m := must[plan.Meta](t)(db.Meta())
	if m.Binding != acme || !m.Created.Equal(morning) || m.RefreshDue {
		t.Errorf("meta is %+v", m)
	}
	if err := db.CheckBinding(acme); err != nil {
		t.Errorf("its own binding: %v", err)
	}
	other := acme
	other.App = "0oa2"
	err = db.CheckBinding(other)
	if !errors.Is(err, ErrWrongBinding) || !strings.Contains(err.Error(), "0oa1") || !strings.Contains(err.Error(), "0oa2") {
		t.Errorf("another binding: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(db.Path()))
	if err != nil || len(entries) != 2 { // the snapshot and its holder
		t.Errorf("the directory holds %v (%v)", entries, err)
	}
}

func TestCreateLeavesWhatIsThereAlone(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	if _, err := Create(db.Path(), acme, Options{}); !errors.Is(err, ErrExists) {
		t.Errorf("error is %v, want ErrExists", err)
	}
	if _, found, err := db.Link("00u1"); !found || err != nil {
		t.Errorf("the link is gone: %v %v", found, err)
	}
}

func TestOfTwoThatCreateOneWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			db, err := Create(path, acme, Options{Timeout: 5 * time.Second})
			if err == nil {
				err = db.Close()
			}
			errs <- err
		}()
	}
	made := 0
	for range cap(errs) {
		switch err := <-errs; {
		case err == nil:
			made++
		case !errors.Is(err, ErrExists):
			t.Errorf("unexpected: %v", err)
		}
	}
	if made != 1 {
		t.Errorf("%d made it", made)
	}
}

func TestCreateRefusesUnsafeDirectories(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	sticky := filepath.Join(dir, "sticky")
	for path, mode := range map[string]os.FileMode{open: 0o777, sticky: 0o777 | os.ModeSticky} {
		if err := errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "none", "none", "s.db"), "does not exist"},
		{filepath.Join(open, "s.db"), "everybody may write"},
		{filepath.Join(sticky, "s.db"), ""},
	} {
		db, err := Create(c.path, acme, Options{})
		if err == nil {
			err = db.Close()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
}

func TestMissingSnapshotIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for _, readOnly := range []bool{false, true} {
		_, err := Open(path, Options{ReadOnly: readOnly})
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), path) {
			t.Errorf("read only %v: %v", readOnly, err)
		}
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("something was made: %v", err)
	}
}

func TestReadersShareAndKeepWritersOut(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	reader := reopen(t, db, Options{ReadOnly: true})
	second := mustOpen(t, db.Path(), Options{ReadOnly: true})
	if _, found, err := second.Link("00u1"); !found || err != nil {
		t.Errorf("the second reader finds %v %v", found, err)
	}
	_, err := Open(db.Path(), Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || !locked.Readers || !strings.Contains(err.Error(), "being read") {
		t.Errorf("a writer beside readers: %v", err)
	}
	for what, err := range map[string]error{
		"commit": reader.Commit(plan.Batch{Links: []plan.Link{link("00u2", 2)}}),
		"prints": reader.CommitPrints([]plan.PersonPrint{{Person: "00u1", Print: printOf(1)}}),
		"run":    func() error { _, err := reader.NextRun(morning); return err }(),
	} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s through a reader: %v", what, err)
		}
	}
	if _, err := os.Stat(holderPath(db.Path())); !os.IsNotExist(err) {
		t.Errorf("a reader left a note: %v", err)
	}
}

func TestLockedSnapshotNamesItsHolder(t *testing.T) {
	db := create(t)
	holder := Holder{PID: 4711, Host: "worker-1", User: "ops", Command: "sync", Since: morning}
	db = reopen(t, db, Options{Holder: holder})
	run := must[string](t)(db.NextRun(morning))
	_, err := Open(db.Path(), Options{Timeout: 60 * time.Millisecond})
	var locked *LockedError
	if !errors.As(err, &locked) || !errors.Is(err, ErrLocked) {
		t.Fatalf("error is %v, want a LockedError", err)
	}
	holder.Run = run
	if locked.Holder != holder {
		t.Errorf("the holder is %+v, want %+v", locked.Holder, holder)
	}
	for _, word := range []string{"ops@worker-1", "sync", "4711", run, "since 2026-11-24T06:00:00Z"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if h, busy, err := Locked(db.Path()); !busy || h != holder || err != nil {
		t.Errorf("Locked says %+v %v %v", h, busy, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, busy, err := Locked(db.Path()); busy || err != nil {
		t.Errorf("after closing: %v %v", busy, err)
	}
	if _, err := os.Stat(holderPath(db.Path())); !os.IsNotExist(err) {
		t.Errorf("the note is still there: %v", err)
	}
}

func TestStaleHolderIsNotBelieved(t *testing.T) {
	db := create(t)
	reader := reopen(t, db, Options{ReadOnly: true})
	if err := writeJSON(holderPath(db.Path()), Holder{PID: 1, Host: "long-gone", Since: morning}); err != nil {
		t.Fatal(err)
	}
	_, err := Open(db.Path(), Options{})
	if err == nil || strings.Contains(err.Error(), "long-gone") {
		t.Errorf("beside a reader: %v", err)
	}
	if _, busy, err := Locked(db.Path()); busy || err != nil {
		t.Errorf("Locked says %v %v", busy, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, db.Path(), Options{})
}

func TestLockedAsksWithoutMakingAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if _, busy, err := Locked(path); busy || err != nil {
		t.Errorf("a missing file: %v %v", busy, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it was made: %v", err)
	}
}

func TestWaitingWriterNoticesThatTheFileWasReplaced(t *testing.T) {
	first, second := create(t), create(t)
	commit(t, second, plan.Batch{Links: []plan.Link{link("00u2", 2)}})
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	type opened struct {
		db  *DB
		err error
	}
	waiting := make(chan opened)
	go func() {
		db, err := Open(first.Path(), Options{Timeout: 10 * time.Second})
		waiting <- opened{db, err}
	}()
	time.Sleep(150 * time.Millisecond) // let it wait for the lock
	if err := errors.Join(copyFile(second.Path(), first.Path()+".x"), replace(first.Path()+".x", first.Path()), first.Close()); err != nil {
		t.Fatal(err)
	}
	got := <-waiting
	if got.err != nil {
		t.Fatal(got.err)
	}
	defer got.db.Close()
	if _, found, err := got.db.Link("00u2"); !found || err != nil {
		t.Errorf("it works on the file that was replaced: %v %v", found, err)
	}
}

func TestOtherBoltFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, nil, private); err != nil {
		t.Fatal(err)
	}
	raw(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err })
	if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "not written by this program") {
		t.Errorf("error is %v", err)
	}
}

func TestEverythingFailsAfterClose(t *testing.T) {
	db := create(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(plan.Batch{Links: []plan.Link{link("00u1", 1)}}); !errors.Is(err, ErrClosed) {
		t.Errorf("Commit: %v", err)
	}
	if _, _, err := db.Link("00u1"); !errors.Is(err, ErrClosed) {
		t.Errorf("Link: %v", err)
	}
	for _, err := range db.Prints() {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("Prints: %v", err)
		}
	}
	if err := db.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}
