package main

import (
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
	// readWait is how long a command that reads waits for a run to end.
	readWait = 5 * time.Second
	// runWait is how long a run waits for somebody who only looks, such as `status`.
	runWait = 2 * time.Second
)

// openRead opens the snapshot for reading. There must be one, of the configured
// systems.
func (a *app) openRead(cfg *configs.Config) (*state.DB, error) {
	return a.open(cfg, a.reading(cfg, readWait))
}

// openWrite opens the snapshot for a run, or for a command that records something.
func (a *app) openWrite(cfg *configs.Config) (*state.DB, error) {
	return a.open(cfg, a.writing(cfg))
}

func (a *app) reading(cfg *configs.Config, wait time.Duration) state.Options {
	return state.Options{Timeout: wait, ReadOnly: true, Now: a.now, Key: stateKey(cfg)}
}

func (a *app) writing(cfg *configs.Config) state.Options {
	return state.Options{Timeout: runWait, Now: a.now, Key: stateKey(cfg),
		Holder: state.Holder{User: userName(a.getenv), Command: a.command}}
}

// stateKey is what the snapshot and the tokens are encrypted with; nil: nothing.
func stateKey(cfg *configs.Config) []byte { return []byte(cfg.State.Key.Reveal()) }

func (a *app) open(cfg *configs.Config, opt state.Options) (*state.DB, error) {
	db, err := state.Open(cfg.State.Path, opt)
	if errors.Is(err, state.ErrMissing) {
		return nil, &missingError{cfg.State.Path, a.command}
	}
	if err != nil {
		return nil, err
	}
	if err := db.CheckBinding(binding(cfg)); err != nil {
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

// create makes an empty snapshot where there is none.
func (a *app) create(cfg *configs.Config) (*state.DB, error) {
	return state.Create(cfg.State.Path, binding(cfg), a.writing(cfg))
}

// openPlan opens the snapshot for a plan, which never writes to it: where there is
// none, or where something is pending or restored that a plan must settle in memory,
// done gives back a scratch one that goes with it.
func (a *app) openPlan(cfg *configs.Config) (db *state.DB, done func() error, err error) {
	db, err = a.openRead(cfg)
	var missing *missingError
	switch {
	case errors.As(err, &missing):
		return a.scratch(cfg, nil)
	case err != nil:
		return nil, nil, err
	}
	pending, err := db.Pending()
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	meta, err := db.Meta()
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if len(pending) == 0 && !meta.RefreshDue { // after a restore links are moved before anything else
		return db, db.Close, nil
	}
	scratch, done, err := a.scratch(cfg, db)
	if closeErr := db.Close(); closeErr != nil && err == nil {
		return nil, nil, errors.Join(closeErr, done())
	}
	return scratch, done, err
}

// scratch makes a snapshot in a private directory, empty or a copy of from.
func (a *app) scratch(cfg *configs.Config, from *state.DB) (db *state.DB, done func() error, err error) {
	dir, err := os.MkdirTemp("", "tracktik-sync-plan-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a scratch snapshot: %w", err)
	}
	path := filepath.Join(dir, "scratch.db")
	opt := state.Options{Timeout: runWait, Now: a.now, Key: stateKey(cfg)}
	if from == nil {
		db, err = state.Create(path, binding(cfg), opt)
	} else if err = from.Backup(path); err == nil {
		db, err = openCopy(path, from, opt)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
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
