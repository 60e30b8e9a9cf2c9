package wiring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

const (
	// ReadWait is how long a command that reads waits for a run to end.
	ReadWait = 5 * time.Second
	// runWait is how long a command that records something waits for another one, or for a
	// run, which may be about to end; and a run for such a command.
	runWait = 2 * time.Second
	// glance is after how long a run looks who is in its way.
	glance = 100 * time.Millisecond
	// lookWait is how long a run waits for those who only look, into the snapshot or into
	// Okta's System Log: nobody's look may cost a scheduled run.
	lookWait = time.Minute
)

// A MissingError says that a command that needs a snapshot found none.
type MissingError struct {
	path    string
	command string // what was to be done
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("`%s` needs the snapshot and there is none at %s: for a first run say `sync --init` (or `state "+
		"init`); "+
		"if it was lost, `state restore FILE`, or `sync --init` to match everybody anew", e.command, e.path)
}

// Missing says that the command needs a snapshot, and that there is none.
func (i *Invocation) Missing(cfg *configs.Config) error {
	return &MissingError{cfg.State.Path, i.Command}
}

// OpenRead opens the snapshot for reading. There must be one, of the configured
// systems.
func (i *Invocation) OpenRead(cfg *configs.Config) (*state.DB, error) {
	return i.Open(cfg, i.Reading(cfg, ReadWait))
}

// runs are the commands that are a run: of these there is one at a time.
var runs = map[string]bool{"sync": true, "apply": true, "retry": true, "restore": true, "retire": true, "run": true}

// OpenWrite opens the snapshot for a run, or for a command that records something. It
// waits while it is only read, and for a poll, unless it is for one; a run does not wait for
// another one.
func (i *Invocation) OpenWrite(ctx context.Context, cfg *configs.Config) (*state.DB, error) {
	begun, said := i.Now(), ""
	say := func(what string) {
		if what != said {
			i.Log.WithField("snapshot", cfg.State.Path).Info(what)
		}
		said = what
	}
	for end := begun.Add(lookWait); ; {
		opt := i.Writing(cfg)
		if runs[i.Command] {
			opt.Timeout = glance
		}
		db, err := i.Open(cfg, opt)
		var locked *state.LockedError
		switch {
		case !errors.As(err, &locked) || !i.Now().Before(end) || ctx.Err() != nil:
			return db, err
		case locked.Readers:
			say("waiting for a command that reads the snapshot")
		case runs[i.Command] && !runs[locked.Holder.Command] && i.Now().Sub(begun) < runWait:
			say("waiting for a command that records something")
		case locked.Holder.Poll && !i.Polls:
			say("waiting for a look at okta's system log to end")
		default:
			return db, err
		}
	}
}

// Reading are the options of a command that reads, and waits so long for a run to end.
func (i *Invocation) Reading(cfg *configs.Config, wait time.Duration) state.Options {
	return state.Options{Timeout: wait, ReadOnly: true, Now: i.Now, Key: StateKey(cfg), Warn: i.sayDamaged}
}

// Writing are the options of a command that records something.
func (i *Invocation) Writing(cfg *configs.Config) state.Options {
	return state.Options{Timeout: runWait, Now: i.Now, Key: StateKey(cfg), Warn: i.sayDamaged,
		Holder: state.Holder{User: userName(i.Getenv), Command: i.Command, Poll: i.Polls}}
}

// sayDamaged says of a file beside the snapshot that it is set aside.
func (i *Invocation) sayDamaged(err error) {
	i.Log.WithError(err).Warn("a file beside the snapshot is damaged")
}

// StateKey is what the snapshot and the tokens are encrypted with; nil: nothing.
func StateKey(cfg *configs.Config) []byte { return []byte(cfg.State.Key.Reveal()) }

