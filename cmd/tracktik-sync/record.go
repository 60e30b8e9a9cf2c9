package main

import (
	"context"
	"errors"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// recording opens the snapshot for a command that records something and makes no
// run, and closes it after use.
func (a *app) recording(ctx context.Context, use func(*configs.Config, *state.DB) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	db, err := a.OpenWrite(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(use(cfg, db), db.Close())
}

// noted is an entry of the audit trail about something that an administrator did,
// and that called nobody.
func (a *app) noted(cfg *configs.Config, kind string, u plan.UserRef, employee plan.EmployeeID, reason string) plan.Audit {
	entry := plan.Audit{Time: a.Now().UTC(), By: a.By(), Kind: kind, Person: u.ID, Login: u.Login, Employee: employee, Reason: reason, Outcome: plan.Done}
	if cfg.State.RedactHistory {
		entry.Login = ""
	}
	return entry
}

// withSnapshot opens the snapshot for reading while use does its work.
func (a *app) withSnapshot(use func(*state.DB) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	db, err := a.OpenRead(cfg)
	if err != nil {
		return err
	}
	return errors.Join(use(db), db.Close())
}
