package sync_test

import (
	"fmt"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

// strays is a world of one managed person and one unmanaged employee of each class.
func strays(t *testing.T) (*world, map[plan.Class]int64) {
	t.Helper()
	w := newWorld(t)
	w.hire("ada")
	w.run()
	ids := map[plan.Class]int64{plan.LeftOkta: w.forgotten("gone")[0], plan.Nobody: w.typed("stray", "stray@mail.example", "Stray", "Dog")}
	w.org.AddUser(oktatest.User{Login: mail("here"), FirstName: "Here", LastName: "Guard"})
	ids[plan.NotAssigned] = w.typed(mail("here"), mail("here"), "Here", "Guard")
	w.org.AddUser(oktatest.User{Login: mail("other"), FirstName: "Other", LastName: "Person"})
	ids[plan.Doubtful] = w.typed("x", mail("other"), "Eve", "Else")
	return w, ids
}

func (w *world) classes() map[plan.Class]int {
	w.Helper()
	meta, err := w.db.Meta()
	w.must(err)
	return meta.Unmanaged
}

func TestCompareTellsTheUnmanagedApart(t *testing.T) {
	w, ids := strays(t)
	w.org.ResetRequests()
	c := w.compare()
	for _, row := range c.OnlyTrackTik {
		if ids[row.Class] != int64(row.Employee.ID) || row.Note == "" {
			t.Errorf("employee %d is %q (%s)", row.Employee.ID, row.Class, row.Note)
		}
	}
	if len(c.OnlyTrackTik) != 4 || fmt.Sprint(c.Summary.Unmanaged) != "map[doubtful:1 left_okta:1 nobody:1 not_assigned:1]" {
		t.Errorf("%+v", c.Summary)
	}
	// One search each, and one more look at who has left.
	if n := w.org.Count("/api/v1/users") + w.org.Count("/api/v1/users/*"); n != 4+1 {
		t.Errorf("%d look-ups in Okta, want 5", n)
	}
}

// The managed who have left are for the runs to end, and are in no class.
func TestWhoIsManagedIsInNoClass(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "ben")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	c := w.compare()
	if len(c.OnlyTrackTik) != 1 || c.OnlyTrackTik[0].Class != "" || c.Summary.Unmanaged[plan.LeftOkta] != 0 {
		t.Errorf("%+v", c.OnlyTrackTik)
	}
}

func TestARefreshLooksUpTheNewUnmanagedAndTheOldAnswers(t *testing.T) {
	w, _ := strays(t)
	lookUps := func() int { return w.org.Count("/api/v1/users") }
	w.runWith(refreshed)
	if n := lookUps(); n != 4 || fmt.Sprint(w.classes()) != "map[doubtful:1 left_okta:1 nobody:1 not_assigned:1]" {
		t.Errorf("%d look-ups, %v", n, w.classes())
	}
	w.runWith(refreshed)
	if n := lookUps(); n != 0 {
		t.Errorf("%d look-ups of people who are known", n)
	}
	w.forgotten("late")
	w.runWith(refreshed)
	if n := lookUps(); n != 1 || w.classes()[plan.LeftOkta] != 2 {
		t.Errorf("%d look-ups, %v", n, w.classes())
	}
	w.run() // no refresh: nothing is asked, and nothing forgotten
	if n := lookUps(); n != 0 || w.classes()[plan.LeftOkta] != 2 {
		t.Errorf("%d look-ups, %v", n, w.classes())
	}
	w.pass(7 * 24 * time.Hour)
	w.runWith(refreshed)
	if n := lookUps(); n != 5 {
		t.Errorf("%d look-ups after a week, want 5", n)
	}
}

func TestWhoIsRetiredIsNotAmongTheUnmanagedAnyMore(t *testing.T) {
	w, ids := strays(t)
	w.runWith(refreshed)
	_, err := w.retire(asked(ids[plan.LeftOkta], ids[plan.Nobody]))
	w.must(err)
	meta, err := w.db.Meta()
	w.must(err)
	if n := w.classes(); n[plan.LeftOkta] != 0 || n[plan.Nobody] != 1 || meta.UnmanagedActive == nil || *meta.UnmanagedActive != 3 {
		t.Errorf("%v of %v", n, meta.UnmanagedActive)
	}
	w.runWith(refreshed)
	if n := w.classes(); n[plan.LeftOkta] != 0 || n[plan.Nobody] != 1 {
		t.Errorf("after a refresh: %v", n)
	}
}
