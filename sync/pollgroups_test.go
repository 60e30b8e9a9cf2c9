package sync_test

import (
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// TestAMembershipOfAnAssignedGroupIsLookedInto, also where the group is not pushed and the log
// says nothing of the app: once somebody got the app by it. A group of no concern costs nothing.
func TestAMembershipOfAnAssignedGroupIsLookedInto(t *testing.T) {
	for name, learn := range map[string]func(w *world){
		"as the first run saw": func(w *world) { w.polled() },
		"as a run of single people saw": func(w *world) {
			w.leave("All Staff", "ada")
			w.polled()
			w.group("All Staff", "ada")
			w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}})
		},
		"in a snapshot that does not say it yet": func(w *world) {
			w.polled()
			meta, err := w.db.Meta()
			w.must(err)
			meta.AppGroups = nil
			w.must(w.db.Commit(plan.Batch{Meta: &meta}))
			w.run()
		},
		"after plain runs and refreshes": func(w *world) {
			w.polled()
			w.run()
			w.runWith(refreshed)
			w.run()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, user := range []string{"ada", "eve"} { // not assigned to themselves
				w.users[user] = w.org.AddUser(oktatest.User{Login: mail(user), FirstName: title(user), LastName: "Guard"})
			}
			w.crowd(3)
			w.group("All Staff", "ada")
			w.group("Choir")
			w.org.AssignGroup(w.app, w.groups["All Staff"], oktatest.GroupAssignment{})
			learn(w)
			for range 3 { // what was logged meanwhile
				_, err := w.poll()
				w.must(err)
			}
			w.manners(oktatest.LogManners{Lose: func(kind string) bool { return strings.HasPrefix(kind, "application.") }})
			w.group("Choir", "eve")
			w.wantIdle()
			w.org.RenameGroup(w.groups["All Staff"], "Everybody") // whose name is nobody's role
			w.wantIdle()
			w.group("All Staff", "eve")
			w.wantDone(w.polled(), "create 1")
			w.wantIdle()
			w.leave("All Staff", "eve")
			w.wantDone(w.polled(), "terminate 1")
		})
	}
}
