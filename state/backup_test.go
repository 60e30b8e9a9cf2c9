package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestBackupIsTheSnapshotAtOneMoment(t *testing.T) {
	db := create(t)
	fill(t, db)
	want := must[*dump](t)(dumpOf(db, "00g1"))
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(path); err != nil {
		t.Fatal(err)
	}
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u99", 99)}})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != private {
		t.Errorf("the backup is %v %v", info.Mode(), err)
	}
	got := must[*dump](t)(dumpOf(mustOpen(t, path, Options{ReadOnly: true}), "00g1"))
	if !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if err := db.Backup(path); err != nil { // beside a reader, over the first
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the backup are %v %v", entries, err)
	}
}

func TestBackupNeverReplacesItsOwnSnapshot(t *testing.T) {
	db := create(t)
	linked := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db.Path(), linked); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{db.Path(), linked} {
		if err := db.Backup(path); err == nil || !strings.Contains(err.Error(), "the snapshot itself") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDamagedSnapshotMakesNoBackup(t *testing.T) {
	db := create(t)
	fill(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "damaged.db")
	if err := copyFile(db.Path(), copied); err != nil {
		t.Fatal(err)
	}
	flip(t, copied, "Silva")
	broken := mustOpen(t, copied, Options{})
	path := filepath.Join(t.TempDir(), "backup.db")
	err := broken.Backup(path)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Path != copied {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a backup was left: %v", err)
	}
}

func TestRestorePutsTheBackupBackAndAsksForARefresh(t *testing.T) {
	db := create(t)
	fill(t, db)
	must[string](t)(db.NextRun(morning))
	want := must[*dump](t)(dumpOf(db, "00g1"))
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	must[string](t)(db.NextRun(morning))
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00u1"}})
	if _, err := Restore(backup, db.Path(), acme, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("under a writer: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := must[[]byte](t)(os.ReadFile(db.Path()))
	kept, err := Restore(backup, db.Path(), acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if replaced := must[[]byte](t)(os.ReadFile(kept)); kept != db.Path()+".before-restore-20261124T060000Z" || !bytes.Equal(replaced, before) {
		t.Errorf("what was replaced is kept as %s: %v", kept, bytes.Equal(replaced, before))
	}
	db = mustOpen(t, db.Path(), Options{})
	got := must[*dump](t)(dumpOf(db, "00g1"))
	if !got.Meta.RefreshDue {
		t.Error("no refresh is due")
	}
	want.Meta.RefreshDue = true
	if !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if id := must[string](t)(db.NextRun(morning)); id != "20261124T060000Z-000003" {
		t.Errorf("the next run is %s: its number was given before", id)
	}
	entries, err := os.ReadDir(filepath.Dir(db.Path()))
	if err != nil || len(entries) != 4 { // snapshot, holder, last, what was replaced
		t.Errorf("beside the snapshot are %v %v", entries, err)
	}
	// To an empty place, where nothing is known of later runs.
	place := filepath.Join(t.TempDir(), "s.db")
	if kept, err := Restore(backup, place, acme, Options{}); err != nil || kept != "" {
		t.Fatal(kept, err)
	}
	if m := must[plan.Meta](t)(mustOpen(t, place, Options{}).Meta()); !m.RefreshDue {
		t.Error("no refresh is due in the new place")
	}
}

// TestEachRestoreKeepsWhatItReplaces: also two in one second, and what is no snapshot any more.
func TestEachRestoreKeepsWhatItReplaces(t *testing.T) {
	db := create(t)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := errors.Join(db.Backup(backup), db.Close(), os.WriteFile(db.Path(), []byte("damaged"), private)); err != nil {
		t.Fatal(err)
	}
	first, err := Restore(backup, db.Path(), acme, Options{Now: clock})
	if err != nil || string(must[[]byte](t)(os.ReadFile(first))) != "damaged" {
		t.Errorf("kept as %q: %v", first, err)
	}
	second, err := Restore(backup, db.Path(), acme, Options{Now: clock})
	if err != nil || first == second {
		t.Errorf("kept as %q, then as %q: %v", first, second, err)
	}
	// It can be put back itself.
	mustOpen(t, db.Path(), Options{}).Close()
	if _, err := Restore(second, db.Path(), acme, Options{Now: clock}); err != nil {
		t.Error(err)
	}
}

func TestRestoreRefusesWhatDoesNotFit(t *testing.T) {
	db := create(t)
	fill(t, db)
	dir := t.TempDir()
	backup, damaged, newer, empty := filepath.Join(dir, "b.db"), filepath.Join(dir, "damaged.db"), filepath.Join(dir, "newer.db"), filepath.Join(dir, "empty.db")
	if err := errors.Join(db.Backup(backup), copyFile(backup, damaged), copyFile(backup, newer), os.WriteFile(empty, nil, private), db.Close()); err != nil {
		t.Fatal(err)
	}
	flip(t, damaged, "Silva")
	setSchema(t, newer, 3)
	other := acme
	other.Portal = "https://other.staffr.example"
	before := must[*dump](t)(dumpOf(mustOpen(t, db.Path(), Options{ReadOnly: true})))
	for name, c := range map[string]struct {
		from string
		want plan.Binding
		err  error
	}{
		"other systems": {backup, other, ErrWrongBinding},
		"damaged":       {damaged, acme, ErrCorrupt},
		"newer":         {newer, acme, ErrNewerSchema},
		"empty":         {empty, acme, ErrCorrupt},
		"a directory":   {dir, acme, ErrCorrupt},
		"missing":       {filepath.Join(dir, "none"), acme, os.ErrNotExist},
		"itself":        {db.Path(), acme, nil},
	} {
		place := filepath.Join(t.TempDir(), "s.db")
		if c.from == db.Path() {
			place = db.Path()
		}
		_, err := Restore(c.from, place, c.want, Options{})
		if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.from) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(filepath.Dir(place)); c.from != place && len(entries) > 0 {
			t.Errorf("%s: left %v %v", name, entries, err)
		}
	}
	if after := must[*dump](t)(dumpOf(mustOpen(t, db.Path(), Options{ReadOnly: true}))); !cmp.Equal(before, after) {
		t.Error(cmp.Diff(before, after))
	}
}

func TestRestoreThroughALinkKeepsTheLink(t *testing.T) {
	db := create(t)
	backup, linked := filepath.Join(t.TempDir(), "b.db"), filepath.Join(t.TempDir(), "s.db")
	if err := errors.Join(db.Backup(backup), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(db.Path(), linked); err != nil {
		t.Skip(err)
	}
	if _, err := Restore(backup, linked, acme, Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(linked); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v %v", info.Mode(), err)
	}
	if m := must[plan.Meta](t)(mustOpen(t, db.Path(), Options{}).Meta()); !m.RefreshDue {
		t.Error("what the link leads to was not restored")
	}
}
