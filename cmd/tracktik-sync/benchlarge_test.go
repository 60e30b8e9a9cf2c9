package main

import (
	"context"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/okta"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

var large = flag.Int("large", 0,
	"the people of BenchmarkLarge; a million take ten minutes, 8 GB of memory and 1 GB of disk")

// BenchmarkLarge is a run in which nothing changes, about as many people as -large says. Nobody
// made their first run: its snapshot is written for the purpose.
func BenchmarkLarge(b *testing.B) {
	if *large == 0 {
		b.Skip("make bench-large; -large says how many people there are")
	}
	s := startSandbox(b, *large, *large/50)
	if err := s.remember(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.settle(b)
	s.noChange(b)
}

// remember writes the snapshot that a first run leaves, but for its history and for what was
// pushed: a run that finds everybody as they were asks for neither.
func (s *sandbox) remember(ctx context.Context) error {
	log := logrus.New()
	log.SetOutput(io.Discard)
	i := &wiring.Invocation{Version: "bench", File: s.config, Command: "sync", Now: time.Now, Sleep: wiring.Sleep,
		Getenv: os.Getenv, Log: log}
	cfg, _, err := i.Configuration()
	if err != nil {
		return err
	}
	source, err := i.Source(cfg)
	if err != nil {
		return err
	}
	db, err := i.Create(cfg)
	if err != nil {
		return err
	}
	w := &past{db: db, source: source, cfg: cfg, at: time.Now().UTC(), employees: map[plan.PersonID]plan.EmployeeID{}}
	if err := w.write(ctx); err != nil {
		return err
	}
	return db.Close()
}

// A past is what a first run would have left.
type past struct {
	db        *state.DB
	source    *okta.Source
	cfg       *configs.Config
	at        time.Time
	employees map[plan.PersonID]plan.EmployeeID
	roles     plan.RoleID  // so far
	grants    plan.GrantID // so far
}

const pastRun = "20260101T000000Z-000001"

func (w *past) write(ctx context.Context) error {
	if err := w.source.Assignments(ctx, w.people); err != nil {
		return err
	}
	if err := w.source.Groups(ctx, func(page []plan.Group) error { return w.groups(ctx, page) }); err != nil {
		return err
	}
	meta, err := w.db.Meta()
	if err != nil {
		return err
	}
	meta.LastSuccess, meta.LastRefresh, meta.ReadFingerprint = w.at, w.at, w.cfg.ReadFingerprint()
	return w.db.Commit(plan.Batch{Meta: &meta})
}

func (w *past) people(page []plan.Entry) error {
	var batch plan.Batch
	for i := range page {
		id, employee := page[i].ID, plan.EmployeeID(len(w.employees)+1)
		w.employees[id] = employee
		batch.Links = append(batch.Links, plan.Link{Person: id, Employee: employee, How: plan.HowCreated, Since: w.at,
			Run: pastRun})
		batch.Prints = append(batch.Prints, plan.PersonPrint{Person: id, Print: page[i].Print})
	}
	return w.db.Commit(batch)
}

// groups gives each pushed group a role, and its members that.
func (w *past) groups(ctx context.Context, page []plan.Group) error {
	for _, g := range page {
		if !plan.MatchAny(w.cfg.Sync.Groups.Names, g.Name) {
			continue
		}
		var members []plan.PersonID
		err := w.source.Members(ctx, g.ID, func(page []plan.PersonID) error {
			members = append(members, page...)
			return nil
		})
		if err != nil {
			return err
		}
		w.roles++
		batch := plan.Batch{Members: []plan.Membership{{Group: g.ID, Members: members}},
			Groups: []plan.GroupLink{{Group: g.ID, Name: g.Name, Role: w.roles, RoleName: g.Name, How: plan.HowCreated,
				Matched: g.Name, Stamp: g.Changed}}}
		for _, id := range members {
			if w.grants++; w.employees[id] == 0 {
				continue
			}
			batch.Grants = append(batch.Grants, plan.Grant{Role: w.roles, Person: id, ID: w.grants, Employee: w.employees[id],
				Group: g.ID, How: plan.HowCreated, Since: w.at, Run: pastRun})
		}
		if err := w.db.Commit(batch); err != nil {
			return err
		}
	}
	return nil
}
