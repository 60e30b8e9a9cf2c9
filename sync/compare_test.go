package sync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// compare reads both sides, as a new process would.
func (w *world) compare() *plan.Comparison {
	w.Helper()
	w.portal.ResetRequests()
	c, err := w.build().Compare(context.Background(), compare.Observed{})
	w.must(err)
	w.wantNoWrites()
	return c
}

// typed types an employee into the portal.
func (w *world) typed(name, email, first, last string) int64 {
	return w.portal.AddEmployee(tracktiktest.Employee{Username: name, Email: email, FirstName: first, LastName: last})
}

func TestCompareAgreesWithWhatARunHasDone(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.group("Site North", names[:10]...)
	w.run()
	c := w.compare()
	if c.Summary.Equal != 30 || len(c.Different)+len(c.OnlyOkta)+len(c.OnlyTrackTik)+len(c.OutsideGroup)+len(c.Terminated) > 0 {
		t.Errorf("after a run both sides differ: %+v", c.Summary)
	}
}

func TestComparePutsNobodyIntoTheHandsOfHRForWhomSomebodyMayStand(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "ben", "cyd")
	w.typed("ada1", mail("ada"), "Ada", "Guard")
	id := w.typed(mail("ada"), "else@acme.example", "Ada", "Guard") // two match ada
	w.typed("shared", mail("ben"), "Ben", "Guard")
	w.org.UpdateUser(w.users["cyd"], map[string]any{"email": mail("ben")}) // and one matches two
	c := w.compare()
	if len(c.OnlyTrackTik) != 0 {
		t.Errorf("nobody stands behind %+v", c.OnlyTrackTik)
	}
	for _, row := range c.OnlyOkta {
		if !strings.HasPrefix(row.Note, plan.ProblemAmbiguousMatch) {
			t.Errorf("%s: %q", row.User.Login, row.Note)
		}
	}
	if len(c.OnlyOkta) != 3 {
		t.Errorf("%d have no employee, want 3: employee %d is nobody's yet", len(c.OnlyOkta), id)
	}
}

func TestCompareNamesTheNamesakesOfWhomARunWouldMakeTwice(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "ben")
	id := w.typed("ada1", "ada@home.example", "ADA", "Guard")
	w.typed("cyd", "cyd@home.example", "Cyd", "Guard")
	c := w.compare()
	if len(c.OnlyOkta) != 2 || !strings.HasPrefix(c.OnlyOkta[0].Note, fmt.Sprintf("same name as employee %d,", id)) || c.OnlyOkta[1].Note != "" {
		t.Errorf("%+v", c.OnlyOkta)
	}
}

func TestCompareShowsWhoWasMovedByHand(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "Lisbon", Parent: 1})
	w.portal.AddRegion(tracktiktest.Region{ID: 8, Name: "Porto", Parent: 1})
	w.hire("ada")
	w.org.UpdateAssignment(w.app, w.users["ada"], "", map[string]any{"division": "Lisbon"})
	w.run()
	w.must(w.portal.MoveEmployee(w.employee("ada").ID, 8))
	c := w.compare()
	if len(c.Different) != 1 || len(c.Different[0].Differences) != 1 || c.Different[0].Differences[0] != (plan.Difference{Field: "region", Okta: "Lisbon", TrackTik: "Porto"}) {
		t.Errorf("%+v", c.Different)
	}
}

func TestCompareKnowsWhoWasTerminatedByUsAndIsStillAssigned(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
	if c := w.compare(); len(c.Terminated) != 1 || c.Terminated[0].Match != plan.KeyLinked {
		t.Errorf("%+v", c.Terminated)
	}
}

func TestCompareBelievesNoBrokenListing(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"okta says nothing": func(w *world) {
			w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.EmptyBody))
		},
		"tracktik is cut short": func(w *world) {
			w.inPortal(tracktiktest.When(tracktiktest.Match{Path: "/employees"}, tracktiktest.Truncated))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.run()
			spoil(w)
			if c, err := w.build().Compare(context.Background(), compare.Observed{}); err == nil {
				t.Errorf("it compares: %+v", c.Summary)
			}
		})
	}
}

// The number in the status and in the metrics is of those whom compare names, whatever
// counted it last.
func TestARefreshCountsAsUnmanagedWhomCompareNames(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "ben", "cyd", "dan", "eve")
	w.typed("ada1", mail("ada"), "Ada", "Guard")
	w.typed(mail("ada"), "else@acme.example", "Ada", "Guard") // two match ada: a problem
	w.typed("ben", mail("ben"), "Somebody", "Else")           // held
	w.typed(mail("cyd"), mail("cyd"), "Cyd", "Guard")
	w.org.SetUserStatus(w.users["cyd"], "SUSPENDED")
	w.typed(mail("dan"), mail("dan"), "Dan", "Guard")
	w.typed("stray", "stray@mail.example", "Stray", "Dog")
	w.typed(mail("gone"), mail("gone"), "Gone", "Away")
	w.hire("gone")
	w.org.DeactivateUser(w.users["gone"])
	for range 2 {
		w.runWith(refreshed)
		meta, err := w.db.Meta()
		w.must(err)
		if want := w.compare().Summary.OnlyTrackTik; meta.UnmanagedActive == nil || *meta.UnmanagedActive != want || want != 2 {
			t.Errorf("the refresh counts %v, compare names %d, want 2", meta.UnmanagedActive, want)
		}
	}
}
