// Package state keeps the snapshot: who is linked to which employee, what was
// last pushed, which writes are under way, and what was ever done. It is one
// bbolt file with a few small files beside it.
//
// # Schema
//
// Version 2. All buckets are at the top level; be64 is a big-endian uint64, ‖
// joins, 0 is a zero byte. "sealed" values carry a form byte and a checksum over
// bucket, key and content (see codec.go), so that a flipped bit is an error and
// never another employee; the others can be derived, and are compared with what
// they were derived from whenever they are followed.
//
//	meta
//	├─ "schema"                   be64           version of all this
//	├─ "meta"                     sealed JSON    plan.Meta
//	├─ "last_run"                 be64           number of the last run
//	├─ "compacted"                be64           bytes of the file when it was last written anew
//	└─ "key"                      16 bytes salt ‖ 16 bytes proof, with form byte and checksum; of an encrypted snapshot
//	people      okta id           sealed JSON    plan.Link
//	prints      okta id           sealed         16 bytes print ‖ be64 employee ‖ 1 byte flags
//	employees   be64 employee     okta id        index of people
//	names       "u" 0 name 0 okta id   empty     index of people: folded user names ("u") and e-mails ("e") pushed
//	      "u" 0 16 bytes of HMAC ‖ okta id   empty     in an encrypted snapshot
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
//	audit_by_time         be64 ns since 1970 ‖ be64 seq   sealed   kind 0 outcome 0 approved, and 0 mark where it has one; index of audit
//	runs        run id            sealed JSON    plan.RunRecord without its document
//	documents   run id            sealed         the document, deflated
//	troubles    plan.Trouble.Key  sealed JSON    plan.Trouble
//	events      "log"             sealed JSON    plan.EventLog; none: Okta's System Log was never read
//	unmanaged   "census"          sealed JSON    plan.Census
//
// The JSON of people, formers, grants and audit may be packed: 0x01 ‖ the JSON, deflated
// with packedWords: Compact writes it so. Version 1 knows plain JSON only.
//
// A new bucket or a new JSON field is an addition and keeps the version: it must
// mean nothing when it is absent. plan.Values is stored as a list, so its fields
// may only grow at the end. Everything else is a new version, with a step in
// migrate.go.
//
// # Encryption
//
// With Options.Key the sealed values are encrypted (XChaCha20-Poly1305) and bound
// to their places, and the index of names holds keyed digests (HMAC-SHA256). The
// keys are derived from the secret and the file's salt by HKDF-SHA256. What stays
// readable are the ids of people, groups, roles, employees and runs, the times of
// audit entries, and how many there are of each. Backups have the same key.
//
// A plain snapshot that is opened for writing with a key is written anew,
// encrypted, before anything else; readers take it as it is until then. Its old
// file is removed, not wiped, and earlier backups and copies beside it stay plain:
// removing those is the operator's. An encrypted snapshot is never opened without
// its key (a KeyError), and nobody can open it once the key is lost. Rekey changes
// the key, or takes it away.
//
// The key keeps what was pushed from those who come by the file or a backup. It
// does not keep those who may write to the directory from putting an old file, or
// a plain one, in its place. Of the files beside the snapshot only the tokens are
// encrypted, see TokenFile.WithKey; the others hold ids, counts and what their
// callers put there.
//
// # Beside the snapshot
//
//	PATH.holder      who has the snapshot open for writing
//	PATH.last        number of the last run: tells a restored backup
//	PATH.status      a status document, for readers who cannot have the lock
//	PATH.approvals   sets of refused actions, for 24 hours, and PATH.approvals.lock
//	PATH.token       TrackTik's tokens, and PATH.token.lock
//	PATH.notify      who was told what, and PATH.notify.lock
//	PATH.nonce       what Okta wants in the next DPoP proof, and PATH.nonce.lock
//	PATH.chores      what could not be kept up beside the runs, and PATH.chores.lock
//	PATH.schema-N    the snapshot as it was before it left schema N
//	PATH.before-restore-TIME  what Restore put a backup in the place of
//	PATH.draft-…     a copy that is being made; it may be elsewhere, too: see Draft
//	PATH.note-…      where that is
//
// One of them that is damaged (empty, cut off, something else) is renamed to
// PATH.….damaged and counts as missing: see Options.Warn, which tells of it. Only the
// snapshot itself is worth an error.
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
// headers, the length, the inner pages and the list of free ones, and turns the
// panics and memory faults that remain into a CorruptError. Of two headers one may
// be damaged: the file is then as it was after the last transaction or the one
// before, which makes the next run a refresh.
package state
