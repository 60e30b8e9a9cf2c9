package report

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

var began = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// sample is a run with something of everything, and the thirty before it.
func sample() *Report {
	ana := plan.UserRef{ID: "00u1ana", Login: "ana.silva@acme.example"}
	bob := plan.UserRef{ID: "00u2bob", Login: "bob@acme.example"}
	cleo := plan.UserRef{ID: "00u3cleo", Login: "cleo@acme.example"}
	site := &plan.RoleRef{ID: 12, Name: "Site Airport", Group: "00g1site"}
	var values plan.Values
	values[plan.Username], values[plan.FirstName], values[plan.Region] = "cleo@acme.example", "Cleo", "HQ"
	d := &plan.Document{
		ID: "20261124T060000Z-000123", Created: began, Mode: "apply", Managed: 300,
		Okta: plan.OktaID{Org: "https://acme.okta.com", App: "0oa1"}, TrackTik: plan.TrackTikID{Portal: "https://acme.staffr.net"},
		HowRead: plan.HowRead{Source: plan.SourceCount{Users: 301, Groups: 1}},
		Actions: []plan.Action{
			{Kind: plan.RenameRole, Role: &plan.RoleRef{ID: 9, Name: "Supervisors", Group: "00g2"},
				Changes: []plan.Change{{Field: plan.NumFields, Old: "Supers", New: "Supervisors"}}, Reason: "the group was renamed"},
			{Kind: plan.Terminate, User: bob, Employee: 22, Reason: "deactivated in Okta", Extra: &plan.Extra{Evidence: plan.EvidenceFull}},
			{Kind: plan.Update, User: ana, Employee: 11, Reason: "changed in Okta", Changes: []plan.Change{
				{Field: plan.JobTitle, Old: "Guard", New: "Senior guard"}, {Field: plan.AddressLine1, Old: "1 Main St", New: ""}}},
			{Kind: plan.Create, User: cleo, Want: &plan.Wanted{Values: values}, Reason: "assigned to the app"},
			{Kind: plan.GrantRole, User: ana, Employee: 11, Role: site, Reason: "member of the group"},
		},
		Held:     []plan.Held{{Action: plan.Action{Kind: plan.RevokeRole, User: bob, Employee: 22, Role: site, Reason: "left the group"}, Why: "switched_off: sync.revoke_roles"}},
		Problems: []plan.Problem{{User: plan.UserRef{ID: "00u5eve", Login: "eve@acme.example"}, Code: plan.ProblemUnknownRegion, Message: `no region is called "Atlantis"`}},
		Warnings: []plan.Warning{{Code: plan.WarningPartialAddress, User: ana, Field: "address", Message: "city is missing"}},
		Guard: plan.GuardReport{Refusals: []plan.Refusal{{Kind: plan.Terminate, Count: 60, Limit: 50, Approve: "abc123",
			Message: "guard refused: 60 terminations, and guard.terminate.max_count allows 50; they wait, the rest goes on; " +
				"to let exactly these pass, once, within 24 hours: tracktik-sync sync --refresh --approve abc123"}}},
		Run: "20261124T060000Z-000123",
		Result: &plan.Result{Done: map[string]int{"rename_role": 1, "terminate": 1, "update": 1, "grant_role": 1}, Failed: 1, Held: 1,
			Failures: []plan.Failure{{Action: plan.Action{Kind: plan.Create, User: cleo}, Outcome: plan.Failed, Message: "tracktik: 400: no such region"}}},
	}
	d.Seal()
	rec := &plan.RunRecord{ID: d.Run, Started: began, Ended: began.Add(12 * time.Second), By: "ops@worker-1 (timer)", Mode: "apply", ExitCode: 3,
		Done: d.Result.Done, Failed: 1, Held: 1, Problems: 2, Managed: 300, OktaCalls: 12, TTCalls: 1234, Message: "guard refused"}
	r := &Report{Document: d, Record: rec, Ending: "exit 3: refused", Trail: NewTrail(rec), Made: began.Add(time.Hour),
		WayOut: func(code string) string { return "what settles " + code }}
	for i := range d.Actions {
		a := &d.Actions[i]
		entry := plan.Audit{Time: began.Add(time.Duration(2+2*i) * time.Second), Run: d.Run, Kind: string(a.Kind), Person: a.User.ID, Role: a.Role, Outcome: plan.Done, Attempts: 1}
		if a.Kind == plan.Create {
			entry.Outcome, entry.Request, entry.Attempts = plan.Failed, "req-77", 3
		}
		if a.Kind == plan.Terminate {
			entry.Told = entry.Time.Add(-14 * time.Minute)
		}
		r.Trail.Add(entry)
	}
	for i := range 30 {
		at := began.Add(time.Duration(i-30) * 15 * time.Minute)
		r.Trend = append(r.Trend, plan.RunRecord{ID: fmt.Sprintf("%s-%06d", at.Format("20060102T150405Z"), 93+i), Started: at,
			Ended: at.Add(time.Duration(3+i%7) * time.Second), Done: map[string]int{"update": i % 5}, Held: i / 10, Problems: 2, ExitCode: 4})
	}
	r.Trend = append(r.Trend[1:], *rec)
	return r
}

// aPlan is the same before anything was done.
func aPlan() *Report {
	r := sample()
	r.Document.Run, r.Document.Result = "", nil
	return &Report{Document: r.Document, Planned: true, File: "tonight.json", WayOut: r.WayOut, Made: r.Made}
}

// many is a plan of n actions for n/2 people.
func many(n int) *Report {
	r := aPlan()
	d := r.Document
	d.Actions, d.Held, d.Problems = d.Actions[:0], nil, nil
	role := &plan.RoleRef{ID: 12, Name: "Site Airport", Group: "00g1site"}
	for i := range n / 2 {
		u := plan.UserRef{ID: plan.PersonID(fmt.Sprintf("00u%07d", i)), Login: fmt.Sprintf("guard%d@acme.example", i)}
		d.Actions = append(d.Actions, plan.Action{Kind: plan.Update, User: u, Employee: plan.EmployeeID(i + 1), Reason: "changed in Okta",
			Changes: []plan.Change{{Field: plan.JobTitle, Old: "Guard", New: "Senior guard"}}})
	}
	for i := range n / 2 {
		d.Actions = append(d.Actions, plan.Action{Kind: plan.GrantRole, User: d.Actions[i].User, Role: role, Reason: "member of the group"})
		d.Problems = append(d.Problems, plan.Problem{User: d.Actions[i].User, Code: plan.ProblemRefused, Message: "no"})
		d.Held = append(d.Held, plan.Held{Action: d.Actions[i], Why: plan.HeldGuard + ": too many"})
	}
	d.Seal()
	return r
}

func render(t testing.TB, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.HTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
