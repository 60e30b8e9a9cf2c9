// Package sync carries out one run: it settles what the last one left open, reads
// Okta, lets package plan decide, asks the guards, and applies. It is unrelated to
// the standard library's sync; everybody but itself imports it as tsync.
//
// An [Engine] is a literal of its parts. [Engine.Plan] decides and writes nothing;
// [Engine.RunOnce] decides by the same code and applies. Whatever it calls it
// declares as a port, with only the methods that it uses.
//
// # Order of a run
//
//	settle   intents whose outcome is unknown are looked up in TrackTik
//	read     the app, its users page by page, the pushed groups; TrackTik on a refresh
//	confirm  who is missing is looked up: absence is not departure
//	match    new people are looked for among the employees
//	decide   package plan makes actions, held actions, problems and warnings
//	guard    what exceeds a limit waits, or stops the run
//	apply    intent, call, outcome: each durable before the next
//	finish   memberships, prints, problems and the run are recorded
//
// Nothing is written to TrackTik before all reading is done.
package sync
