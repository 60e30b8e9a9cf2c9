package sync_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/tracktik/tracktiktest"
)

// ownGroupsEmpty lets every person's own list of groups answer that there are none.
func ownGroupsEmpty(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if strings.HasPrefix(r.URL.Path, "/api/v1/users/") && strings.HasSuffix(r.URL.Path, "/groups") {
		oktatest.EmptyList(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

// A run of one person has no list of members that could say otherwise, so it asks for one.
func TestAnEmptyListOfOnesOwnGroupsTakesNoRole(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = true })
	w.hire("ada", "ben", "cyd")
	w.group("Site North", "ada", "ben", "cyd")
	w.run()
	w.inOkta(ownGroupsEmpty)
	for name, opt := range map[string]tsync.RunOptions{"whole": {}, "single": {Users: []string{w.users["ada"]}}} {
		_, err := w.sync(opt)
		w.wantNoWrites()
		if name == "single" && (err == nil || !strings.Contains(err.Error(), "is empty, and group")) {
			t.Errorf("the single run ends with %v", err)
		}
		w.wantRoles("ada", "Site North")
	}
	w.inOkta(nil)
	w.leave("Site North", "ada")
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}), "revoke_role 1")
}

// A refresh under narrowed rights stores a list of members that lacks who is hidden.
// When the rights are back, nobody's role is taken for it, and no run fails for it.
func TestAStoredListThatIsShortHoldsUpNobody(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.group("Site North", names...)
	w.run()
	w.pass(25 * time.Hour)
	w.inOkta(oktatest.Narrowed(w.ids(names[:5])...))
	_, err := w.sync(refreshed)
	w.wantRefused(err, tsync.RefusedGuard)
	w.inOkta(nil)
	w.org.DeactivateUser(w.users[names[9]])
	doc := w.run()
	w.wantDone(doc, "terminate 1")
	w.wantWarning(doc, "group_unread")
	w.wantDone(w.run(), "")
	for _, name := range names[:5] {
		w.wantRoles(name, "Site North")
	}
	w.leave("Site North", names[0], names[20])
	w.pass(time.Hour)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = true })
	w.wantDone(w.run(), "revoke_role 2")
}

// Somebody has typed them anew after they were terminated: two active employees of one
// person can never be undone.
func TestARestoreMakesNobodyTwice(t *testing.T) {
	for name, many := range map[string]int{"a few": 0, "many": 101} {
		for how, anew := range map[string]bool{"reactivated": false, "made anew": true} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newWorld(t)
				w.limits.Kinds = nil
				people := append([]string{"ada", "ben"}, w.crowd(many)...)
				w.hire("ada", "ben")
				w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
				w.run()
				for _, name := range people {
					w.org.UnassignUser(w.app, w.users[name])
				}
				w.pass(time.Hour)
				doc := w.run()
				opt := tsync.RestoreOptions{Run: doc.Run, New: anew}
				for _, a := range doc.Actions {
					opt.Terminated = append(opt.Terminated, tsync.Terminated{User: a.User, Employee: a.Employee})
				}
				w.typed(mail("ada"), "ada@elsewhere.example", "Ada", "Guard") // by her username
				w.typed("ben.g", mail("ben"), "Ben", "Guard")                 // by his e-mail
				back, err := w.restore(opt)
				w.must(err)
				w.wantWarning(back, "already_back")
				active := map[string]int{}
				for _, e := range w.portal.Employees() {
					if e.Status == tracktiktest.Active {
						active[e.FirstName]++
					}
				}
				if active["Ada"] != 1 || active["Ben"] != 1 || len(active) != many+3 { // with the integration's own
					t.Errorf("active: %v", active)
				}
			})
		}
	}
}
