// Tracktik-sync keeps a TrackTik portal in step with an Okta org: people who are
// assigned to the TrackTik app in Okta become employees, changes follow, and who
// leaves is terminated. `tracktik-sync help` lists what it can be told to do.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // so that a time zone is known in a container without any
)

func main() {
	thrifty()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// thrifty trades a little time for memory, unless GOGC says otherwise: a run waits for
// two servers most of the time, and shares its machine with others.
func thrifty() {
	const percent = 50
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
