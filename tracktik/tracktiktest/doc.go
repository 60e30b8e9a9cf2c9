// Package tracktiktest is a TrackTik portal in memory, to be used in the manner
// of net/http/httptest:
//
//	srv := tracktiktest.NewServer()
//	defer srv.Close()
//	guard := srv.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Byron"})
//	// … point a client at srv.URL with the Default credentials …
//	e, ok := srv.Employee(guard)
//
// It speaks raw JSON over HTTP and shares no type with any client, so that it
// cannot agree with a client's mistakes. What a portal enforces it enforces:
// scopes and permissions, single-use refresh tokens, unique e-mails and
// usernames, the rules of each field, refused misspelt filters, lists without
// those who left. Where TrackTik's behaviour is not on record, a switch chooses
// between the possible ones, and its comment says so.
//
// Three sets of knobs:
//
//   - fields of Server: the clock, the credentials, the switches, the limits;
//   - Intercept with the ready-made faults (LostReply, FailAfter, TooMany, …),
//     aimed by When and joined by Chain;
//   - the methods that act like somebody at the portal's own pages (AddEmployee,
//     TerminateEmployee, RenameRole, …), whom none of the API's rules bind.
//
// The shapes are those of TrackTik's support articles and of its generated
// OpenAPI document, version 2020-01-01; where recorded answers differ from that
// document (the meta/data envelope, 201 on a create) the recordings win.
//
// A Server is safe for concurrent use. It serves portals of 100,000 employees:
// look-ups by id, username, email, customId and a grant's user are indexed, and a
// page of a complete list costs what the page holds.
package tracktiktest
