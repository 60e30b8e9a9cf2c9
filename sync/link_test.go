package sync_test

import (
	"context"
	"testing"

	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// strangers are employees with other usernames and e-mails than the people have, one
// each: only a link says who they are.
func strangers(w *world, names []string) []links.Pair {
	pairs := make([]links.Pair, len(names))
	for i, name := range names {
		id := w.portal.AddEmployee(tracktiktest.Employee{Username: "old-" + name, FirstName: "Somebody", LastName: "Else", Email: "old-" + mail(name)})
		pairs[i] = links.Pair{Line: i + 1, User: mail(name), Employee: plan.EmployeeID(id)}
	}
	return pairs
}

func TestManyPairsAreReadInOneListingOfEachSide(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(150)
	pairs := strangers(w, names)
	w.org.ResetRequests()
	w.portal.ResetRequests()
	linked, err := w.build().LinkPeople(context.Background(), pairs)
	w.must(err)
	for _, p := range linked {
		w.must(p.Err)
	}
	if n := len(w.org.Requests()) + len(w.portal.Requests()); n > 20 {
		t.Errorf("%d requests for 150 pairs", n)
	}
	w.wantNoWrites()
	if n, err := w.db.Managed(); n != 150 || err != nil {
		t.Errorf("%d are managed (%v)", n, err)
	}
	w.limits.Kinds[plan.Update] = plan.NoLimit
	w.wantDone(w.run(), "update 150")
}

func TestAPairWithAnOpenWriteIsRefused(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	pairs := strangers(w, []string{"ada"})
	_, err := w.db.Begin(plan.Intent{Run: "r1", At: w.now(), Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: plan.PersonID(w.users["ada"])}}})
	w.must(err)
	linked, err := w.build().LinkPeople(context.Background(), pairs)
	w.must(err)
	if linked[0].Err == nil {
		t.Error("somebody who may be an employee already was linked to another one")
	}
	if n, _ := w.db.Managed(); n != 0 {
		t.Error("it was recorded")
	}
}

func TestAPairWithSomebodyProtectedIsRefused(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.policy.Protected = []string{"old-*"}
	linked, err := w.build().LinkPeople(context.Background(), strangers(w, []string{"ada"}))
	w.must(err)
	if linked[0].Err == nil {
		t.Error("a protected employee was linked")
	}
}
