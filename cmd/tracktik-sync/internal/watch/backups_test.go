package watch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/state"
)

var noonInUTC = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestOneCopyADayAndTheLatestAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copies")
	cfg := wiringtest.Load(t, wiring.Checks, "TRACKTIK_SYNC_STATE_BACKUP_DIR="+dir, "TRACKTIK_SYNC_STATE_BACKUP_KEEP=2", "TRACKTIK_SYNC_SCHEDULE_TIMEZONE=Pacific/Auckland")
	db, err := state.Create(cfg.State.Path, wiring.Binding(cfg), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	at := noonInUTC // the 25th in Auckland
	for range 2 * 4 {
		if _, err := keepBackup(cfg, db, at, false, true); err != nil {
			t.Fatal(err)
		}
		if at.Equal(noonInUTC) {
			if err := os.WriteFile(filepath.Join(dir, "tracktik-sync-mine.db"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "tracktik-sync-20280410.db"), nil, 0o600); err != nil { // of a wrong clock
				t.Fatal(err)
			}
		}
		at = at.Add(12 * time.Hour)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"tracktik-sync-20261127.db", "tracktik-sync-20261128.db", "tracktik-sync-20280410.db", "tracktik-sync-mine.db"}; !slices.Equal(names, want) {
		t.Errorf("there are %v, want %v", names, want)
	}
	if findings, err := state.Verify(filepath.Join(dir, "tracktik-sync-20261128.db"), state.Options{}); err != nil || len(findings) > 0 {
		t.Errorf("the copy: %v, %v", findings, err)
	}
}

func TestNoCopiesUnlessADirectoryIsNamed(t *testing.T) {
	if _, err := keepBackup(wiringtest.Load(t, wiring.Checks), nil, noonInUTC, true, true); err != nil {
		t.Error(err)
	}
}
