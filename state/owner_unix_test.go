//go:build unix

package state

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A timer that runs as a user of its own must be able to read what a command left
// that root ran by hand.
func TestWhatRootMakesBelongsToTheDirectorysOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files for others")
	}
	const owner = 65532
	dir := t.TempDir()
	if err := os.Chown(dir, owner, owner); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s.db")
	db, err := Create(path, acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.NextRun(morning); err != nil { // writes the small file beside it
		t.Fatal(err)
	}
	if err := db.Backup(filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ApprovalsOf(path, clock).Put(t.Context(), Approval{Hash: "0a1b"}); err != nil { // takes a lock of its own
		t.Fatal(err)
	}
	if _, err := Restore(filepath.Join(dir, "copy.db"), path, acme, Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 4 {
		t.Fatalf("only %d files were made: %v", len(files), err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != owner {
			t.Errorf("%s belongs to %d", file.Name(), uid)
		}
	}
}
