// Package chaos lives random lives of a company: people are hired, leave, come back
// and take over names in Okta; dispatchers end, ban, rename and grant by hand in
// TrackTik; the configuration changes; and between all that a program is given
// commands, under answers that come late or never, narrowed rights, wrong clocks and
// kills.
//
// A judge looks at what the program did. It knows the contract (who may be touched, on
// what evidence, what is due) and shares no code with the program: it sees the
// simulators' own state, their record of who changed what by which call, and what the
// program prints: exit codes and JSON. So it may not import anything that it judges.
//
//	l := chaos.New(seed, dir, program)
//	faults := l.Live(ctx, rounds)
//
// A seed makes the same life again, as far as the program's own concurrency lets it.
// Steps lists what happened, for whoever looks for the cause of a fault.
//
// # Files
//
//	life.go       the course of a life: rounds, calm spells, the record of its steps
//	kinds.go      the kinds of lives, and what each makes likelier
//	okta.go       what happens in Okta
//	hands.go      what people do at the portal's own pages
//	settings.go   the configuration, and how it changes
//	dates.go      first and last days
//	lists.go      how the portal's lists fail, or show too little
//	weather.go    what goes wrong with requests, rights, clocks and processes
//	commands.go   what the program is told to do
//	truth.go      Okta's state, and the verdict about a person
//	ledger.go     the portal's state, by whose hand it came about, and who owns whom
//	judge*.go     whether each change was right; what was claimed; what the exit code says
//	due.go        whether all that is due is there, after a calm spell
package chaos
