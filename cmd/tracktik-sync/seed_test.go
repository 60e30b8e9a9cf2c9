package main

import (
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// seed is a small past: three people, one of them gone, one with a problem, and a
// run in which that happened.
func seed() plan.Batch {
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	run := "20261120T060000Z-000001"
	var pushed plan.Values
	pushed[plan.Username], pushed[plan.Email], pushed[plan.JobTitle], pushed[plan.Region] = "ana@acme.example", "ana@acme.example", "Senior guard", "HQ"
	ana := plan.Link{Person: "00u1ana", Employee: 11, How: plan.HowAdopted, Since: at, Run: run, Login: "ana@acme.example", Email: "ana@acme.example", Pushed: pushed}
	mal := plan.Link{Person: "00u2mal", Employee: 12, How: plan.HowCreated, Since: at, Run: run, Login: "=cmd|'/C calc'!A0", Email: "mal@acme.example"}
	old := plan.Link{Person: "00u9old", Employee: 19, How: plan.HowCreated, Since: at, Run: run, Login: "old@acme.example"}
	role := &plan.RoleRef{ID: 5, Name: "Site Airport", Group: "00g1site"}
	next := at.Add(time.Hour)
	return plan.Batch{
		Links:   []plan.Link{ana, mal},
		Formers: []plan.Former{{Link: old, Terminated: at, Run: run}},
		Groups:  []plan.GroupLink{{Group: "00g1site", Name: "Site Airport", Role: 5, RoleName: "Site Airport", How: plan.HowCreated}},
		Grants:  []plan.Grant{{Role: 5, Person: "00u1ana", ID: 77, Employee: 11, Group: "00g1site", How: plan.HowCreated, Since: at, Run: run}},
		Troubles: []plan.Trouble{{Person: "00u3eve", Login: "eve@acme.example", Code: plan.ProblemRefused, Message: "tracktik: 400: bad e-mail\x1b[2J",
			Kind: plan.Create, Since: at, Last: at, Attempts: 2, NextTry: &next}},
		Audits: []plan.Audit{
			{Time: at, Run: run, By: "ops@worker-1 (timer)", Kind: "update", Person: "00u1ana", Login: "ana@acme.example", Employee: 11,
				Changes: []plan.Change{{Field: plan.JobTitle, Old: "Guard", New: "Senior guard"}}, Reason: "changed in Okta", Outcome: plan.Done, Attempts: 1, Request: "req-1"},
			{Time: at, Run: run, By: "ops@worker-1 (timer)", Kind: "grant_role", Person: "00u1ana", Login: "ana@acme.example", Employee: 11, Role: role, Outcome: plan.Done, Attempts: 1},
			{Time: at, Run: run, By: "ops@worker-1 (timer)", Kind: "terminate", Person: "00u9old", Login: "old@acme.example", Employee: 19, Reason: "deactivated in Okta", Outcome: plan.Done, Attempts: 1},
		},
		Run: &plan.RunRecord{ID: run, Started: at, Ended: at.Add(time.Minute), By: "ops@worker-1 (timer)", Mode: "apply", ExitCode: 4,
			Refusals: []plan.Refusal{{Kind: plan.Terminate, Count: 1, Message: "guard refused: 1 termination", Approve: "feedc0de"}},
			Summary:  map[string]int{"update": 1, "terminate": 1}, Done: map[string]int{"update": 1}, Held: 1, Problems: 1, Managed: 2, Document: seedDocument()},
		Meta: nil,
	}
}

func seedDocument() []byte {
	d := plan.Document{Mode: "apply", Managed: 2, Okta: plan.OktaID{Org: "https://acme.okta.com"}, Held: []plan.Held{{
		Action: plan.Action{Kind: plan.Terminate, User: plan.UserRef{ID: "00u2mal", Login: "mal"}, Employee: 12, Reason: "unassigned"},
		Why:    "unassigned_grace: until tomorrow"}}}
	d.Guard.OK = true
	d.Seal()
	var text strings.Builder
	if err := ui.WriteJSON(&text, d); err != nil {
		panic(err)
	}
	return []byte(text.String())
}
