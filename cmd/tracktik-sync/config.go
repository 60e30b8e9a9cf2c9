package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
)

func newConfig(a *app) *cobra.Command {
	return group(a, "config", "Write, check and show the configuration", configCommands)
}

func newConfigValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration, and say everything that is wrong with it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if cfg.File() == "" {
				return a.Say("the configuration, from the environment alone, is valid")
			}
			return a.Say("%s is valid", cfg.File())
		},
	}
}

func newConfigShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print every value that is in force, and where it comes from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if cfg == nil {
				return err
			}
			return errors.Join(a.Data(func(w io.Writer) error { return cfg.Show(w) }), err)
		},
	}
}
