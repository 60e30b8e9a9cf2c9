package sync_test

import (
	"fmt"
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newBadgeWorld is a world in which the custom id is the badge.
func newBadgeWorld(t *testing.T) *world {
	w := newWorld(t)
	w.org.DefineUserAttribute("badge", "string")
	w.mapping = mapping.Config{Attributes: map[string]mapping.Attribute{plan.CustomID.String(): {Sources: []string{"user.badge"}}}}
	w.policy.Match = []plan.Field{plan.CustomID, plan.Username, plan.Email}
	return w
}

func (w *world) badge(name, badge string) {
	w.org.UpdateUser(w.users[name], map[string]any{"badge": badge})
}

func TestACustomIDIsFreedBeforeItIsTaken(t *testing.T) {
	w := newBadgeWorld(t)
	names := w.crowd(8)
	for i, name := range names {
		w.badge(name, fmt.Sprint("B", i))
	}
	w.run()
	w.hire("zoe")
	w.badge("zoe", "B0")
	for i, name := range names {
		w.badge(name, fmt.Sprint("b", i+1)) // that of the next one
	}
	w.wantDone(w.run(), "update 8, create 1")
	for i, name := range names {
		if e := w.employee(name); e.CustomID != fmt.Sprint("b", i+1) {
			t.Errorf("%s has the custom id %s", name, e.CustomID)
		}
	}
}

func TestACustomIDThatIsNotGivenFreeIsNotAskedFor(t *testing.T) {
	w := newBadgeWorld(t)
	w.crowd(2)
	w.badge("g001", "B1")
	w.badge("g002", "B2")
	w.run()
	w.badge("g001", "B2")
	w.badge("g002", "B3")
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "PATCH", Path: fmt.Sprintf("/employees/%d", w.employee("g002").ID)}, tracktiktest.FailBefore))
	w.run()
	w.inPortal(nil)
	if n := w.portal.Count("PATCH", fmt.Sprintf("/employees/%d", w.employee("g001").ID)); n > 0 {
		t.Errorf("%d tries to take the custom id", n)
	}
	w.wantDone(w.run(), "update 2")
}

// Which of two gets the custom id that both have in Okta is not for chance to say.
func TestACustomIDThatTwoHaveIsAProblemOfBoth(t *testing.T) {
	w := newBadgeWorld(t)
	w.hire("ada", "bob", "cid")
	w.badge("ada", "B1")
	w.badge("bob", " b1")
	doc := w.run()
	w.wantDone(doc, "create 1")
	w.wantProblem(doc, plan.ProblemDuplicate, "ada")
	w.wantProblem(doc, plan.ProblemDuplicate, "bob")
	w.badge("bob", "B2")
	w.wantDone(w.run(), "create 2")
	w.hire("dan", "eve")
	for _, name := range []string{"cid", "dan", "eve"} { // of whom one has an employee already
		w.badge(name, "B3")
	}
	doc = w.run()
	w.wantDone(doc, "update 1")
	w.wantProblem(doc, plan.ProblemDuplicate, "dan")
	w.wantProblem(doc, plan.ProblemDuplicate, "eve")
	if e := w.employee("cid"); e.CustomID != "B3" {
		t.Errorf("cid has the custom id %s", e.CustomID)
	}
}

func TestCustomIDsThatAreSwappedAreAProblemOfBoth(t *testing.T) {
	w := newBadgeWorld(t)
	w.crowd(3)
	w.badge("g001", "B1")
	w.badge("g002", "B2")
	w.run()
	w.badge("g001", "B2")
	w.badge("g002", "B1")
	doc := w.run()
	w.wantProblem(doc, plan.ProblemSwap, "g001")
	w.wantProblem(doc, plan.ProblemSwap, "g002")
	w.wantNoWrites()
}
