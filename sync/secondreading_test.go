package sync_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// A sample of many who are missing speaks for all of them, and the guards let the rest
// pass after all: everybody is looked up then. What that second look finds is what the run
// records: of some, Okta has lost sight, and their wait begins now.
func TestWhatTheSecondLookFindsIsRecorded(t *testing.T) {
	for range 20 {
		w := newWorld(t)
		w.limits.Kinds[plan.Create] = plan.NoLimit
		names := w.crowd(120)
		w.run()
		for _, name := range names[:110] {
			w.org.UnassignUser(w.app, w.users[name])
		}
		unseen := names[:4]
		for _, name := range unseen {
			w.org.DeleteUser(w.users[name])
		}
		w.policy.Protected = []string{names[105] + "@*", names[106] + "@*", names[107] + "@*", names[108] + "@*", names[109] + "@*"}
		w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 106, MaxPercent: -1, MaxPerDay: -1}
		doc, err := w.sync(refreshedNot)
		w.wantRefused(err, "guard") // who is out of sight may be approved; the rest goes on
		if w.org.Count("/api/v1/apps/*/users") < 2 {
			continue // the sample had one of them in it, and everybody was looked up at once
		}
		for _, name := range unseen {
			w.wantHeld(doc, plan.HeldNotVisible, name)
			link, found, err := w.db.Link(plan.PersonID(w.users[name]))
			w.must(err)
			if !found || link.NotVisibleSince == nil {
				t.Errorf("%s is on record as %+v: since when they are out of sight is not noted", name, link)
			}
		}
		return
	}
	t.Fatal("no sample spoke for the others")
}
