package sync_test

import (
	"context"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// moved is a world whose portal was replaced by one with the same people under the same
// ids, but for what change does to them.
func moved(t *testing.T, change func(*tracktiktest.Employee)) *world {
	t.Helper()
	w := newWorld(t)
	names := w.crowd(12)
	w.group("Site North", names...)
	w.run()
	old := w.portal
	w.portal = tracktiktest.NewServer()
	t.Cleanup(w.portal.Close)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Now = w.now })
	for _, e := range old.Employees() {
		if e.ID != tracktiktest.IntegrationEmployee {
			change(&e)
			w.portal.AddEmployee(e)
		}
	}
	w.portal.AddRole(tracktiktest.Role{ID: old.Roles()[len(old.Roles())-1].ID, Name: "Supervisors"})
	return w
}

func TestAnEmployeeOfTheSameIDIsNotTheSamePerson(t *testing.T) {
	w := moved(t, func(e *tracktiktest.Employee) {
		if e.Email == mail("g003") {
			e.Username, e.FirstName, e.LastName, e.Email = "boss", "The", "Boss", "boss@other.example"
		}
	})
	found, err := w.build().Rebind(context.Background(), nil)
	w.wantRefused(err, "rebind")
	if found.Hold != 11 || len(found.Strangers) != 1 || len(found.Roles) != 1 {
		t.Errorf("%d hold, %d strangers, %d roles", found.Hold, len(found.Strangers), len(found.Roles))
	}
	found, err = w.build().Rebind(context.Background(), []string{found.Hash})
	w.must(err)
	w.wantNoWrites()
	if !found.Done {
		t.Error("it is not done")
	}
	if _, linked, _ := w.db.Link(plan.PersonID(w.users["g003"])); linked {
		t.Error("a stranger stays linked")
	}
	w.run()
	for _, e := range w.portal.Employees() {
		if e.Username == "boss" && (e.Status != tracktiktest.Active || e.Email != "boss@other.example") {
			t.Errorf("the stranger was touched: %+v", e)
		}
	}
	w.wantStatus(tracktiktest.Active, "g003") // as a new employee
	w.wantRoles("g001", "Site North")
}

func TestAnotherCompanysPortalIsRefused(t *testing.T) {
	n := 0
	w := moved(t, func(e *tracktiktest.Employee) {
		if n++; n > 10 {
			e.Username, e.FirstName, e.LastName, e.Email = "other-"+e.Username, "Some", "Body", "other-"+e.Email
		}
	})
	before, err := w.db.Meta()
	w.must(err)
	found, err := w.build().Rebind(context.Background(), nil)
	w.wantRefused(err, "rebind")
	if _, err := w.build().Rebind(context.Background(), []string{found.Hash}); err == nil {
		t.Error("an approval lets it pass")
	}
	after, err := w.db.Meta()
	w.must(err)
	if after.Binding != before.Binding {
		t.Error("it was bound")
	}
}

func TestARebindWaitsForOpenWrites(t *testing.T) {
	w := moved(t, func(*tracktiktest.Employee) {})
	_, err := w.db.Begin(plan.Intent{Run: "r1", At: w.now(), Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: "00unew"}}})
	w.must(err)
	_, err = w.build().Rebind(context.Background(), nil)
	w.wantRefused(err, "rebind")
}