// Open opens the snapshot, which must be there and be that of the configured systems.
func (i *Invocation) Open(cfg *configs.Config, opt state.Options) (*state.DB, error) {
	db, err := state.Open(cfg.State.Path, opt)
	if errors.Is(err, state.ErrMissing) {
		return nil, i.Missing(cfg)
	}
	if errors.Is(err, state.ErrCorrupt) {
		return nil, fmt.Errorf("%w; `state verify` says more, and `state restore FILE` puts a backup in its place", err)
	}
	if err != nil {
		return nil, err
	}
	if err := db.CheckBinding(Binding(cfg)); err != nil {
		return nil, errors.Join(rebindHint(err), db.Close())
	}
	return db, nil
}

// rebindHint adds the way out to a snapshot of other systems.
func rebindHint(err error) error {
	var other *state.BindingError
	if !errors.As(err, &other) {
		return err
	}
	return fmt.Errorf("%w; correct okta.org_url, okta.app_id or tracktik.base_url, name another state.path, "+
		"or, where the same people have moved, run `state rebind`", err)
}

// Create makes an empty snapshot where there is none.
func (i *Invocation) Create(cfg *configs.Config) (*state.DB, error) {
	return state.Create(cfg.State.Path, Binding(cfg), i.Writing(cfg))
}

// OpenPlan gives a plan, which never writes to the snapshot, a copy of it, or an empty
// one where there is none: what is pending or restored is settled in the copy, and a
// run can begin meanwhile. done removes it.
func (i *Invocation) OpenPlan(cfg *configs.Config) (db *state.DB, done func() error, err error) {
	db, err = i.OpenRead(cfg)
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		return i.Scratch(cfg, nil)
	case err != nil:
		return nil, nil, err
	}
	copied, done, err := i.Scratch(cfg, db)
	if err != nil {
		return i.uncopied(db, err)
	}
	if err := db.Close(); err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return copied, done, nil
}

// uncopied is the snapshot itself, where there is no room for a copy and nothing to
// settle in it.
func (i *Invocation) uncopied(db *state.DB, cause error) (*state.DB, func() error, error) {
	pending, pendingErr := db.Pending()
	meta, metaErr := db.Meta()
	moves := meta.RefreshDue || meta.Observed // links may be moved before anything else
	if pendingErr != nil || metaErr != nil || len(pending) > 0 || moves {
		return nil, nil, errors.Join(cause, pendingErr, metaErr, db.Close())
	}
	i.Log.WithError(cause).Warn("the snapshot cannot be copied, and no run can begin before this has ended")
	return db, db.Close, nil
}

// Scratch makes a snapshot in a private directory, empty or a copy of from.
func (i *Invocation) Scratch(cfg *configs.Config, from *state.DB) (db *state.DB, done func() error, err error) {
	dir, err := state.NewDraftDir(cfg.State.Path, filepath.Join(os.TempDir(), "tracktik-sync-plan"))
	if err != nil {
		return nil, nil, fmt.Errorf("making a scratch snapshot: %w", err)
	}
	path := filepath.Join(dir.Path, "scratch.db")
	opt := state.Options{Timeout: runWait, Now: i.Now, Key: StateKey(cfg)}
	if from == nil {
		db, err = state.Create(path, Binding(cfg), opt)
	} else if err = from.Copy(path); err == nil {
		db, err = openCopy(path, from, opt)
	}
	if err != nil {
		return nil, nil, errors.Join(err, dir.Discard())
	}
	return db, func() error { return errors.Join(db.Close(), dir.Discard()) }, nil
}

// openCopy opens a copy of from. That from is a restored backup shows beside it, and
// has to be said to the copy.
func openCopy(path string, from *state.DB, opt state.Options) (*state.DB, error) {
	meta, err := from.Meta()
	if err != nil {
		return nil, err
	}
	db, err := state.Open(path, opt)
	if err != nil || !meta.RefreshDue {
		return db, err
	}
	if err := db.Commit(plan.Batch{Meta: &meta}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
