package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// retryCommand is `retry`: a sync of people with a problem, now, whatever the time of
// their next try.
type retryCommand struct {
	*app
	recreate bool
	format   *choice
}

func newRetry(a *app) *cobra.Command {
	c := &retryCommand{app: a}
	cmd := &cobra.Command{
		Use:   "retry [USER…]",
		Short: "Sync people with a problem now, or all of them",
		Long: "Retry syncs these people now and does not wait for their next try; without USER it syncs everybody with\n" +
			"a problem, and the next run tries refused roles. It also ends the waiting of a quarantine: the program\n" +
			"tries the credentials once.\n\n" +
			"If somebody else terminated a person's employee in TrackTik, --recreate makes a new employee. Without\n" +
			"--recreate nothing is done for this person. A banned employee stays banned. --recreate also makes a\n" +
			"new employee of somebody who is held beside an employee of the same names (doubtful_match), as after\n" +
			"a snapshot was restored.",
		Example: "  tracktik-sync retry\n" +
			"  tracktik-sync retry ana.silva@acme.example\n" +
			"  tracktik-sync retry --recreate 00u1abcdef",
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args) },
	}
	cmd.Flags().BoolVar(&c.recreate, "recreate", false,
		"make a new employee for people whom somebody else terminated in TrackTik")
	c.format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (c *retryCommand) execute(ctx context.Context, names []string) error {
	if c.recreate && len(names) == 0 {
		return usage("retry --recreate makes new employees: say for which USER")
	}
	cfg, err := c.load()
	if err != nil {
		return c.notBegun(ctx, cfg, false, err)
	}
	ctx, cancel := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer cancel()
	j := &job{app: c.app, cfg: cfg, format: c.format.value}
	db, err := j.open(ctx)
	if err != nil {
		return err
	}
	opt, waiting, err := c.prepare(cfg, db, names)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if len(opt.Users) == 0 && !waiting {
		return errors.Join(db.Close(), c.nothing(cfg))
	}
	j.whole = len(opt.Users) == 0 // the waiting of a quarantine alone was ended
	d, err := j.once(ctx, db, opt)
	return j.show(d, errors.Join(err, noNewEmployee(d, opt)))
}

// prepare finds the people, and records that they are tried. waiting says that a
// quarantine was, or a refused role, and that it ends.
func (c *retryCommand) prepare(cfg *configs.Config, db *state.DB, names []string) (opt tsync.RunOptions, waiting bool,
	err error) {
	troubles, err := ledger.Troubles(db)
	if err != nil {
		return opt, false, err
	}
	people, err := c.people(db, names, troubles)
	if err != nil {
		return opt, false, err
	}
	var batch plan.Batch
	refresh := c.recreate // whether they are still ended there is read, not remembered
	for _, u := range people {
		batch.Audits = append(batch.Audits, c.noted(cfg, "retry", u, 0, c.reason(troubles[u.ID])))
		if u.ID == "" {
			opt.Users = append(opt.Users, u.Login)
			continue
		}
		opt.Users = append(opt.Users, string(u.ID))
		opt.Retry = append(opt.Retry, u.ID)
		link, linked, err := db.Link(u.ID)
		if err != nil {
			return opt, false, err
		}
		if linked && link.LastRepair != "" { // a value that was not kept is sent once more
			link.LastRepair = ""
			batch.Links, refresh = append(batch.Links, link), true
		}
		batch.Audits[len(batch.Audits)-1].Employee = link.Employee
	}
	if c.recreate {
		for _, name := range opt.Users { // also those of whom nothing is on record
			opt.Recreate = append(opt.Recreate, plan.PersonID(name))
		}
	}
	if refresh {
		opt.Refresh = &refresh
	}
	meta, err := db.Meta()
	if err != nil {
		return opt, false, err
	}
	if q := meta.Quarantine; q != nil && c.Now().Before(q.NextTry) {
		waiting = true
		free := *q
		free.NextTry = c.Now().UTC()
		meta.Quarantine = &free
		batch.Meta = &meta
		batch.Audits = append(batch.Audits, c.noted(cfg, "retry", plan.UserRef{}, 0,
			"ended the waiting of the quarantine of "+q.System))
		if len(people) == 0 { // a run that calls TrackTik for nothing would try no credentials
			opt.Refresh = &waiting
		}
	}
	if len(names) == 0 {
		if batch.Troubles, err = rolesNow(db); err != nil {
			return opt, false, err
		}
	}
	for _, t := range batch.Troubles {
		waiting = true
		batch.Audits = append(batch.Audits, c.noted(cfg, "retry", plan.UserRef{}, 0,
			"tried now: "+t.Code+", the role of group "+string(t.Group)))
	}
	if len(batch.Audits) == 0 {
		return opt, waiting, nil
	}
	return opt, waiting, db.Commit(batch)
}

