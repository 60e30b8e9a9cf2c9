// Tracktik-sandbox serves an Okta org and a TrackTik portal with an invented company
// in them, so that tracktik-sync can be tried, shown and tested without an account
// at either.
//
//	tracktik-sandbox --write-config sandbox.yaml &
//	tracktik-sync --config sandbox.yaml plan
//	tracktik-sync --config sandbox.yaml sync --init
//
// It prints the configuration to use, or writes it to a file that is there as soon
// as both servers answer. A third server has a web page with both sides next to each
// other and buttons that let something happen, and the same as calls for scripts:
// see package internal/control. The company follows from --seed, and has a cast of
// edge cases: see package internal/world.
//
//	tracktik-sandbox demo --sync ./tracktik-sync
//
// shows it all by itself: a first plan, a first sync, a second one that must write
// nothing, then a week of hires, moves, weddings and leavers with a sync a day. It
// exits with 1 when TrackTik is not as it should be after any of them.
//
// Everything is in memory and ends with the process. Exit codes: 0 ended by a signal
// or done; 1 failed, or an expectation of the demonstration does not hold; 2 bad
// usage.
package main
