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
	db, err := a.openWrite(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(use(cfg, db), db.Close())
}

// noted is an entry of the audit trail about something that an administrator did,
// and that called nobody.
func (a *app) noted(cfg *configs.Config, kind string, u plan.UserRef, employee plan.EmployeeID, reason string) plan.Audit {
	entry := plan.Audit{Time: a.now().UTC(), By: a.by(), Kind: kind, Person: u.ID, Login: u.Login, Employee: employee, Reason: reason, Outcome: plan.Done}
	if cfg.State.RedactHistory {
		entry.Login = ""
	}
	return entry
}

// findAll finds people as findPerson does, each once. One unknown name is an error
// of the whole.
func findAll(db *state.DB, names []string) ([]plan.UserRef, error) {
	var people []plan.UserRef
	var unknown error
	seen := map[plan.PersonID]bool{}
	for _, name := range names {
		u, err := findPerson(db, name)
		if err != nil {
			unknown = errors.Join(unknown, err)
			continue
		}
		if !seen[u.ID] {
			seen[u.ID] = true
			people = append(people, u)
		}
	}
	return people, unknown
}

// troublesOf are the problems on record, by person.
func troublesOf(db *state.DB) (map[plan.PersonID][]plan.Trouble, error) {
	all, err := db.Troubles()
	by := map[plan.PersonID][]plan.Trouble{}
	for _, t := range all {
		if t.Person != "" {
			by[t.Person] = append(by[t.Person], t)
		}
	}
	return by, err
}
