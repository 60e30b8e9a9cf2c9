package state

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// The root of a container's volume may be everybody's; the snapshot's directory in
// it must not be, and nobody there can make one.
func TestNewSnapshotsDirectoryIsMadeForItsUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such mode bits")
	}
	volume := t.TempDir()
	if err := os.Chmod(volume, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(volume, "data", "s.db")
	db, err := Create(path, acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(volume, "restored", "s.db")
	if err := Restore(backup, restored, acme, Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(restored)} {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o700 {
			t.Errorf("%s has mode %04o, want 0700", filepath.Base(dir), mode)
		}
	}
}
