package sync_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// changeOf is the change of that field in the plan, of an action or of what is held.
func changeOf(doc *plan.Document, kind plan.Kind, field plan.Field) (c plan.Change, reason string) {
	actions := doc.Actions
	for _, h := range doc.Held {
		actions = append(actions, h.Action)
	}
	for _, a := range actions {
		for _, c := range a.FieldChanges() {
			if a.Kind == kind && c.Field == field {
				return c, a.Reason
			}
		}
	}
	return plan.Change{}, ""
}

func (w *world) wantChange(doc *plan.Document, kind plan.Kind, field plan.Field, old, new string) {
	w.Helper()
	if c, _ := changeOf(doc, kind, field); c.Old != old || c.New != new {
		w.Errorf("the plan has %s %q -> %q, want %q -> %q%s", field, c.Old, c.New, old, new, details(doc))
	}
}

func TestAWithheldUpdateOfAnAdoptionKeepsShowingWhatTrackTikHolds(t *testing.T) {
	w := newWorld(t)
	w.policy.UpdateUsers = false
	id := w.atPortal("ada", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New"})
	w.wantChange(w.run(), plan.Update, plan.JobTitle, "Old", "New")
	doc := w.run()
	w.wantChange(doc, plan.Update, plan.JobTitle, "Old", "New")
	if _, reason := changeOf(doc, plan.Update, plan.JobTitle); !strings.HasPrefix(reason, "changed in Okta, or not the same when the employee was adopted") {
		t.Errorf("the reason is %q, and nobody changed anything in Okta", reason)
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": ""}) // never pushed: left alone
	w.wantDone(w.run(), "")
	w.policy.UpdateUsers = true
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Newer"})
	w.wantChange(w.run(), plan.Update, plan.JobTitle, "Old", "Newer")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Newest"})
	w.wantChange(w.run(), plan.Update, plan.JobTitle, "Newer", "Newest")
	w.wantDone(w.runWith(refreshed), "")
	if e, _ := w.portal.Employee(id); e.JobTitle != "Newest" {
		t.Errorf("ada is %+v", e)
	}
}

func TestAKeptAdoptionShowsWhatTrackTikHoldsWhenOktaChanges(t *testing.T) {
	w := newWorld(t)
	w.policy.AdoptKeep = true
	w.atPortal("ada", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New"})
	w.run()
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Newer"})
	w.wantChange(w.run(), plan.Update, plan.JobTitle, "Old", "Newer")
}

func TestWhatTrackTikHeldProtectsAnAdoptedEmployee(t *testing.T) {
	w := newWorld(t)
	w.policy.UpdateUsers = false
	w.atPortal("ada", func(e *tracktiktest.Employee) { e.Username = "the.boss" })
	w.hire("ada", "bob")
	w.run()
	w.policy.Protected = []string{"the.*"}
	w.org.DeactivateUser(w.users["ada"])
	w.wantHeld(w.run(), plan.HeldProtected, "ada")
	w.wantStatus("ACTIVE", "ada")
}

func TestWhoCameWithoutADivisionIsMovedFromTheDefaultRegion(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	home := w.employee("ada").Region
	w.org.UpdateUser(w.users["ada"], map[string]any{"division": "North"})
	doc := w.run()
	if c, _ := changeOf(doc, plan.Update, plan.Region); c.Old == "" || c.New != "North" || w.employee("ada").Region == home {
		t.Errorf("moved %q -> %q", c.Old, c.New)
	}
}

func TestAReactivationShowsAndSendsWhatChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard", "primaryPhone": "555", "division": "North"})
	w.run()
	w.org.SetUserStatus(w.users["ada"], "DEPROVISIONED")
	w.run()
	w.org.SetUserStatus(w.users["ada"], "ACTIVE")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "", "primaryPhone": "556", "division": "South"})
	doc := w.run()
	w.wantDone(doc, "reactivate 1")
	w.wantChange(doc, plan.Reactivate, plan.Username, "", mail("ada"))
	w.wantChange(doc, plan.Reactivate, plan.JobTitle, "Guard", "")
	w.wantChange(doc, plan.Reactivate, plan.PrimaryPhone, "555", "556")
	w.wantChange(doc, plan.Reactivate, plan.Region, "North", "South")
	w.wantChange(doc, plan.Reactivate, plan.FirstName, "", "") // as it was
	e := w.employee("ada")
	if e.Username != mail("ada") || e.JobTitle != "" || e.PrimaryPhone != "556" || w.regionName(e.Region) != "South" {
		t.Errorf("ada is %+v in %s", e, w.regionName(e.Region))
	}
	w.wantDone(w.runWith(refreshed), "")
}

func (w *world) regionName(id int64) string {
	for _, r := range w.portal.Regions() {
		if r.ID == id {
			return r.Name
		}
	}
	return ""
}

func TestTheSameEditByHandIsRepairedAgain(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.run()
	edit := func() {
		w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.JobTitle = "By hand" }))
	}
	for range 2 {
		edit()
		w.wantDone(w.runWith(refreshed), "update 1")
		w.wantDone(w.runWith(refreshed), "") // TrackTik has kept it
	}
	edit()
	w.wantDone(w.runWith(refreshed), "update 1")
	edit() // nothing has shown since that it was kept
	w.wantProblem(w.runWith(refreshed), plan.ProblemValueNotKept, "ada")
}
