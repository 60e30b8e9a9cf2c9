package state

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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
	if _, err := Restore(backup, restored, acme, Options{Now: clock}); err != nil {
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

func TestWritersMakeTheSnapshotPrivateAndRefuseAnOpenDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such mode bits")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	db, err := Create(path, acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), os.Chmod(path, 0o664)); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(path, Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a writer leaves %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Now: clock}); err == nil || !strings.Contains(err.Error(), "everybody may write") {
		t.Errorf("opened for writing in an open directory: %v", err)
	}
	if err := Tokens(path).Save([]byte("secret")); err == nil || !strings.Contains(err.Error(), "everybody may write") {
		t.Errorf("tokens saved in an open directory: %v", err)
	}
	if err := CheckDirectory(path); err == nil {
		t.Error("an open directory is in order")
	}
	if db, err = Open(path, Options{Now: clock, ReadOnly: true}); err != nil {
		t.Errorf("a reader is refused: %v", err)
	} else if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRekeyedTokensNeedTheNewKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "s.db")
	first, second := []byte("0123456789abcdef0123456789abcdef"), []byte("fedcba9876543210fedcba9876543210")
	file := Tokens(path).WithKey(first)
	if err := file.Ready(); err != nil {
		t.Fatal(err)
	}
	if found, err := file.Rekey(t.Context(), second); found || err != nil {
		t.Errorf("without a record: %v, %v", found, err)
	}
	if err := file.Save([]byte(`{"record":1}`)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as after an interruption
		if found, err := file.Rekey(t.Context(), second); !found || err != nil {
			t.Fatalf("%v, %v", found, err)
		}
	}
	if _, err := file.Load(); !errors.Is(err, ErrKey) {
		t.Errorf("with the old key: %v", err)
	}
	if record, err := file.WithKey(second).Load(); string(record) != `{"record":1}` || err != nil {
		t.Errorf("with the new key: %q, %v", record, err)
	}
	if _, err := Tokens(path).WithKey([]byte("a third one")).Rekey(t.Context(), first); !errors.Is(err, ErrKey) {
		t.Errorf("with a wrong key: %v", err)
	}
}
