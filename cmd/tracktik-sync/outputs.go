package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
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
func (o *output) mayWrite(ctx context.Context, t *console.Terminal, cfg *configs.Config) error {
	if o.path == "" {
		return nil
	}
	if what := disk.Precious(cfg, o.path); what != "" {
		return usage("%s is %s: name another file", o.path, what)
	}
	info, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, err := os.Stat(filepath.Dir(disk.Followed(o.path))) // else it would be found out when all is done
		return err
	case err != nil:
		return usage("%v", err)
	case info.IsDir():
		return usage("%s is a directory: name a file in it", o.path)
	case !info.Mode().IsRegular(), o.force:
		return nil
	case t.Asks && t.Ask(ctx, ui.Safe(o.path)+" is there already. Replace it? [y/N] "):
		return nil
	}
	return usage("%s is there already: name another file, or say --force to replace it", o.path)
}

// mayBackUp is mayWrite for a copy of the snapshot, which replaces nothing but an
// earlier copy.
func (o *output) mayBackUp(ctx context.Context, t *console.Terminal, cfg *configs.Config) error {
	info, err := os.Stat(o.path)
	if err == nil && disk.Precious(cfg, o.path) == "" && !info.IsDir() {
		if err := replaceableCopy(cfg, o.path, info); err != nil {
			return err
		}
	}
	return o.mayWrite(ctx, t, cfg)
}

func replaceableCopy(cfg *configs.Config, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return usage("%s is no snapshot: name another file", path)
	}
	of, err := state.BindingOf(path, wiring.StateKey(cfg))
	var locked *state.LockedError
	switch {
	case errors.Is(err, state.ErrKey): // the same one before its key was changed, perhaps
		return nil
	case errors.As(err, &locked):
		return usage("%v: name another file", err)
	case err != nil:
		return usage("%s is no snapshot, and is not replaced by one (%v): name another file", path, err)
	case of != wiring.Binding(cfg):
		return usage("%s is the snapshot of %s: name another file", path, bindingText(of))
	}
	return nil
}

// configIfAny is the configuration for commands that need none; nil: there is none.
func (a *app) configIfAny() *configs.Config {
	cfg, _, _ := configs.Load(configs.Options{Path: a.File})
	return cfg
}

// spare refuses what the program lives by, for commands that write where nothing is.
func (a *app) spare(path string) error {
	if what := disk.Precious(a.configIfAny(), path); what != "" {
		return usage("%s is %s: name another file", path, what)
	}
	return nil
}
