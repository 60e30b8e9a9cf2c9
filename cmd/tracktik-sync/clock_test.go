package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

// mistaken makes a run on a machine whose clock is wrong by that much.
func (c *town) mistaken(t *testing.T, wrong time.Duration) {
	t.Helper()
	a := newApp(strings.NewReader(""), io.Discard, io.Discard)
	a.Now = func() time.Time { return time.Now().Add(wrong) }
	a.File = filepath.Join(c.dir, "tracktik-sync.yaml")
	cfg, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	db, err := a.OpenWrite(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&job{app: a, cfg: cfg, whole: true}).once(t.Context(), db, tsync.RunOptions{}); !errors.Is(err, tsync.ErrClock) {
		t.Errorf("ended with %v", err)
	}
}

// What lies beside the snapshot is kept and forgotten by the same clock as what is in it.
func TestAWrongClockLeavesApprovalsCopiesAndNotices(t *testing.T) {
	for _, wrong := range []time.Duration{-500 * 24 * time.Hour, 500 * 24 * time.Hour} {
		t.Run(wrong.String(), func(t *testing.T) {
			copies := t.TempDir()
			c := newTown(t, map[string]any{"GUARD_TERMINATE_MAX_COUNT": "0", "STATE_BACKUP_DIR": copies, "STATE_BACKUP_KEEP": "2"})
			c.addUser("ana@acme.example", "Ana", "Silva")
			c.addUser("bob@acme.example", "Bob", "Sousa")
			c.run(t, 0, "sync", "--init")
			c.okta.DeactivateUser(c.users["ana@acme.example"])
			_, told, _ := c.run(t, 3, "sync")
			yesterday := "tracktik-sync-" + time.Now().UTC().AddDate(0, 0, -1).Format("20060102") + ".db"
			if err := os.WriteFile(filepath.Join(copies, yesterday), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			before := namesIn(t, copies)
			c.mistaken(t, wrong)
			if now := namesIn(t, copies); !slices.Equal(now, before) {
				t.Errorf("the copies are %v, and were %v", now, before)
			}
			waiting, err := state.ApprovalsOf(filepath.Join(c.dir, "tracktik-sync.db"), nil).List()
			if err != nil || len(waiting) != 1 || waiting[0].Hash != told[0].Approve {
				t.Errorf("%d approvals wait: %v", len(waiting), err)
			}
			if _, told, _ := c.run(t, 0, "sync", "--approve", told[0].Approve); !strings.HasPrefix(eventsOf(told), "recovered") {
				t.Errorf("told was %+v", told)
			}
		})
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