// rolesNow are the refused roles, due in the next run that is about their groups.
func rolesNow(db *state.DB) ([]plan.Trouble, error) {
	all, err := db.Troubles()
	roles := slices.DeleteFunc(all, func(t plan.Trouble) bool { return t.Person != "" || t.NextTry == nil })
	for i := range roles {
		due := roles[i].Last.Add(-time.Minute) // a run's moment is in whole seconds, and may be before Last
		roles[i].NextTry = &due
	}
	return roles, err
}

// people are those who were named, else everybody with a problem. Of a name that the
// snapshot does not know, the run finds out whose it is.
func (c *retryCommand) people(db *state.DB, names []string, troubles map[plan.PersonID][]plan.Trouble) ([]plan.UserRef,
	error) {
	var people []plan.UserRef
	if len(names) == 0 {
		for _, id := range slices.Sorted(maps.Keys(troubles)) {
			people = append(people, plan.UserRef{ID: id, Login: troubles[id][0].Login})
		}
		return people, nil
	}
	for _, name := range names {
		u, err := ledger.Find(db, name)
		if errors.Is(err, tsync.ErrNobody) {
			u, err = plan.UserRef{Login: name}, nil
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(people, func(p plan.UserRef) bool { return p == u }) {
			people = append(people, u)
		}
	}
	return people, nil
}

func (c *retryCommand) reason(troubles []plan.Trouble) string {
	codes := make([]string, len(troubles))
	for i, t := range troubles {
		codes[i] = t.Code
	}
	text := "tried now"
	if len(codes) > 0 {
		text += ": " + strings.Join(codes, ", ")
	}
	if c.recreate {
		text += ", with a new employee for who was terminated elsewhere"
	}
	return text
}

// nothing is what there is to show when nobody has a problem.
func (c *retryCommand) nothing(cfg *configs.Config) error {
	if c.format.value == "text" {
		return c.Say("nobody has a problem")
	}
	b := wiring.Binding(cfg)
	d := &plan.Document{Created: c.Now().UTC(), Mode: cfg.Sync.Mode, Okta: plan.OktaID{Org: b.Org, App: b.App},
		TrackTik:        plan.TrackTikID{Portal: b.Portal},
		PlanFingerprint: cfg.PlanFingerprint(), Guard: plan.GuardReport{OK: true},
		Result: &plan.Result{Done: map[string]int{}, Found: map[string]int{string(plan.Terminate): 0,
			string(plan.RevokeRole): 0}}}
	d.Seal()
	d.Result.Done = maps.Clone(d.Summary)
	return c.showDocument(d, "json", ui.View{})
}

// noNewEmployee is the refusal of --recreate for everybody whose employee still is somebody
// in TrackTik: banned, inactive, or out of the account's sight.
func noNewEmployee(d *plan.Document, opt tsync.RunOptions) error {
	if d == nil || len(opt.Recreate) == 0 {
		return nil
	}
	var refused error
	for _, h := range d.Held {
		switch code := h.Code(); code {
		case plan.HeldBannedElsewhere:
			refused = errors.Join(refused, &tsync.RefusedError{Code: code, Message: fmt.Sprintf(
				"employee %d of user %s is banned in TrackTik, and gets no new employee: lift the ban there", h.Employee,
				h.User.ID)})
		case plan.HeldTerminatedElsewhere:
			refused = errors.Join(refused, &tsync.RefusedError{Code: code, Message: fmt.Sprintf(
				"user %s gets no new employee: %s", h.User.ID, strings.TrimPrefix(h.Why, code+": "))})
		}
	}
	return refused
}

// forgetCommand is `forget`: a problem, or that somebody was restored, is taken off
// the record. What is still wrong comes back with the next run.
type forgetCommand struct {
	*app
	restored bool
}

func newForget(a *app) *cobra.Command {
	c := &forgetCommand{app: a}
	cmd := &cobra.Command{
		Use:   "forget USER…",
		Short: "Forget a problem, or with --restored that a person was restored",
		Long: "Forget removes the record of a person's problem: the next run decides anew and tries at once. With\n" +
			"--restored it ends the protection of people whom `restore` brought back: the next run may terminate\n" +
			"them again. USER is an Okta id, login, e-mail or employee id.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.recording(cmd.Context(), func(cfg *configs.Config, db *state.DB) error { return c.execute(cfg, db, args) })
		},
	}
	cmd.Flags().BoolVar(&c.restored, "restored", false, "forget that they were restored, instead of a problem")
	return cmd
}

