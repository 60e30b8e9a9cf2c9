package disk

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// Precious says what a path is that no output may replace; empty: nothing of the kind.
// Neither links nor another spelling hide it.
func Precious(cfg *configs.Config, path string) string {
	if cfg == nil {
		return ""
	}
	at := Locate(path)
	if file := cfg.File(); file != "" && at.Is(file) {
		return "the configuration in use"
	}
	files := cfg.Files()
	if at.Is(files["state.path"]) {
		return "the snapshot (state.path)"
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if at.Is(files[key]) {
			return "the file that " + key + " names"
		}
	}
	if name := at.Companion(cfg.State.Path); name != "" {
		return fmt.Sprintf("the snapshot's own file %s", name)
	}
	return ""
}

// A Location is where a path leads in the end.
type Location struct {
	name string
	file fs.FileInfo // nil: there is none
	dir  fs.FileInfo // nil: that neither
}

// Locate finds out where a path leads.
func Locate(path string) Location {
	path = Followed(path)
	l := Location{name: filepath.Base(path)}
	if file, err := os.Stat(path); err == nil {
		l.file = file
	}
	if dir, err := os.Stat(filepath.Dir(path)); err == nil {
		l.dir = dir
	}
	return l
}

// Followed is path at the end of all links, also where that is nothing yet.
func Followed(path string) string {
	const most = 40 // as many as Linux follows
	for range most {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// Is reports whether both are one file, or would be on a file system that does without
// the case of letters.
func (l Location) Is(path string) bool {
	other := Locate(path)
	if l.file != nil && other.file != nil && os.SameFile(l.file, other.file) {
		return true
	}
	return l.isIn(filepath.Dir(Followed(path))) && strings.EqualFold(l.name, other.name)
}

func (l Location) isIn(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && l.dir != nil && os.SameFile(l.dir, info)
}

// Companion is the name of the file of a snapshot that this is, or would be.
func (l Location) Companion(snapshot string) string {
	dir := filepath.Dir(snapshot)
	if l.isIn(dir) && state.Keeps(snapshot, l.name) {
		return l.name
	}
	entries, err := os.ReadDir(dir)
	if err != nil || l.file == nil {
		return ""
	}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && state.Keeps(snapshot, e.Name()) && os.SameFile(info, l.file) {
			return e.Name()
		}
	}
	return ""
}
