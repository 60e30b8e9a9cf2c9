package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

func newState(a *app) *cobra.Command {
	return group(a, "state", "Make, copy, check and print the snapshot", stateCommands)
}

func newStateInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Make an empty snapshot where there is none",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			db, err := a.Create(cfg)
			if errors.Is(err, state.ErrExists) {
				return fmt.Errorf("%w; nothing was changed", err)
			}
			if err != nil {
				return err
			}
			return errors.Join(db.Close(), a.Say("made an empty snapshot at %s", cfg.State.Path))
		},
	}
}

func newStateBackup(a *app) *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the snapshot, and check the copy",
		Long: "Backup copies the snapshot, and checks the copy. An earlier copy is replaced with --force, or when\n" +
			"somebody at a terminal agrees; a file that is no snapshot, or that of others, never.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out.path = args[0]
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if err := a.mayBackUp(cmd.Context(), cfg, out); err != nil {
				return err
			}
			return a.backUp(cfg, out.path)
		},
	}
	out.registerForce(cmd.Flags())
	return cmd
}

func (a *app) backUp(cfg *configs.Config, path string) error {
	db, err := a.OpenRead(cfg)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Backup(disk.Followed(path)), db.Close()); err != nil {
		return err
	}
	return a.Say("copied the snapshot to %s; the copy is whole", path)
}

func newStateRestore(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the snapshot",
		Long: "Restore puts a backup in the place of the snapshot. The next run is a refresh: it checks every\n" +
			"link and removes nobody before that is done.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			err = state.Restore(args[0], cfg.State.Path, wiring.Binding(cfg), a.Reading(cfg, wiring.ReadWait))
			if err != nil {
				return err
			}
			return a.Say("restored %s from %s; the next run checks every link before it removes anybody", cfg.State.Path, args[0])
		},
	}
}

func newStateVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Read the snapshot whole and say what is wrong with it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
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
				return fmt.Errorf("%s has %s: restore a backup with `state restore FILE`", cfg.State.Path, ui.Number(len(findings), "fault"))
			}
			return a.Say("%s is whole", cfg.State.Path)
		},
	}
}
