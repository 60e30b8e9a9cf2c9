package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
)

func newState(a *app) *cobra.Command {
	return group(a, "state", "Make, copy, check and print the snapshot", stateCommands)
}

func newStateInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Make an empty snapshot where there is none",
		Args:  cobra.NoArgs,
		RunE: a.configured(func(_ context.Context, cfg *configs.Config, _ []string) error {
			db, err := a.Create(cfg)
			if errors.Is(err, state.ErrExists) {
				return fmt.Errorf("%w; nothing was changed", err)
			}
			if err != nil {
				return err
			}
			return errors.Join(db.Close(), a.Say("made an empty snapshot at %s", cfg.State.Path))
		}),
	}
}

func newStateBackup(a *app) *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the snapshot, and check the copy",
		Long: "Backup copies the snapshot, and checks the copy. It replaces an earlier copy only with --force, or when\n" +
			"you agree on a terminal. It never replaces a file that is no snapshot, or one of other systems.",
		Args: cobra.ExactArgs(1),
		RunE: a.configured(func(ctx context.Context, cfg *configs.Config, args []string) error {
			out.path = args[0]
			if err := out.mayBackUp(ctx, &a.Terminal, cfg); err != nil {
				return err
			}
			db, err := a.OpenRead(cfg)
			if err != nil {
				return err
			}
			if err := errors.Join(db.Backup(disk.Followed(out.path)), db.Close()); err != nil {
				return err
			}
			return a.Say("copied the snapshot to %s; the copy is whole", out.path)
		}),
	}
	out.registerForce(cmd.Flags())
	return cmd
}

func newStateRestore(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the snapshot, which is kept",
		Long: "Restore puts a backup in the place of the snapshot, and keeps what it replaces beside it, as\n" +
			"PATH.before-restore-TIME. On a terminal it asks first. The next run is a refresh: it checks every\n" +
			"link, and removes nobody before it has done so.",
		Args: cobra.ExactArgs(1),
		RunE: a.configured(func(ctx context.Context, cfg *configs.Config, args []string) error {
			if a.Asks && !yes && !a.mayReplace(ctx, cfg.State.Path, args[0]) {
				return a.Say("nothing was done")
			}
			kept, err := state.Restore(args[0], cfg.State.Path, wiring.Binding(cfg), a.Reading(cfg, wiring.ReadWait))
			if err != nil {
				return err
			}
			replaced := ""
			if kept != "" {
				replaced = "what it replaced is kept as " + kept + "; "
			}
			return a.Say("restored %s from %s; %sthe next run checks every link before it removes anybody", cfg.State.Path,
				args[0], replaced)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask, also on a terminal")
	return cmd
}

// mayReplace asks whether a snapshot is to be replaced. Where there is none nobody is
// asked, and what cannot be read is not there.
func (a *app) mayReplace(ctx context.Context, snapshot, backup string) bool {
	present, err := os.Stat(snapshot)
	copied, copyErr := os.Stat(backup)
	if err != nil || copyErr != nil { // the restoring says why
		return true
	}
	written := func(info os.FileInfo) string { return info.ModTime().UTC().Format(time.RFC3339) }
	return a.Ask(ctx, fmt.Sprintf("%s, last written %s, is replaced by %s of %s, and kept under another name.\nGo on? "+
		"[y/N] ",
		ui.Safe(snapshot), written(present), ui.Safe(backup), written(copied)))
}

func newStateVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Read the snapshot whole and say what is wrong with it",
		Args:  cobra.NoArgs,
		RunE: a.configured(func(_ context.Context, cfg *configs.Config, _ []string) error {
			findings, err := state.Verify(cfg.State.Path, a.Reading(cfg, wiring.ReadWait))
			if errors.Is(err, state.ErrMissing) {
				return a.Missing(cfg)
			}
			if err != nil {
				return err
			}
			for _, finding := range findings {
				if err := a.Tell("%s", finding); err != nil {
					return err
				}
			}
			if len(findings) > 0 {
				return fmt.Errorf("%s has %s: restore a backup with `state restore FILE`", cfg.State.Path,
					ui.Number(len(findings), "fault"))
			}
			return a.Say("%s is whole", cfg.State.Path)
		}),
	}
}

// stateRekey is `state rekey`: the snapshot and the tokens under another key.
type stateRekey struct {
	*app
	keyFile string
	plain   bool
}

