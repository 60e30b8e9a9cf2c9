package sync_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A portal that writes phones its own way is no drift, in whatever run it is looked at.
func TestAPortalThatFormatsPhonesIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.PhonesFormatted })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0199"})
	w.wantDone(w.run(), "create 2")
	for range 3 {
		w.wantDone(w.runWith(refreshed), "")
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0200"})
	w.wantDone(w.run(), "update 1")
	w.wantDone(w.runWith(refreshed), "")
}

// A portal that answers a move with success, and moves nobody, is not believed; nor is one
// that has no such action taken for one that hides its people.
func TestAMoveWithoutEffectIsNeitherBelievedNorRepeated(t *testing.T) {
	for name, world := range map[string]struct {
		rules func(*tracktiktest.Rules)
		says  string
	}{
		"200 and nothing": {func(r *tracktiktest.Rules) { r.MoveIneffective = true }, "shows them in region"},
		"404":             {func(r *tracktiktest.Rules) { r.MoveMissing = true }, "does not move employees"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(5)
			w.run()
			w.rules(world.rules)
			for _, name := range names {
				w.org.UpdateUser(w.users[name], map[string]any{"division": "North"})
			}
			w.org.UpdateUser(w.users[names[0]], map[string]any{"title": "Chief"})
			w.portal.ResetRequests()
			doc := w.run()
			problem := 0
			for _, f := range doc.Result.Failures {
				if f.Outcome == plan.Failed {
					problem++
					if !strings.Contains(f.Message, world.says) {
						t.Errorf("failed with %s", f.Message)
					}
				}
			}
			if n := w.portal.Count("POST", "/employees/*/actions/move-to-region"); problem != 1 || n != 1 {
				t.Errorf("%d problems, %d moves, want 1 and 1\n%s", problem, n, details(doc))
			}
			if e := w.employee(names[0]); e.JobTitle != "Chief" {
				t.Errorf("the title is %q: what is no move was not done", e.JobTitle)
			}
			w.rules(func(r *tracktiktest.Rules) { r.MoveIneffective, r.MoveMissing = false, false })
			w.run()
			for _, name := range names {
				if e := w.employee(name); e.Region != 2 {
					t.Errorf("%s is in region %d", name, e.Region)
				}
			}
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}
