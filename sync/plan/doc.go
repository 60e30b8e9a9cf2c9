// Package plan decides what must change in TrackTik. It is pure: no clock, no
// I/O, no logging, so every decision can be tested as a table of values.
//
// A decision is made for one person at a time ([Judge], [Decide], [DecideRoles]),
// so that a run can stream through its people. What takes all of them together is
// a pass of its own: groups and roles ([DecideGroups]), names that are wanted twice
// or pass from one person to another ([Names]), and the guards ([Check]).
//
// # What a status means
//
//	Okta user status        assignment           verdict
//	DEPROVISIONED, or on    any                  depart
//	  the way there
//	SUSPENDED               any                  hold, or depart if so configured
//	unknown, or unreadable  any                  hold
//	STAGED                  entitles             wait
//	any other               entitles             provision
//	any other               REVOKED,             depart
//	                        DEPROVISIONED
//	any other               INACTIVE, SUSPENDED  doubt: depart after a look-up that agrees
//	any other               IMPORTED, MATCHED,   ignore
//	                        UNASSIGNED, unknown
//	any other               none                 depart, after the grace
//
// # What a verdict does
//
//	verdict    snapshot  TrackTik              result
//	provision  no        no match              create (or reactivate the former one)
//	provision  no        one match, active     adopt, and update what differs
//	provision  no        one match, ours for   problem duplicate or name_in_use
//	                     somebody else
//	provision  no        several matches       problem ambiguous_match
//	provision  no        INACTIVE or BANNED    problem inactive_match
//	provision  yes       not read              update what differs from what was pushed
//	provision  yes       ACTIVE, differs       update by drift (or report it)
//	provision  yes       TERMINATED, BANNED,   held: somebody decided that
//	                     INACTIVE or deleted
//	provision  yes       its name is taken by  problem refused, by TrackTik's answer
//	                     somebody else
//	depart     yes       any                   terminate, unless protected, restored,
//	                                           switched off, or within the grace
//	depart     no        any                   nothing: not ours
//	hold       yes       any                   held
//	wait,      any       any                   nothing
//	  ignore
package plan
