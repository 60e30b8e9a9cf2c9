package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/probe"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// probeCommand is `probe`: what the portal does with a write, tried with one marked employee.
type probeCommand struct {
	*app
	roles      []string
	thisPortal bool
	yes        bool
	out        output
	format     *choice
}

func newProbe(a *app) *cobra.Command {
	c := &probeCommand{app: a}
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Try on a staging portal, with one marked employee, what only a write can show",
		Long: "Probe writes to the portal, also while sync.mode is observe. It makes one marked employee, \"tracktik-sync\n" +
			"probe\", or uses the one of an earlier probe, because nobody can be deleted. It tries with this employee\n" +
			"what a run does. At the end it terminates the employee, or says what is left. It touches nobody else,\n" +
			"and makes at most 60 calls. Without --role nothing is granted; with two roles it also tries to take one\n" +
			"of them back. If the snapshot manages people in this portal, it refuses (exit 3), unless --this-portal\n" +
			"is given. The result is kept beside the snapshot for `check` and `status`. It ends with 0 when\n" +
			"everything is as expected, 4 when something differs, and 1 when not everything was tried. The result\n" +
			"contains no person and no secret; send it to the project.",
		Example: "  tracktik-sync probe --role Guard\n" +
			"  tracktik-sync probe --role Guard --role Supervisor --format json --out probe.json",
		Args: cobra.NoArgs,
		RunE: c.configured(c.execute),
	}
	flags := cmd.Flags()
	flags.Var((*names)(&c.roles), "role", "grant this `ROLE`, by name or id; twice for a second one")
	flags.BoolVar(&c.thisPortal, "this-portal", false, "also in a portal in which people are managed already")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, also on a terminal")
	c.out.register(flags, "write the result to `FILE` instead of stdout")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *probeCommand) execute(ctx context.Context, cfg *configs.Config, _ []string) error {
	if len(c.roles) > 2 {
		return usage("--role can be said twice at most")
	}
	if err := c.out.mayWrite(ctx, &c.Terminal, cfg); err != nil {
		return err
	}
	client, err := c.TargetWithin(cfg, probe.Most)
	if err != nil {
		return err
	}
	if err := c.allowed(cfg, client.CredentialsFingerprint()); err != nil {
		return err
	}
	if !c.agreed(ctx, cfg) {
		fmt.Fprintln(c.Stderr, "nothing was done")
		return nil
	}
	file := state.Probes(cfg.State.Path)
	waiting, cancel := context.WithTimeout(ctx, wiring.ReadWait)
	defer cancel()
	unlock, err := file.Lock(waiting)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, end := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer end()
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return err
	}
	prober := &probe.Prober{
		Target: client, Journal: file, Portal: wiring.Binding(cfg).Portal,
		Roles: c.roles, Policy: &plan.Policy{ProtectedRoles: cfg.Sync.Roles.Protected},
		Region: cfg.Sync.DefaultRegion, Reason: cfg.TrackTik.TerminationReason, Own: cfg.TrackTik.Auth.Employee,
		Now: func() time.Time { return c.Now().In(zone) }, Sleep: c.Sleep,
	}
	found, err := prober.Run(ctx)
	if err != nil && errors.Is(err, ctx.Err()) {
		err = &tsync.StoppedError{Message: "the probe was told to end before it had tried everything", Cause: err}
	}
	return c.tell(found, err)
}

// allowed refuses a portal of which somebody is managed, and one that waits after refused
// credentials.
func (c *probeCommand) allowed(cfg *configs.Config, credentials string) error {
	db, err := c.OpenRead(cfg)
	var missing *wiring.MissingError
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	managed, err := db.Managed()
	meta, metaErr := db.Meta()
	if err := errors.Join(err, metaErr, db.Close()); err != nil {
		return err
	}
	if managed > 0 && !c.thisPortal {
		return &probe.RefusedError{Message: fmt.Sprintf("%s are managed in %s: probe a staging portal, or say "+
			"--this-portal to make one marked employee here",
			ui.Number(managed, "employee"), wiring.Binding(cfg).Portal)}
	}
	if q := meta.Quarantine; q != nil && q.System == "tracktik" && q.Credentials == credentials &&
		c.Now().Before(q.NextTry) {
		return &tsync.QuarantineError{System: q.System, Reason: q.Reason, Since: q.Since, NextTry: q.NextTry}
	}
	return nil
}

// agreed says what will be written, and asks who sits at a terminal.
func (c *probeCommand) agreed(ctx context.Context, cfg *configs.Config) bool {
	text := "this writes to " + ui.Safe(wiring.Binding(cfg).Portal) +
		": one marked employee (tracktik-sync probe) is made or used again, changed and terminated"
	if cfg.Sync.Mode == "observe" {
		text += "; sync.mode is observe, which keeps runs from writing, not a probe"
	}
	fmt.Fprintln(c.Stderr, text)
	return !c.Asks || c.yes || c.Ask(ctx, "Go on? [y/N] ")
}

// tell shows what was found, and answers what it means for the exit code.
func (c *probeCommand) tell(found *plan.Probe, err error) error {
	if found == nil {
		return err
	}
	if n := len(found.Differing()); n > 0 {
		err = errors.Join(err, &verdict{tsync.ExitProblems, "finished, and the portal differs", ui.Number(n, "assumption") +
			": see what follows"})
	}
	write := func(w io.Writer) error {
		if c.format.value == "json" {
			return ui.WriteJSON(w, found)
		}
		style := c.Style()
		if c.out.path != "" {
			style = ui.Plain
		}
		return probe.Print(w, found, style)
	}
	if c.out.path == "" {
		return errors.Join(c.Talk(write), err)
	}
	if writeErr := disk.Write("", c.out.path, write); writeErr != nil {
		return errors.Join(fmt.Errorf("writing the result: %w", writeErr), err)
	}
	return errors.Join(c.Say("%s holds the result, with no person and no secret in it: send it to the project",
		c.out.path), err)
}
