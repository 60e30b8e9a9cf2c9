// Package sync carries out one run: it settles what the last one left open, reads
// Okta, decides, asks the guards, and applies. It is unrelated to
// the standard library's sync; everybody but itself imports it as tsync.
//
// An [Engine] is a literal of its parts. [Engine.Plan] decides and writes nothing;
// [Engine.RunOnce] decides by the same code and applies. Whatever it calls it
// declares as a port, with only the methods that it uses.
//
// # Order of a run
//
// Each line names the function to begin reading at.
//
//	start    run.start: the app is read, approvals are loaded, and what an earlier run left open is
//	         looked up in TrackTik (package apply)
//	read     reader.ReadAll, singleReader.ReadSome: users page by page, the pushed groups;
//	         TrackTik on a refresh; who is missing is looked up: absence is not departure
//	         (package read)
//	ask      ask.Asker.Decide: what the decisions need and was not read; then package decide
//	         makes them, by the rules of package plan: actions, held actions, problems, warnings
//	guard    guard.compose: what exceeds a limit waits, or stops the run
//	apply    apply.Applier.Carry: intent, call, outcome: each durable before the next
//	         (package apply)
//	record   recorder.finish, bookkeeper.record: notes, grants, members, problems, prints, and
//	         the run itself
//
// Nothing is written to TrackTik before the plan is made. While it is carried out, only what
// an action rests on is read again.
package sync
