package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestChoresAreRememberedAndWrittenOnlyWhenTheyChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	update := func(change func(*Chores)) {
		t.Helper()
		if err := UpdateChores(t.Context(), path, change); err != nil {
			t.Fatal(err)
		}
	}
	update(func(*Chores) {})
	if _, err := os.Stat(path + ".chores"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing went wrong, and there is a record: %v", err)
	}
	update(func(c *Chores) { c.Backup = "no space left" })
	update(func(c *Chores) { c.Metrics = "it answered 503" })
	if c, err := LoadChores(path); err != nil || c.Backup != "no space left" || c.Metrics != "it answered 503" {
		t.Errorf("remembered is %+v, %v", c, err)
	}
	// Nobody waits for another who has nothing to change.
	unlock, err := chores.lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := UpdateChores(over, path, func(c *Chores) { c.Metrics = "it answered 503" }); err != nil {
		t.Error(err)
	}
	if err := UpdateChores(over, path, func(c *Chores) { c.Metrics = "" }); !errors.Is(err, context.Canceled) {
		t.Errorf("somebody else has it: %v", err)
	}
}
