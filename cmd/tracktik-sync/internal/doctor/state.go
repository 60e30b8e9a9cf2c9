package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// snapshot looks at the snapshot and the files beside it. It answers TrackTik's
// quarantine, nil when there is none, and whether somebody has the snapshot now.
func (d *Doctor) snapshot() (waiting *plan.Quarantine, busy bool) {
	path := d.cfg.State.Path
	places := &places{d}
	places.directory(path)
	waiting, busy = d.openSnapshot(path)
	places.modes(path)
	places.backups()
	places.room()
	places.textfile()
	places.chores(path)
	return waiting, busy
}

func (d *Doctor) openSnapshot(path string) (waiting *plan.Quarantine, busy bool) {
	const name = "state.snapshot"
	db, err := d.Open(d.cfg, d.Reading(d.cfg, 0))
	var missing *wiring.MissingError
	switch {
	case errors.As(err, &missing):
		d.ok(name, "there is none at %s yet: the first run is `sync --init`; if there was one, `state restore FILE`", path)
	case d.asKeyError(err):
	case errors.Is(err, state.ErrLocked):
		d.warn(name, "wait until it ends, or look at `status`", "%s", err)
		return nil, true
	case errors.Is(err, state.ErrOlderSchema):
		d.ok(name, "%s is of an older version, and is brought up to date by the next run", path)
	case errors.Is(err, state.ErrWrongBinding):
		d.fail(name, "correct the addresses, name another state.path, or run `state rebind`", "%s", err)
	case errors.Is(err, state.ErrCorrupt):
		d.fail(name, "`state restore FILE` puts a backup in its place", "%s", err)
	case err != nil:
		d.fail(name, "", "%s", err)
	default:
		defer db.Close()
		return d.readSnapshot(db, path), false
	}
	return nil, false
}

func (d *Doctor) readSnapshot(db *state.DB, path string) *plan.Quarantine {
	meta, metaErr := db.Meta()
	managed, managedErr := db.Managed()
	if err := errors.Join(metaErr, managedErr); err != nil {
		d.fail("state.snapshot", "`state verify` says more; `state restore FILE` puts a backup in its place", "%s", err)
		return nil
	}
	last := "no run has succeeded yet"
	if !meta.LastSuccess.IsZero() {
		last = "last success " + ui.Ago(meta.LastSuccess, d.Now())
	}
	d.ok("state.snapshot", "%s: %d managed, %s", path, managed, last)
	if d.cfg.State.Key.IsSet() {
		d.ok("state.key", "the snapshot and the tokens are encrypted")
	} else {
		d.ok("state.key", "the snapshot and the tokens are not encrypted; state.key_file names a key")
	}
	(&places{d}).overdue(db)
	d.log(db)
	q := meta.Quarantine
	if q == nil || q.System != "tracktik" {
		return nil
	}
	if !d.Now().Before(q.NextTry) {
		d.warn("state.quarantine", "", "%s is in quarantine since %s, and may be tried again: %s", q.System, q.Since.UTC().
			Format(time.RFC3339), q.Reason)
		return nil
	}
	return q
}

// overdue fails while TrackTik refuses a removal: a leaver must not keep the keys.
func (d *places) overdue(db *state.DB) {
	troubles, err := db.Troubles()
	if err != nil {
		d.fail("state.snapshot", "`state verify` says more", "%s", err)
		return
	}
	for _, t := range ledger.OverdueRemovals(troubles) {
		d.fail("removals", ui.WayOutOf(&t), "%s of %s is refused since %s: %s", ui.KindWords(t.Kind), t.Login, t.Since.UTC().
			Format(time.RFC3339), t.Message)
	}
}

// modes warns about files that others may read.
func (d *places) modes(path string) {
	if runtime.GOOS == "windows" {
		return
	}
	var open []string
	for _, suffix := range []string{"", ".token", ".status", ".approvals", ".notify", ".nonce", ".probe", ".chores"} {
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm()&0o077 != 0 {
			open = append(open, fmt.Sprintf("%s (%04o)", path+suffix, info.Mode().Perm()))
		}
	}
	if len(open) > 0 {
		d.warn("state.files", "chmod 600", "others may read or write %s", strings.Join(open, ", "))
	}
}

// oldBackup is the age at which the last copy is no comfort any more.
const oldBackup = 48 * time.Hour

func (d *places) backups() {
	const name = "state.backup"
	dir := d.cfg.State.Backup.Dir
	if dir == "" {
		d.warn(name, "set state.backup.dir to a directory, better on another disk",
			"no copies of the snapshot are kept: if it is lost, everybody is matched anew")
		return
	}
	if !d.mayWrite(name, disk.Nearest(dir), "copies to "+dir+" cannot be made") {
		return
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		d.ok(name, "%s is made by the first run", dir)
		return
	}
	if err != nil {
		d.fail(name, "", "reading state.backup.dir: %s", err)
		return
	}
	base := strings.TrimSuffix(filepath.Base(d.cfg.State.Path), ".db")
	var times []time.Time
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), base+"-") && strings.HasSuffix(e.Name(), ".db") {
			times = append(times, info.ModTime())
		}
	}
	if len(times) == 0 {
		d.ok(name, "no copy yet in %s: the first run makes one", dir)
		return
	}
	latest := slices.MaxFunc(times, time.Time.Compare)
	if d.Now().Sub(latest) > oldBackup {
		d.warn(name, "see why no run has ended since: `status`", "the last copy in %s is of %s", dir, ui.Ago(latest, d.Now()))
		return
	}
	d.ok(name, "the last copy in %s is of %s", dir, ui.Ago(latest, d.Now()))
}
