package sync_test

import (
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A record that we terminated may be somebody else's when the person comes back.
func TestARecordThatIsSomebodyElsesByNowIsNotBroughtBack(t *testing.T) {
	other := func(e *tracktiktest.Employee) { becomesSomebodyElse(e) }
	for name, c := range map[string]struct {
		change func(w *world, id int64)
		want   string // of the next run
		held   string
	}{
		"somebody else's, and active": {func(w *world, id int64) {
			w.must(w.portal.ReactivateEmployee(id))
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { other(e); e.Username = "someone" }))
		}, "create 1", ""},
		"somebody else's, and terminated": {func(w *world, id int64) { w.must(w.portal.UpdateEmployee(id, other)) }, "create 1", ""},
		"not shown to us any more":        {func(w *world, id int64) { w.hide(tracktiktest.HQ) }, "reactivate 1", ""}, // and refused: see hidden_test.go
		"theirs, brought back by hand under another address": {func(w *world, id int64) {
			w.must(w.portal.ReactivateEmployee(id))
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Email = "private@home.example" }))
		}, "", plan.HeldDoubtfulMatch},
		"theirs, and banned": {func(w *world, id int64) {
			w.must(w.portal.BanEmployee(id))
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Email = "private@home.example" }))
		}, "", plan.HeldBannedElsewhere},
		"theirs, under another address": {func(w *world, id int64) {
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Email = "private@home.example" }))
		}, "reactivate 1", ""},
		"theirs": {func(*world, int64) {}, "reactivate 1", ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.crowd(12)
			w.hire("zoe")
			w.run()
			zoe := w.employee("zoe")
			w.org.UnassignUser(w.app, w.users["zoe"])
			ended := w.run()
			c.change(w, zoe.ID)
			before, _ := w.portal.Employee(zoe.ID)
			restores := len(w.restorePlan(ended.ID, "zoe", zoe.ID).Actions) > 0
			if theirs := c.want == "reactivate 1"; theirs != restores && name != "not shown to us any more" {
				t.Errorf("a restore would bring them back: %v", restores)
			}
			w.org.AssignUser(w.app, w.users["zoe"], oktatest.Assignment{})
			doc := w.run()
			if got := counts(doc); got != c.want {
				t.Errorf("the plan is %q, want %q\n%s", got, c.want, details(doc))
			}
			if c.held != "" {
				w.wantHeld(doc, c.held, "zoe")
			}
			after, _ := w.portal.Employee(zoe.ID)
			if c.want != "reactivate 1" && (after.Email != before.Email || after.Username != before.Username || after.Status != before.Status) {
				t.Errorf("employee %d was %+v and is %+v", zoe.ID, before, after)
			}
		})
	}
}

func TestANewEmployeeIsNotGivenWhatSomebodyElsesRecordHolds(t *testing.T) {
	w := newWorld(t)
	w.crowd(12)
	w.hire("zoe")
	w.run()
	zoe := w.employee("zoe")
	w.org.UnassignUser(w.app, w.users["zoe"])
	ended := w.run()
	w.must(w.portal.ReactivateEmployee(zoe.ID))
	w.must(w.portal.UpdateEmployee(zoe.ID, func(e *tracktiktest.Employee) { becomesSomebodyElse(e); e.JobTitle = "Boss" }))
	_, err := w.build().Restore(t.Context(), tsync.RestoreOptions{Run: ended.ID, New: true, Terminated: []tsync.Terminated{
		{User: plan.UserRef{ID: plan.PersonID(w.users["zoe"])}, Employee: plan.EmployeeID(zoe.ID)}}})
	w.must(err)
	if e := w.employee("zoe"); e.ID == zoe.ID || e.Status != tracktiktest.Active || e.JobTitle != "" {
		t.Errorf("restored as %+v", e)
	}
}
