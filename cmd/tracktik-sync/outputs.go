package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// An output is a path that somebody gives, for a command to write to.
type output struct {
	path  string // empty: stdout
	force bool   // also where a file is
}

func (o *output) register(flags *pflag.FlagSet, usage string) {
	flags.StringVar(&o.path, "out", "", usage)
	o.registerForce(flags)
}

func (o *output) registerForce(flags *pflag.FlagSet) {
	flags.BoolVar(&o.force, "force", false, "replace the file that is there already")
}

// mayWrite refuses an output before anything is done for it: what the program lives by
// whatever anybody says, and another file unless somebody says so.
func (a *app) mayWrite(ctx context.Context, cfg *configs.Config, o output) error {
	if o.path == "" {
		return nil
	}
	if what := precious(cfg, o.path); what != "" {
		return usage("%s is %s: name another file", o.path, what)
	}
	info, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, err := os.Stat(filepath.Dir(followed(o.path))) // else it would be found out when all is done
		return err
	case err != nil:
		return usage("%v", err)
	case info.IsDir():
		return usage("%s is a directory: name a file in it", o.path)
	case !info.Mode().IsRegular(), o.force:
		return nil
	case a.asks && a.ask(ctx, ui.Safe(o.path)+" is there already. Replace it? [y/N] "):
		return nil
	}
	return usage("%s is there already: name another file, or say --force to replace it", o.path)
}

// mayBackUp is mayWrite for a copy of the snapshot, which replaces nothing but an
// earlier copy.
func (a *app) mayBackUp(ctx context.Context, cfg *configs.Config, o output) error {
	info, err := os.Stat(o.path)
	if err == nil && precious(cfg, o.path) == "" && !info.IsDir() {
		if err := replaceableCopy(cfg, o.path, info); err != nil {
			return err
		}
	}
	return a.mayWrite(ctx, cfg, o)
}

func replaceableCopy(cfg *configs.Config, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return usage("%s is no snapshot: name another file", path)
	}
	of, err := state.BindingOf(path, stateKey(cfg))
	var locked *state.LockedError
	switch {
	case errors.Is(err, state.ErrKey): // the same one before its key was changed, perhaps
		return nil
	case errors.As(err, &locked):
		return usage("%v: name another file", err)
	case err != nil:
		return usage("%s is no snapshot, and is not replaced by one (%v): name another file", path, err)
	case of != binding(cfg):
		return usage("%s is the snapshot of %s: name another file", path, bindingText(of))
	}
	return nil
}

// configIfAny is the configuration for commands that need none; nil: there is none.
func (a *app) configIfAny() *configs.Config {
	cfg, _, _ := configs.Load(configs.Options{Path: a.flags.config})
	return cfg
}

// spare refuses what the program lives by, for commands that write where nothing is.
func (a *app) spare(path string) error {
	if what := precious(a.configIfAny(), path); what != "" {
		return usage("%s is %s: name another file", path, what)
	}
	return nil
}

// precious says what a path is that no output may replace; empty: nothing of the kind.
// Neither links nor another spelling hide it.
func precious(cfg *configs.Config, path string) string {
	if cfg == nil {
		return ""
	}
	at := locate(path)
	if file := cfg.File(); file != "" && at.is(file) {
		return "the configuration in use"
	}
	files := cfg.Files()
	if at.is(files["state.path"]) {
		return "the snapshot (state.path)"
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if at.is(files[key]) {
			return "the file that " + key + " names"
		}
	}
	if name := at.companion(cfg.State.Path); name != "" {
		return fmt.Sprintf("the snapshot's own file %s", name)
	}
	return ""
}

// A location is where a path leads in the end.
type location struct {
	name string
	file fs.FileInfo // nil: there is none
	dir  fs.FileInfo // nil: that neither
}

func locate(path string) location {
	path = followed(path)
	l := location{name: filepath.Base(path)}
	if file, err := os.Stat(path); err == nil {
		l.file = file
	}
	if dir, err := os.Stat(filepath.Dir(path)); err == nil {
		l.dir = dir
	}
	return l
}

// followed is path at the end of all links, also where that is nothing yet.
func followed(path string) string {
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

// is reports whether both are one file, or would be on a file system that does without
// the case of letters.
func (l location) is(path string) bool {
	other := locate(path)
	if l.file != nil && other.file != nil && os.SameFile(l.file, other.file) {
		return true
	}
	return l.isIn(filepath.Dir(followed(path))) && strings.EqualFold(l.name, other.name)
}

func (l location) isIn(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && l.dir != nil && os.SameFile(l.dir, info)
}

// companion is the name of the file of a snapshot that this is, or would be.
func (l location) companion(snapshot string) string {
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
