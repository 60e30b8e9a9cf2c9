package sync_test

import (
	"context"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A termination takes the username, and without one nobody can log in.
func TestAUsernameThatOnlyACreateSetsComesBackWithAReactivation(t *testing.T) {
	for name, back := range map[string]func(w *world, run string){
		"reactivated": func(w *world, _ string) {
			w.org.AssignUser(w.app, w.users["g001"], oktatest.Assignment{})
			w.wantDone(w.run(), "reactivate 1")
		},
		"reactivated, and the update fails": func(w *world, _ string) {
			w.org.AssignUser(w.app, w.users["g001"], oktatest.Assignment{})
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "PATCH", Path: "/employees/*"}, tracktiktest.FailBefore))
			_, _ = w.sync(tsync.RunOptions{}) // what it ends with is not the matter here
			w.inPortal(nil)
			w.run()
		},
		"restored": func(w *world, run string) {
			_, err := w.build().Restore(context.Background(), tsync.RestoreOptions{Run: run, Terminated: []tsync.Terminated{
				{User: plan.UserRef{ID: plan.PersonID(w.users["g001"])}, Employee: plan.EmployeeID(w.employee("g001").ID)}}})
			w.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.policy.CreateOnly = plan.FieldSet(0).With(plan.Username)
			w.crowd(12)
			w.run()
			w.org.UnassignUser(w.app, w.users["g001"])
			ended := w.run()
			if e := w.employee("g001"); e.Username != "" {
				t.Fatalf("the termination left the username %q", e.Username)
			}
			back(w, ended.ID)
			if e := w.employee("g001"); e.Status != tracktiktest.Active || e.Username != mail("g001") {
				t.Errorf("the employee is %s with the username %q", e.Status, e.Username)
			}
			w.org.UpdateUser(w.users["g001"], map[string]any{"login": "renamed@acme.example"})
			w.run()
			if e := w.employee("g001"); e.Username != mail("g001") {
				t.Errorf("a later run has set the username %q", e.Username)
			}
		})
	}
}
