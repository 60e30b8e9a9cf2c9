package sync_test

import (
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

// A protected name that somebody gave an employee protects while it is there, and no
// longer once a refresh has put the right one back.
func TestANameThatWasPutRightProtectsNobody(t *testing.T) {
	w := newWorld(t)
	w.policy.Protected = []string{"boss*"}
	w.hire("ana")
	w.run()
	w.must(w.portal.UpdateEmployee(w.employee("ana").ID, func(e *tracktiktest.Employee) { e.Email = "boss@acme.example" }))
	w.wantDone(w.runWith(refreshed), "update 1")
	w.group("Site North", "ana")
	w.wantDone(w.run(), "create_role 1, grant_role 1")
	w.wantRoles("ana", "Site North")
}
