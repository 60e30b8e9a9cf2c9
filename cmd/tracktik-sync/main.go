// Tracktik-sync keeps a TrackTik portal in step with an Okta org: people who are
// assigned to the TrackTik app in Okta become employees, changes follow, and who
// leaves is terminated. `tracktik-sync help` lists what it can be told to do.
package main

import (
	"os"
	_ "time/tzdata" // so that a time zone is known in a container without any

	// An image that holds nothing but this program has no certificate authorities. These
	// are used only where the system has none of its own.
	_ "golang.org/x/crypto/x509roots/fallback"
)

func main() {
	ctx := untilAsked() // first of all: before it, a signal ends the program without a word
	saveMemory()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
