package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// places are the directories and files that a run writes to.
type places struct{ *Doctor }

// directory looks whether the snapshot and the files beside it can be written.
func (d *places) directory(path string) {
	const name = "state.directory"
	dir := filepath.Dir(path)
	_, err := os.Stat(dir)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && disk.Nearest(dir) != filepath.Dir(dir): // only its last part is made by itself
		d.fail(name, "mkdir -p -m 700 "+dir, "%s is not there", dir)
	case missing && !d.mayWrite(name, filepath.Dir(dir), dir+" cannot be made"):
	case missing:
		d.warn(name, "mkdir -m 700 "+dir+" (its last part is made by itself)", "%s is not there yet", dir)
	default:
		if err := state.CheckDirectory(path); err != nil {
			d.fail(name, "chmod o-w "+dir, "%s", err)
		} else if d.mayWrite(name, dir, "the snapshot and the files beside it cannot be written") {
			d.ok(name, "%s can be written", dir)
		}
	}
}

// mayWrite tries to write into a directory, and notes a failure with what follows from it.
func (d *places) mayWrite(name, dir, follows string) bool {
	err := disk.Try(dir)
	if err != nil {
		d.fail(name, "give the user that the program runs as the right to write there, on a disk with room, or name "+
			"another place",
			"%s: %s", follows, err)
	}
	return err == nil
}

// leastRoom is what has to be free besides a copy of the snapshot.
const leastRoom = 16 << 20

// room looks for space for a copy of the snapshot, which each plan and backup makes, and
// for what a run adds. Of two places on one disk both are named.
func (d *places) room() {
	const name = "state.space"
	need := uint64(leastRoom)
	if info, err := os.Stat(d.cfg.State.Path); err == nil {
		need += uint64(info.Size()) //nolint:gosec // it is not negative
	}
	var roomy []string
	low := false
	places := []struct{ what, dir string }{{"state.path", filepath.Dir(d.cfg.State.Path)},
		{"state.backup.dir", d.cfg.State.Backup.Dir}}
	for _, place := range places {
		if place.dir == "" {
			continue
		}
		free, known := d.Free(disk.Nearest(place.dir))
		switch {
		case !known:
		case free < need:
			low = true
			d.fail(name, "free some, or name a place on another disk",
				"%d MB are free for %s, and %d MB are needed", free>>20, place.what, need>>20)
		default:
			roomy = append(roomy, place.what)
		}
	}
	switch {
	case low:
	case len(roomy) == 0:
		d.skip(name, "how much is free cannot be told here")
	default:
		d.ok(name, "there is room for %s", strings.Join(roomy, " and "))
	}
}

// textfile looks whether the metrics can be written: their directory is not made.
func (d *places) textfile() {
	const name = "metrics.textfile"
	file := d.cfg.Metrics.Textfile
	if file == "" {
		return
	}
	dir := filepath.Dir(file)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		d.fail(name, "make the directory, as node_exporter's --collector.textfile.directory names it",
			"%s is not there, and is not made by itself", dir)
	} else if d.mayWrite(name, dir, "the metrics cannot be written") {
		d.ok(name, "%s can be written", dir)
	}
}

// second warns of two configurations: whoever works with one does not see the other.
func (d *places) second() {
	file := d.cfg.File()
	if file == "" || disk.Locate(d.ServiceFile).Is(file) {
		return
	}
	if _, err := os.Stat(d.ServiceFile); errors.Is(err, fs.ErrNotExist) {
		return
	}
	d.warn("config.second", "say which one counts: --config, or "+configs.EnvConfig+
		"; remove the other, or give each a state.path of its own",
		"%s is in use, and there is also %s, which the service uses", file, d.ServiceFile)
}
