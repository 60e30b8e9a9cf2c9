package sync_test

import (
	"fmt"
	"net/http"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// Three people whom TrackTik refuses for themselves alone (403) stop their kind once. In the
// next run the others come first, and show that the right is there.
func TestThoseWhoAreRefusedFirstKeepNobodyWaiting(t *testing.T) {
	w := newWorld(t)
	people := w.crowd(9)
	w.run()
	for _, name := range people {
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Chief"})
	}
	var forbidden []tracktiktest.Match
	plain, err := w.build().Plan(t.Context(), tsync.RunOptions{})
	w.must(err)
	for _, a := range plain.Actions[:3] {
		forbidden = append(forbidden, tracktiktest.Match{Method: http.MethodPatch, Path: fmt.Sprintf("/employees/%d", a.Employee)})
	}
	w.rules(func(r *tracktiktest.Rules) { r.Forbid = forbidden })
	done := func() (n int) {
		for _, name := range people {
			if w.employee(name).JobTitle == "Chief" {
				n++
			}
		}
		return n
	}
	for range 2 {
		_, _ = w.sync(tsync.RunOptions{})
	}
	if n := done(); n != 6 {
		t.Errorf("%d of 9 are changed, want all but three", n)
	}
	doc, err := w.sync(tsync.RunOptions{})
	troubles, readErr := w.db.Troubles()
	w.must(readErr)
	if err != nil || len(troubles) != 3 || troubles[0].Code != plan.ProblemRefused {
		t.Errorf("ended with %v, problems %v, %v", err, troubles, doc.Summary)
	}
}