func (c *forgetCommand) execute(cfg *configs.Config, db *state.DB, names []string) error {
	people, err := ledger.FindAll(db, names)
	if err != nil {
		return err
	}
	troubles, err := ledger.Troubles(db)
	if err != nil {
		return err
	}
	var batch plan.Batch
	var refused error
	for _, u := range people {
		link, linked, err := db.Link(u.ID)
		if err != nil {
			return err
		}
		if c.restored {
			err = c.forgetRestored(cfg, &batch, u, link)
		} else {
			err = c.forgetProblem(cfg, &batch, u, link, linked, troubles[u.ID])
		}
		refused = errors.Join(refused, err)
	}
	if refused != nil {
		return fmt.Errorf("%w; nothing was changed", refused)
	}
	if err := db.Commit(batch); err != nil {
		return err
	}
	what := "the problem"
	if c.restored {
		what = "the restoring"
	}
	return c.Say("forgot %s of %s; the next run judges them anew", what, ui.Number(len(people), "user"))
}

func (c *forgetCommand) forgetRestored(cfg *configs.Config, batch *plan.Batch, u plan.UserRef, link plan.Link) error {
	if !link.Restored {
		return fmt.Errorf("user %s is not on record as restored", u.ID)
	}
	link.Restored = false
	batch.Links = append(batch.Links, link)
	batch.Prints = append(batch.Prints, plan.PersonPrint{Person: u.ID})
	batch.Audits = append(batch.Audits, c.noted(cfg, "forget", u, link.Employee, "forgot that they were restored"))
	return nil
}

func (c *forgetCommand) forgetProblem(cfg *configs.Config, batch *plan.Batch, u plan.UserRef, link plan.Link,
	linked bool, troubles []plan.Trouble) error {
	if len(troubles) == 0 {
		return fmt.Errorf("user %s has no problem on record", u.ID)
	}
	for _, t := range troubles {
		batch.Cured = append(batch.Cured, t.Key())
		batch.Audits = append(batch.Audits, c.noted(cfg, "forget", u, link.Employee, "forgot the problem "+t.Code))
	}
	if linked && link.LastRepair != "" { // a value that was not kept may be sent again
		link.LastRepair = ""
		batch.Links = append(batch.Links, link)
	}
	batch.Prints = append(batch.Prints, plan.PersonPrint{Person: u.ID})
	return nil
}
