package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// A failure is an error that is not about how the command was called.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// run is the command. It returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cmd := serveCommand()
	cmd.AddCommand(demoCommand())
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var failed failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, "tracktik-sandbox:", err)
		return 1
	}
	fmt.Fprintf(stderr, "tracktik-sandbox: %v\nsee tracktik-sandbox --help\n", err)
	return 2
}

// version is set by the build: -ldflags "-X main.version=v1.4.0".
var version = "devel"

func serveCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "tracktik-sandbox",
		Short: "An Okta org and a TrackTik portal to try tracktik-sync with",
		Long: "Serves an Okta org and a TrackTik portal with an invented company in them, and a web\n" +
			"page that shows both. Prints the configuration for tracktik-sync, or writes it.",
		Example: "  tracktik-sandbox --write-config sandbox.yaml\n" +
			"  tracktik-sandbox --people 100000 --groups 2000 --seed 7 >big.yaml\n" +
			"  tracktik-sandbox demo --sync ./tracktik-sync",
		Args:          cobra.NoArgs,
		Version:       version,
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if err := serve(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return failure{err}
			}
			return nil
		},
	}
	cmd.SetVersionTemplate("tracktik-sandbox {{.Version}}\n")
	o.flags(cmd.Flags())
	cmd.Flags().StringVar(&o.oktaAddr, "okta-addr", "127.0.0.1:0", "where Okta listens; port 0: a free one")
	cmd.Flags().StringVar(&o.trackTikAddr, "tracktik-addr", "127.0.0.1:0", "where TrackTik listens")
	cmd.Flags().StringVar(&o.adminAddr, "admin-addr", "127.0.0.1:0", "where the web page and the control calls listen")
	cmd.Flags().StringVar(&o.writeConfig, "write-config", "", "write the configuration to `FILE`, as soon as all servers answer, instead of printing it")
	cmd.Flags().StringVar(&o.readyFile, "ready-file", "", "write addresses and process id to `FILE`, as JSON, as soon as all servers answer")
	return cmd
}

func demoCommand() *cobra.Command {
	o := options{oktaAddr: "127.0.0.1:0", trackTikAddr: "127.0.0.1:0", adminAddr: "127.0.0.1:0"}
	var d demo
	cmd := &cobra.Command{
		Use:   "demo --sync PATH",
		Short: "Show a first sync and a week of life, and check what comes of it",
		Long: "Demo shows a first sync and a week of life, and checks what comes of it. With DEMO_STAY=1 in the\n" +
			"environment its web page stays open afterwards, until Ctrl-C.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			d.out, d.stay = cmd.OutOrStdout(), os.Getenv("DEMO_STAY") == "1"
			if err := d.run(cmd.Context(), o); err != nil {
				return failure{err}
			}
			return nil
		},
	}
	o.flags(cmd.Flags())
	cmd.Flags().StringVar(&d.sync, "sync", "", "the tracktik-sync `PROGRAM` to show")
	cmd.Flags().StringVar(&d.dir, "dir", "", "work in this `DIR`ectory, and leave everything there; empty: one that is removed when all went well")
	_ = cmd.MarkFlagRequired("sync") // it exists
	return cmd
}
