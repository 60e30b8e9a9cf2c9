package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// rebindCommand is `state rebind`: the same people under another app or address.
type rebindCommand struct {
	*app
	run runFlags // of which --approve is taken
}

func newStateRebind(a *app) *cobra.Command {
	c := &rebindCommand{app: a}
	cmd := &cobra.Command{
		Use:   "rebind",
		Short: "Bind the snapshot to the Okta app or TrackTik portal that the configuration names now",
		Long: "Rebind is for a snapshot whose Okta org or app, or TrackTik portal, has got another address or was\n" +
			"replaced by one with the same people. It reads the other side whole and shows how many links still\n" +
			"hold by id; less than 90 % are refused. Whoever has another employee id there is tied to it by\n" +
			"username and e-mail; former employees who are somebody else there are forgotten. It asks for an\n" +
			"approval, writes nothing to TrackTik, and makes the next run a refresh that checks every link.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.execute(cmd.Context()) },
	}
	c.run.flags = cmd.Flags()
	cmd.Flags().StringArrayVar(&c.run.approve, "approve", nil, "bind it, as the HASH of the refusal says; also in "+configs.EnvApprove)
	return cmd
}

func (c *rebindCommand) execute(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	db, err := state.Open(cfg.State.Path, c.Writing(cfg))
	if errors.Is(err, state.ErrMissing) {
		return c.Missing(cfg)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.rebind(ctx, cfg, db), db.Close())
}

func (c *rebindCommand) rebind(ctx context.Context, cfg *configs.Config, db *state.DB) error {
	defer c.showProgress()()
	engine, err := c.Engine(cfg, db)
	if err != nil {
		return err
	}
	b, err := engine.Rebind(ctx, c.run.approvals(&c.Invocation, cfg))
	if b == nil {
		return err
	}
	if b.From == b.To {
		return c.Say("the snapshot is bound to %s already", bindingText(b.To))
	}
	return errors.Join(c.Data(func(w io.Writer) error { return c.print(w, b) }), err)
}

func bindingText(b plan.Binding) string {
	return fmt.Sprintf("%s app %s and %s", b.Org, b.App, b.Portal)
}

// print shows what holds on the other side, and what does not.
func (c *rebindCommand) print(w io.Writer, b *tsync.Rebinding) error {
	t := ui.NewTable(w, c.Style())
	t.Row("from", ui.Safe(bindingText(b.From)))
	t.Row("to", ui.Safe(bindingText(b.To)))
	if b.Users >= 0 {
		t.Row("read", ui.Number(b.Users, "user")+" of the app")
	}
	if b.Employees >= 0 {
		t.Row("read", ui.Number(b.Employees, "employee")+" of the portal")
	}
	t.Row("links", fmt.Sprintf("%d of %d hold by id (%.1f %%)", b.Hold, b.Links, b.Percent()))
	for i := range b.Unassigned {
		l := &b.Unassigned[i]
		t.Row("", ui.Person(ledger.Ref(*l))+": is not assigned to the app there, and is judged by the next run")
	}
	for i := range b.Moved {
		l := &b.Moved[i]
		t.Row("", fmt.Sprintf("%s: is employee %d there, by their names", ui.Person(ledger.Ref(*l)), l.Employee))
	}
	for i := range b.Strangers {
		l := &b.Strangers[i]
		t.Row("", fmt.Sprintf("%s: employee %d is not there, or somebody else; matched anew by the next run", ui.Person(ledger.Ref(*l)), l.Employee))
	}
	for _, g := range b.Roles {
		t.Row("", fmt.Sprintf("group %s: role %d is not there, or another one; matched anew by the next run", ui.Safe(string(g.Group)), g.Role))
	}
	if b.Done {
		t.Row("bound", "nothing was written to TrackTik; the next run checks every link before anything else")
	}
	return t.Flush()
}
