package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tracktik-sync": main, "xdg-open": browser, elsewhen: programElsewhen})
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
