package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

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
		Short: "Forget a problem, or with --restored that somebody was restored",
		Long: "Forget takes a person's problem off the record: the next run judges them anew and tries at once.\n" +
			"With --restored it ends the protection of those whom `restore` brought back: the next run may\n" +
			"terminate them again. USER is an Okta id, login, e-mail or employee id.",
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

func (c *forgetCommand) forgetProblem(cfg *configs.Config, batch *plan.Batch, u plan.UserRef, link plan.Link, linked bool, troubles []plan.Trouble) error {
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
