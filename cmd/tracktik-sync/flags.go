package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// A choice is a flag that takes one of some words.
type choice struct {
	value   string
	allowed []string
}

func (c *choice) String() string { return c.value }

// Set takes one of the allowed words.
func (c *choice) Set(value string) error {
	if !slices.Contains(c.allowed, value) {
		return noneOf(value, c.allowed)
	}
	c.value = value
	return nil
}

// Type is what the help shows in the place of a value.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// formats adds --format, whose first word is the default, and to CSV --bom.
func formats(flags *pflag.FlagSet, allowed ...string) *choice {
	c := &choice{allowed[0], allowed}
	flags.Var(c, "format", "form of the output")
	if slices.Contains(allowed, "csv") {
		flags.Bool("bom", false, "begin CSV with a byte order mark, without which Excel garbles accents")
	}
	return c
}

// names is a flag that may be repeated, and is never blank: an unset variable in a
// script must not widen a run to everybody.
type names []string

func (n *names) String() string { return strings.Join(*n, ", ") }

// Set adds one.
func (n *names) Set(value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New("it is empty")
	}
	*n = append(*n, value)
	return nil
}

// Type is what the help shows where the usage names nothing.
func (*names) Type() string { return "NAME" }

// A span is a flag that speaks of time as the configuration does: 90s, 1d12h.
type span time.Duration

func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return configs.FormatDuration(time.Duration(*s))
}

// Set takes a duration that is not negative.
func (s *span) Set(value string) error {
	d, err := configs.ParseDuration(value)
	*s = span(d)
	return err
}

// Type is what the help shows where the usage names nothing.
func (*span) Type() string { return "DURATION" }

// runFlags are the flags that change what a run does.
type runFlags struct {
	users      []string
	refresh    bool
	noRemovals bool
	approve    []string
	flags      *pflag.FlagSet
}

func (f *runFlags) register(flags *pflag.FlagSet) {
	f.flags = flags
	flags.Var((*names)(&f.users), "user", "only this `USER`: Okta id, login, e-mail or employee id; may be repeated")
	flags.BoolVar(&f.refresh, "refresh", false, "read TrackTik whole too, and see what was changed there by hand")
	flags.BoolVar(&f.noRemovals, "no-removals", false, "no terminations and no revokes this time")
}

func (f *runFlags) registerApprove(flags *pflag.FlagSet) {
	flags.Var((*names)(&f.approve), "approve", "let the refused actions of that `HASH` pass, once; also in "+
		configs.EnvApprove)
}

// options are the run's options. A refresh that is not spoken of is left to the
// schedule.
func (f *runFlags) options(i *wiring.Invocation, cfg *configs.Config) tsync.RunOptions {
	opt := tsync.RunOptions{Users: f.users, NoRemovals: f.noRemovals, Approve: f.approvals(i, cfg)}
	if f.flags.Changed("refresh") {
		opt.Refresh = &f.refresh
	}
	return opt
}

// approvals are the hashes of the flag, and those of the environment that are still
// good: the variable of a CronJob stays there after its approval was used, and decides
// nothing about the same actions when they are refused anew.
func (f *runFlags) approvals(i *wiring.Invocation, cfg *configs.Config) []string {
	all := slices.Clone(f.approve)
	kept := wiring.ApprovalsOf(cfg, i.Now)
	for _, hash := range strings.FieldsFunc(i.Getenv(configs.EnvApprove),
		func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if kept.Stale(hash) {
			i.Log.WithField("approval", hash).Warn("the approval in the environment was given before, and the same actions " +
				"are refused anew: " +
				"`approve HASH` lets them pass again")
			continue
		}
		if _, found, err := kept.Get(hash); err != nil || !found {
			i.Log.WithField("approval", hash).WithError(err).
				Warn("the approval in the environment cannot be given: it was used, has expired, is of other systems, or never was")
			continue
		}
		if !slices.Contains(all, hash) {
			all = append(all, hash)
		}
	}
	return all
}

// viewFlags say how much of a plan is shown.
type viewFlags struct {
	full, summary bool
	kinds         words
}

func (f *viewFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.full, "full", false, "every person with all fields, and nothing folded, however much it is")
	flags.BoolVar(&f.summary, "summary", false, "the totals only")
	for _, k := range plan.Kinds {
		f.kinds.allowed = append(f.kinds.allowed, string(k))
	}
	flags.Var(&f.kinds, "kind", "only this `KIND`, due, held or refused: create, terminate, grant_role …; may be repeated")
}

// fits refuses a part of a plan where the whole is wanted.
func (f *viewFlags) fits(format, out string) error {
	for flag, given := range map[string]bool{"full": f.full, "summary": f.summary, "kind": len(f.kinds.given) > 0} {
		switch {
		case !given:
		case out != "":
			return usage("--%s is about what is shown, and --out saves the whole plan: leave out one of them", flag)
		case format != "text" && (format != "csv" || flag == "summary"):
			return usage("--%s is for text: leave it out with --format %s", flag, format)
		}
	}
	if f.full && f.summary {
		return usage("--full and --summary contradict one another: give one of them")
	}
	return nil
}

func (f *viewFlags) view() ui.View {
	view := ui.View{Full: f.full, Summary: f.summary}
	for _, k := range f.kinds.given {
		view.Kinds = append(view.Kinds, plan.Kind(k))
	}
	return view
}

// words is a flag that takes some of the allowed words: repeated, or with commas.
type words struct {
	allowed []string
	given   []string
}

func (w *words) String() string { return strings.Join(w.given, ",") }

// Set adds words. Spaces and hyphens stand for underscores: "grant role" is grant_role.
func (w *words) Set(value string) error {
	fold := strings.NewReplacer(" ", "_", "-", "_")
	for part := range strings.SplitSeq(value, ",") {
		word := strings.ToLower(fold.Replace(strings.TrimSpace(part)))
		at := slices.IndexFunc(w.allowed, func(allowed string) bool { return fold.Replace(allowed) == word })
		if at < 0 {
			return noneOf(part, w.allowed)
		}
		if !slices.Contains(w.given, w.allowed[at]) {
			w.given = append(w.given, w.allowed[at])
		}
	}
	return nil
}

// Type is what the help shows where the usage names nothing.
func (*words) Type() string { return "WORD" }

// noneOf says that a word is none of those allowed, and which is likely meant.
func noneOf(word string, allowed []string) error {
	text := "it is one of " + strings.Join(allowed, ", ")
	if near := configs.Nearest(strings.ToLower(strings.TrimSpace(word)), allowed); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return errors.New(text)
}

// completeWords offers the words that flags of a command and those below it allow.
func completeWords(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		var allowed []string
		switch v := f.Value.(type) {
		case *words:
			allowed = v.allowed
		case *choice:
			allowed = v.allowed
		default:
			return
		}
		// registered once
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	})
	for _, sub := range cmd.Commands() {
		completeWords(sub)
	}
}

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
