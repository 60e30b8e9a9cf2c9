// Package okta reads an Okta org: who is assigned to the TrackTik app, which
// groups there are and who is in them. It only ever sends GET requests, and a
// ServiceApp's for an access token.
//
// What it hands out is whole or an error. A listing that fails, is cut short,
// goes round in circles or answers something that is not a listing ends in an
// *Error with Broken() true, never in a shorter list, because a short list reads
// as departures. In the same way "not found" is an answer of its own: only Okta's
// E0000007, in JSON, means that something is gone.
//
// Requests go through okta-sdk-golang/v2, on a RoundTripper of ours (transport)
// that does what the SDK leaves undone or does unsafely: authorization, the share
// of the org's rate limits that we allow ourselves, bounded retries, the checks of
// an answer's body, and the Link header. The SDK's cache, retries, time-outs and
// pagination are off, and so are its configuration file and OKTA_* variables.
//
// An answer goes to the caller beside the SDK, not through it: the SDK would copy
// a page twice and decode it twice, takes an empty body for a success, and panics
// on a malformed Link.
//
// Who we are to Okta is an API token, or better a ServiceApp: a private key, of
// which Okta knows the public half, scopes that only read, and access tokens that
// last an hour and, with DPoP, are of no use to anybody else.
//
// People are listed as plan.Entry values. The print of an entry covers exactly
// what its Decode reads, so an entry with a known print need not be decoded.
package okta
