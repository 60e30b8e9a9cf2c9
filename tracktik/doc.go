// Package tracktik is a client of the REST API that every TrackTik portal
// serves under /rest/v1, in its version 2020-01-01. It reads and changes the
// employees, roles, role assignments and regions of one portal.
//
// [New] makes a [Client]; a method is one call, or one list with all of its
// pages. Tokens, rate limits and retries happen below the methods.
//
// What a caller could get wrong:
//
//   - A read is repeated when it fails; a write never is, unless it provably did
//     not happen (the connection was refused, or the portal said 429 or 401).
//     A write whose answer was lost fails with an [Error] whose OutcomeUnknown is
//     true. Look up what became of it before sending it again: the portal knows
//     no idempotency keys.
//   - A list is whole or an error. Its pages are checked against the count that
//     the portal gives with the first, and a page that comes twice, is cut or
//     empty without reason is an [Error] whose Broken is true.
//   - The portal blocks an address for two hours after 40 failed logins in two
//     minutes. After one failed login the client answers every call with that
//     same error and does not log in again: make a Client for each run.
//
// TrackTik's support articles (support.tracktik.com/hc/en-us/articles/…) and the
// OpenAPI document that a portal generates of itself leave gaps. What fills them
// here is a guess, and every guess stands in guesses.go.
package tracktik
