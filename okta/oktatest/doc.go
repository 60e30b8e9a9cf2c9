// Package oktatest is an Okta org in memory that answers over HTTP, for tests,
// benchmarks and demonstrations, in the manner of net/http/httptest.
//
//	srv := oktatest.NewServer()
//	defer srv.Close()
//	app := srv.AddApp(oktatest.App{Label: "TrackTik"})
//	guard := srv.AddUser(oktatest.User{Login: "ada@acme.example"})
//	srv.AssignUser(app, guard, oktatest.Assignment{})
//	// GET srv.URL + "/api/v1/apps/" + app + "/users?expand=user"
//
// The zero Server is a ready http.Handler as well, to be mounted where one likes.
//
// The org is changed through methods that do what an administrator does in Okta,
// consequences included: a person who joins a group gets the group's apps, one who
// is deactivated loses the active ones but stays in the groups. It is read through
// the part of Okta's Management API that a provisioning client uses, all of it GET.
// What is not simulated is refused, not ignored. The methods panic when they are
// given an id that does not exist or a login that is taken: that is a mistake in
// the test.
//
// Answers are raw JSON in the shape of recorded ones, so that a client and this
// package cannot share a misunderstanding. Where Okta's OpenAPI document and the
// recordings differ (externalId and description are null, priorities count up),
// the recordings win. Pages are ordered by id, and a cursor names the last id that
// was handed out: people who come and go between two pages are neither repeated
// nor make others be skipped.
//
// Failures are the business of one hook, [Server.Intercept], and of the ready-made
// [Interceptor] values: each says which behaviour in production it models.
//
// Beside API tokens there is OAuth 2.0: [Server.RegisterServiceApp] makes a service
// app known, which gets its access tokens at /oauth2/v1/token with a private key,
// and with DPoP proofs after [Server.RequireDPoP]. Signatures, times, nonces and
// scopes are checked for real. To see that a client does without an API token, set
// Tokens to an empty list.
//
// Every change is an event of the System Log, which is read as Okta has it be polled; how
// late, how often and in which order events come is [Server.SystemLog], and [Server.Log]
// puts others there.
//
// # What Okta does not say
//
// Assertions and proofs have no leeway: none is taken that was issued in the
// future. expand=user needs okta.users.read beside okta.apps.read.
//
// Of a person with several granting groups, the group with the lowest priority
// number supplies the app profile. Deleting a user leaves the lastMembershipUpdated
// of their groups as it was. /groups/{id}/users counts against the bucket of
// /groups. A cursor of the System Log that is older than the retention is refused, and a
// link to the next page holds no since. Each is one of several readings, and the harder one for a client where
// there is a difference.
package oktatest
