// Package disk says which files nothing may be written over, and writes the others at once.
package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// Write replaces the file at path at once: whoever reads it sees the old
// content or the new. Only the owner may read it. A link stays, and what it names is
// replaced. Something that is no file, such as a pipe, is written to as it is.
//
// snapshot is beside which it is noted as long as it is written; empty: nowhere.
func Write(snapshot, path string, write func(io.Writer) error) error {
	path = Followed(path)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, write), f.Close())
	}
	draft, err := state.NewDraft(snapshot, path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(draft.Path, os.O_WRONLY, 0)
	if err != nil {
		return errors.Join(err, draft.Discard())
	}
	err = buffered(f, write)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(draft.Path, path)
	}
	return errors.Join(err, draft.Discard())
}

func buffered(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 64<<10)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// WriteNew writes a file that must not be there yet. Only the owner may read it.
func WriteNew(path string, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

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
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && state.Keeps(snapshot, e.Name()) &&
			os.SameFile(info, l.file) {
			return e.Name()
		}
	}
	return ""
}
