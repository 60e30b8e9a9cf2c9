// Package state keeps the snapshot: who is linked to which employee, what was
// last pushed, which writes are under way, and what was ever done. It is one
// bbolt file with a few small files beside it.
//
// # Schema
//
// Version 1. All buckets are at the top level; be64 is a big-endian uint64, ‖
// joins, 0 is a zero byte. "sealed" values carry a form byte and a checksum over
// bucket, key and content (see codec.go), so that a flipped bit is an error and
// never another employee; the others can be derived, and are compared with what
// they were derived from whenever they are followed.
//
//	meta
//	├─ "schema"                   be64           version of all this
//	├─ "meta"                     sealed JSON    plan.Meta
//	└─ "last_run"                 be64           number of the last run
//	people      okta id           sealed JSON    plan.Link
//	prints      okta id           sealed         16 bytes print ‖ be64 employee ‖ 1 byte flags
//	employees   be64 employee     okta id        index of people
//	names       "u" 0 name 0 okta id   empty     index of people: folded user names ("u") and e-mails ("e") pushed
//	formers     okta id 0 be64 employee   sealed JSON    plan.Former
//	formers_by_employee   be64 employee   okta id        index of formers
//	groups      group id          sealed JSON    plan.GroupLink
//	members     group id          sealed         okta ids, sorted, a line each
//	grants      be64 role ‖ okta id       sealed JSON    plan.Grant
//	grants_by_person      okta id 0 be64 role    empty   index of grants
//	pending     be64 seq          sealed JSON    plan.Intent
//	audit       be64 seq          sealed JSON    plan.Audit
//	audit_by_person       okta id 0 be64 seq     empty   index of audit
//	audit_by_run          run id 0 be64 seq      empty   index of audit
//	audit_by_time         be64 ns since 1970 ‖ be64 seq   sealed   kind 0 outcome 0 approved; index of audit
//	runs        run id            sealed JSON    plan.RunRecord without its document
//	documents   run id            sealed         the document, deflated
//	troubles    plan.Trouble.Key  sealed JSON    plan.Trouble
//
// A new bucket or a new JSON field is an addition and keeps the version: it must
// mean nothing when it is absent. plan.Values is stored as a list, so its fields
// may only grow at the end. Everything else is a new version, with a step in
// migrate.go.
//
// # Beside the snapshot
//
//	PATH.holder      who has the snapshot open for writing
//	PATH.last        number of the last run: tells a restored backup
//	PATH.status      a status document, for readers who cannot have the lock
//	PATH.approvals   sets of refused actions, for 24 hours, and PATH.approvals.lock
//	PATH.token       TrackTik's tokens, and PATH.token.lock
//
// # Caveats
//
// One process at a time can write, and none can read meanwhile: bbolt's lock on
// the file is the mutual exclusion of runs.
//
// Commit is durable when it returns. Callers that wait at the same time share one
// transaction, so eight writers cost hardly more than one.
//
// No method hands out memory of the file, and none keeps a transaction open while
// the caller's code runs: an iterator reads some hundred records, closes its
// transaction and then yields them. What is committed during an iteration may or
// may not be seen by it.
//
// bbolt maps the file and trusts what it finds there. Open therefore checks the
// header, the length and the inner pages first, and turns the panics and memory
// faults that remain into a CorruptError.
package state
