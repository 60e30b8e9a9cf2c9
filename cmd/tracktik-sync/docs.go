package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tracktik-sync/configs"
)

// docsCommands make what packages install beside the program, and the reference.
var docsCommands = []constructor{newDocsMan, newDocsConfig, newDocsReference}

func newDocs(a *app) *cobra.Command {
	cmd := group(a, "docs", "Write the files that packages install, and the reference", docsCommands)
	cmd.Hidden = true
	return cmd
}

func newDocsMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a manual page for each command",
		Long:  "Man writes a manual page for each command. The date in them is that of SOURCE_DATE_EPOCH, where it is set.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "TRACKTIK-SYNC", Section: "1", Source: "tracktik-sync " + version, Manual: "tracktik-sync"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("writing manual pages: %w", err)
			}
			return a.Say("wrote the manual pages to %s", args[0])
		},
	}
}

// packaged is where packages and their systemd unit have what the sample names. A
// secret without a directory is one of the unit's credentials, or lies beside the
// configuration.
var packaged = map[string]any{
	"okta.auth.private_key_file":       "okta.pem",
	"tracktik.auth.client_secret_file": "tracktik_client_secret",
	"tracktik.auth.password_file":      "tracktik_password",
	"tracktik.auth.refresh_token_file": nil,
	"state.path":                       "/var/lib/tracktik-sync/tracktik-sync.db",
}

func newDocsConfig(a *app) *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "config FILE",
		Short: "Write the sample configuration with the paths of packages",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := configs.Fill(packaged)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
				return err
			}
			out.path = args[0]
			if err := a.mayWrite(cmd.Context(), a.configIfAny(), out); err != nil {
				return err
			}
			if err := os.WriteFile(args[0], []byte(text), 0o600); err != nil {
				return err
			}
			return a.Say("wrote the sample configuration to %s", args[0])
		},
	}
	out.registerForce(cmd.Flags())
	return cmd
}
