package state

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestNoticesAreReplacedWholeAndPrivate(t *testing.T) {
	notices := Notices(filepath.Join(t.TempDir(), "s.db"))
	if record, err := notices.Load(); record != nil || err != nil {
		t.Errorf("before the first: %q %v", record, err)
	}
	for _, want := range []string{`{"webhook":"a long record"}`, `{}`} {
		if err := notices.Save([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := notices.Load(); err != nil || string(got) != want {
			t.Errorf("loaded %q %v, want %q", got, err, want)
		}
	}
	if info, err := os.Stat(notices.path + ".notify"); err != nil || info.Mode().Perm() != private {
		t.Errorf("the file is %v %v", info.Mode(), err)
	}
}

func TestOneAtATimeTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	unlock, err := Notices(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if _, err := Notices(path).Lock(ctx); err == nil {
		t.Error("a second one has the lock")
	}
	unlock()
	again, err := Notices(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}
