package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

// applyCommand is `apply FILE`: what a saved plan says, if it is still true.
type applyCommand struct {
	*app
	run    runFlags
	format *choice
}

func newApply(a *app) *cobra.Command {
	c := &applyCommand{app: a}
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Carry out a plan that `plan --out` saved, if nothing has changed since",
		Long: "Apply makes the plan again, with the same options, and carries it out. It refuses (exit 3) when the\n" +
			"new plan differs from the saved one: then Okta, the snapshot or the configuration has changed.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("apply needs the FILE of a saved plan; to plan and apply in one go, run `tracktik-sync sync`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args[0]) },
	}
	c.run.flags = cmd.Flags()
	c.run.registerApprove(cmd.Flags())
	c.format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (c *applyCommand) execute(ctx context.Context, path string) error {
	cfg, err := c.load()
	if err != nil {
		return c.notBegun(ctx, cfg, true, err)
	}
	saved, err := readPlan(path)
	if err != nil {
		return err
	}
	j := &job{app: c.app, cfg: cfg, format: c.format.value, whole: len(saved.Options.User) == 0}
	db, err := j.open(ctx)
	if err != nil {
		return err
	}
	d, err := j.once(ctx, db, tsync.RunOptions{
		Users:             saved.Options.User,
		Refresh:           &saved.Options.Refresh,
		NoRemovals:        saved.Options.NoRemovals,
		Approve:           c.run.approvals(&c.Invocation, cfg),
		Expect:            saved.Hash,
		ExpectFingerprint: saved.PlanFingerprint,
		ExpectHeld:        saved.GuardHash(),
	})
	if d != nil && explainStale(err, saved, d) && j.format == "text" {
		// the plan that would be made now is not what was asked for
		return err
	}
	return j.show(d, err)
}

// approveCommand is `approve HASH`: what a guard refused may pass in the next run.
type approveCommand struct {
	*app
	reason string
}

func newApprove(a *app) *cobra.Command {
	c := &approveCommand{app: a}
	cmd := &cobra.Command{
		Use:   "approve HASH",
		Short: "Let the refused actions of that HASH pass in the next run",
		Long: "Approve notes that the actions of a refused set may pass, for 24 hours from now. It calls neither\n" +
			"system: the next run, scheduled or not, carries them out; if it is cut short, later runs go on with\n" +
			"the rest. `status` shows the HASH of each set that waits, and `plan` the names.",
		Example: "  tracktik-sync approve 26cead645396 --reason 'site Airport was closed'",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args[0]) },
	}
	cmd.Flags().StringVar(&c.reason, "reason", "", "why, for the audit trail")
	return cmd
}

func (c *approveCommand) execute(ctx context.Context, hash string) error {
	cfg, err := c.load()
	if err := configs.WithoutCredentials(err); err != nil {
		return err
	}
	db, err := c.OpenWrite(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(c.approve(ctx, cfg, db, hash), db.Close())
}

func (c *approveCommand) approve(ctx context.Context, cfg *configs.Config, db *state.DB, hash string) error {
	given, why, err := wiring.ApprovalsOf(cfg, c.Now).Renew(ctx, hash)
	if err != nil {
		return err
	}
	if why != "" {
		waits, err := ledger.WaitingIn(&c.Invocation, cfg, db)
		return errors.Join(fmt.Errorf("the approval %s %s; %s", hash, why, ledger.WaitingText(waits)), err)
	}
	counts := map[string]int{}
	for _, item := range given.Items {
		counts[string(plan.ActionRef(item).Recorded().Kind)]++
	}
	what := fmt.Sprintf("%s (%s)", ui.Number(len(given.Items), "refused action"), ui.Counts(counts))
	entry := c.noted(cfg, "approve", plan.UserRef{}, 0, "approval "+hash+" of "+what+" was given")
	if c.reason != "" {
		entry.Reason += ": " + c.reason
	}
	if err := db.Commit(plan.Batch{Audits: []plan.Audit{entry}}); err != nil {
		return fmt.Errorf("the approval %s is given, and cannot be written into the history: %w", hash, err)
	}
	then := "the next run carries them out"
	if cfg.Sync.Mode == "observe" {
		then = "sync.mode is observe, so nothing is written before it is apply"
	}
	return c.Say("approved %s: %s may pass until %s; %s", hash, what, given.Given.Add(state.ApprovalLife).
		Format(time.RFC3339), then)
}

// readPlan reads a saved plan; one that was changed is refused.
func readPlan(path string) (*plan.Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("reading the plan: %v", err)
	}
	defer f.Close()
	d, err := plan.ReadDocument(f)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &tsync.RefusedError{Code: "no_plan", Message: path +
			" is no saved plan: `tracktik-sync plan --out FILE` makes one"}
	}
	if err != nil {
		return nil, &tsync.RefusedError{Code: tsync.RefusedStale, Message: fmt.Sprintf("%s: %v", path, err)}
	}
	return d, nil
}

// mostMoved is how many differences between two plans are named.
const mostMoved = 20

// explainStale reports that a saved plan was refused since it does not fit any more, and
// adds to the refusal what moved.
func explainStale(err error, saved, present *plan.Document) bool {
	var refused *tsync.RefusedError
	if !errors.As(err, &refused) || refused.Code != tsync.RefusedStale {
		return false
	}
	rows := ui.Moved(saved, present)
	if len(rows) == 0 {
		return true
	}
	refused.Message += "\nwhat moved since the plan was made at " + saved.Created.UTC().Format(time.RFC3339) + ":"
	for _, row := range rows[:min(len(rows), mostMoved)] {
		refused.Message += "\n  " + row
	}
	if more := len(rows) - mostMoved; more > 0 {
		refused.Message += fmt.Sprintf("\n  and %d more; `tracktik-sync plan` shows all of it", more)
	}
	return true
}
