package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tracktik-sync": program, "xdg-open": browser})
}

// program is main, in the test binary.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) //nolint:gocritic // the process ends, and its signals with it
}

// TestScripts runs the program as its users do: against an Okta org and a TrackTik
// portal, with its streams and exit codes. The commands that the scripts have
// besides stand in script_test.go.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setUpWorld,
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
	})
}