func newStateRekey(a *app) *cobra.Command {
	c := &stateRekey{app: a}
	cmd := &cobra.Command{
		Use:   "rekey {--key-file FILE | --plain}",
		Short: "Encrypt the snapshot and the tokens under another key",
		Long: "Rekey encrypts the snapshot and the tokens with the key in FILE, or removes the encryption. It reads\n" +
			"them with the key of the configuration; name the new key there afterwards. Backups, and copies of an\n" +
			"older form, still have the old key: keep the old key as long as you keep them.",
		Example: "  openssl rand -hex 32 > new_key && chmod 600 new_key\n" +
			"  tracktik-sync state rekey --key-file new_key",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.execute(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.keyFile, "key-file", "", "the new key is in `FILE`")
	cmd.Flags().BoolVar(&c.plain, "plain", false, "without a key: everybody who has the files can read them")
	return cmd
}

func (c *stateRekey) execute(ctx context.Context) error {
	if (c.keyFile == "") != c.plain {
		return usage("state rekey: say either --key-file FILE or --plain")
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var key configs.Secret
	if !c.plain {
		var warning string
		if key, warning, err = configs.ReadKey(c.keyFile); err != nil {
			return usage("reading the new key: %v", err)
		}
		if warning != "" {
			c.Log.WithField("finding", warning).Warn("the new key works, and is not as good as it could be")
		}
	}
	snapshot, err := c.rekeySnapshot(cfg, []byte(key.Reveal()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wiring.ReadWait)
	defer cancel()
	tokens, err := wiring.TokenFile(cfg).Rekey(ctx, []byte(key.Reveal()))
	if err != nil {
		return fmt.Errorf("the tokens are still under the old key (run the same command again): %w", err)
	}
	if !snapshot && !tokens {
		return c.Missing(cfg)
	}
	if c.plain {
		return c.Say("%s is no longer encrypted; now take state.key out of the configuration", cfg.State.Path)
	}
	return c.Say("%s is encrypted with the key in %s; now name that file in state.key_file. Backups keep the key they "+
		"were made with", cfg.State.Path, c.keyFile)
}

// rekeySnapshot also answers true for a snapshot that is under the new key already,
// which an interrupted rekey leaves behind.
func (c *stateRekey) rekeySnapshot(cfg *configs.Config, key []byte) (found bool, err error) {
	err = state.Rekey(cfg.State.Path, c.Writing(cfg), key)
	switch {
	case errors.Is(err, state.ErrMissing):
		return false, nil
	case !errors.Is(err, state.ErrKey):
		return err == nil, err
	}
	opt := c.Reading(cfg, wiring.ReadWait)
	opt.Key = key
	db, again := state.Open(cfg.State.Path, opt)
	if again != nil {
		return false, err
	}
	return true, db.Close()
}

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
		Long: "Rebind is for a snapshot whose Okta org or app, or TrackTik portal, has another address now, or was\n" +
			"replaced by one with the same people. It reads the other side whole and shows how many links still\n" +
			"hold by id; it refuses less than 90 %. People who have another employee id there are found by username\n" +
			"and e-mail. Former employees whose id belongs to somebody else there are forgotten. It asks for an\n" +
			"approval, writes nothing to TrackTik, and makes the next run a refresh that checks every link.",
		Args: cobra.NoArgs,
		RunE: c.configured(c.execute),
	}
	c.run.flags = cmd.Flags()
	cmd.Flags().StringArrayVar(&c.run.approve, "approve", nil, "bind it, as the HASH of the refusal says; also in "+
		configs.EnvApprove)
	return cmd
}

func (c *rebindCommand) execute(ctx context.Context, cfg *configs.Config, _ []string) error {
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
	return errors.Join(c.Talk(func(w io.Writer) error { return c.print(w, b) }), err)
}

func bindingText(b plan.Binding) string {
	return fmt.Sprintf("%s app %s and %s", b.Org, b.App, b.Portal)
}

// print shows what holds on the other side, and what does not.
func (c *rebindCommand) print(w io.Writer, b *links.Rebinding) error {
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
		t.Row("", fmt.Sprintf("%s: employee %d is not there, or somebody else; matched anew by the next run",
			ui.Person(ledger.Ref(*l)), l.Employee))
	}
	for _, g := range b.Roles {
		t.Row("", fmt.Sprintf("group %s: role %d is not there, or another one; matched anew by the next run",
			ui.Safe(string(g.Group)), g.Role))
	}
	if b.Done {
		t.Row("bound", "nothing was written to TrackTik; the next run checks every link before anything else")
	}
	return t.Flush()
}
