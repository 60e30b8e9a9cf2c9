package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// backupDay is how a copy's name says its day, in schedule.timezone.
const backupDay = "20060102"

// KeepBackups copies the snapshot into state.backup.dir after a run that changed
// something, and after the first of a day: one copy a day, which each such run replaces.
// The oldest beyond state.backup.keep go. A copy that cannot be made is said, and fails
// no run. The day is Okta's: a run that did not reach it changed nothing.
func KeepBackups(ctx context.Context, i *wiring.Invocation, cfg *configs.Config, db *state.DB, e *tsync.Engine,
	d *plan.Document) {
	now, known := e.Clock()
	if !known {
		return
	}
	chores, err := state.LoadChores(cfg.State.Path)
	if err != nil {
		i.Log.WithError(err).Warn("what could not be kept up is not known")
	}
	_, apart := e.ClocksApart()
	made, err := keepBackup(cfg, db, now, changed(d) || chores.Backup != "", !apart)
	if err != nil {
		i.Log.WithError(err).WithField("dir", cfg.State.Backup.Dir).
			Warn("the snapshot could not be copied to state.backup.dir")
	}
	note(ctx, i, cfg, func(c *state.Chores) {
		if made {
			c.Backup, c.BackedUp = "", now.UTC()
		}
		if err != nil {
			c.Backup = err.Error()
		}
		if cfg.State.Backup.Dir == "" {
			c.Backup, c.BackedUp = "", time.Time{}
		}
	})
}

// changed reports whether a run did anything that the snapshot remembers.
func changed(d *plan.Document) bool {
	if d == nil || d.Result == nil {
		return false
	}
	for _, n := range d.Result.Done {
		if n > 0 {
			return true
		}
	}
	return d.Result.Failed > 0 || d.Result.Unknown > 0
}

// keepBackup makes the copy of the day, anew where there is one already; the oldest ones
// go only when the day is sure. made is false where none was to be made.
func keepBackup(cfg *configs.Config, db *state.DB, now time.Time, anew, sure bool) (made bool, err error) {
	dir := cfg.State.Backup.Dir
	if dir == "" {
		return false, nil
	}
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return false, err
	}
	name := strings.TrimSuffix(filepath.Base(cfg.State.Path), ".db")
	today := now.In(zone).Format(backupDay)
	path := filepath.Join(dir, name+"-"+today+".db")
	if _, err := os.Stat(path); err == nil && !anew {
		return false, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, fmt.Errorf("making state.backup.dir: %w", err)
	}
	if err := db.Backup(path); err != nil {
		return false, err
	}
	if !sure {
		return true, nil
	}
	return true, removeOldest(dir, name, today, cfg.State.Backup.Keep)
}

// removeOldest leaves the latest keep copies up to today. What is called otherwise is
// somebody else's, and a day to come a wrong clock's.
func removeOldest(dir, name, today string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading state.backup.dir: %w", err)
	}
	var copies []string
	for _, e := range entries {
		day, ours := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".db"), name+"-")
		if _, err := time.Parse(backupDay, day); ours && err == nil && day <= today && e.Type().IsRegular() {
			copies = append(copies, e.Name())
		}
	}
	slices.Sort(copies)
	for _, old := range copies[:max(0, len(copies)-keep)] {
		if err := os.Remove(filepath.Join(dir, old)); err != nil {
			return fmt.Errorf("removing an old copy of the snapshot: %w", err)
		}
	}
	return nil
}
