package sync_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newScopedWorld is a world in which whoever is in no group of Sites is out of scope, and
// is terminated.
func newScopedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.mapping = mapping.Config{Scope: `groups.exists(g, g.startsWith("Site"))`}
	w.policy.TerminateOutOfScope = true
	return w
}

// without leaves the people out of every list of a group's members.
func (w *world) without(people ...string) oktatest.Interceptor {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasPrefix(r.URL.Path, "/api/v1/groups/") || !strings.HasSuffix(r.URL.Path, "/users") {
			next.ServeHTTP(rw, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		var all, left []struct {
			ID string `json:"id"`
		}
		w.must(json.Unmarshal(answer.Body.Bytes(), &all))
		for _, member := range all {
			if !strings.Contains(strings.Join(w.ids(people), " "), member.ID) {
				left = append(left, member)
			}
		}
		body, err := json.Marshal(left)
		w.must(err)
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(body)
	}
}

func TestAShortListOfMembersPutsNobodyOutOfScope(t *testing.T) {
	w := newScopedWorld(t)
	names := w.crowd(30)
	w.group("Site North", names...)
	w.run()
	w.inOkta(w.without("g003", "g007"))
	w.hire("zoe")
	w.group("Site North", "zoe") // the members are read again
	_, err := w.sync(tsync.RunOptions{})
	if err == nil || !strings.Contains(err.Error(), "lacks user") {
		t.Errorf("the run ended with %v, want the list to be disbelieved", err)
	}
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.run(), "create 1, grant_role 1")
}

func TestWhoLeftTheGroupsOfTheScopeIsTerminatedOnALookUp(t *testing.T) {
	w := newScopedWorld(t)
	w.group("Site North", w.crowd(30)...)
	w.run()
	w.leave("Site North", "g003")
	doc := w.run()
	w.wantDone(doc, "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "g003")
	if doc.Actions[0].Extras().Evidence != plan.EvidenceFull || w.org.Count("GET /api/v1/users/*/groups") != 1 {
		t.Errorf("evidence %s, %d look-ups of groups", doc.Actions[0].Extras().Evidence, w.org.Count("GET /api/v1/users/*/groups"))
	}
}

func TestWhoseGroupsCannotBeReadIsNotOutOfScope(t *testing.T) {
	w := newScopedWorld(t)
	w.group("Site North", w.crowd(30)...)
	w.run()
	w.leave("Site North", "g003")
	w.inOkta(oktatest.On("GET /api/v1/users/*/groups", oktatest.HTMLPage(http.StatusNotFound)))
	doc := w.run()
	w.wantHeld(doc, plan.HeldUnconfirmed, "g003")
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.run(), "terminate 1")
}

func TestManyWhoFellOutOfScopeAreSampledAndThenLookedUp(t *testing.T) {
	w := newScopedWorld(t)
	names := w.crowd(60)
	w.group("Site North", names...)
	w.run()
	w.leave("Site North", names[:55]...)
	doc, err := w.sync(tsync.RunOptions{})
	w.wantRefused(err, "guard")
	w.wantNoWrites()
	if n := w.org.Count("GET /api/v1/users/*/groups"); n != 20 || doc.Held[0].Extras().Evidence != plan.EvidenceSample {
		t.Errorf("%d looked up, evidence %s", n, doc.Held[0].Extras().Evidence)
	}
	hash := doc.Guard.Refusals[0].Approve
	w.group("Site North", names[54]) // comes back before anybody approves
	_, err = w.sync(tsync.RunOptions{Approve: []string{hash}})
	w.must(err)
	if n := w.org.Count("GET /api/v1/users/*/groups"); n != 54 {
		t.Errorf("%d looked up, want all 54", n)
	}
	w.wantStatus(tracktiktest.Active, names[54:]...)
	w.wantStatus(tracktiktest.Terminated, names[:54]...)
}

func TestWhoIsInScopeAgainByTheTimeOfTheTerminationStays(t *testing.T) {
	w := newScopedWorld(t)
	w.group("Site North", w.crowd(30)...)
	w.run()
	w.leave("Site North", "g003", "g004")
	w.inPortal(tracktiktest.When(tracktiktest.Match{Path: "/employment-termination-reasons", Times: 1}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.pass(2 * time.Minute)
		w.group("Site North", "g003")
		next.ServeHTTP(rw, r)
	}))
	w.run()
	w.wantStatus(tracktiktest.Active, "g003")
	w.wantStatus(tracktiktest.Terminated, "g004")
}

func TestAGroupThatNoWholeRunHasSeenCountsForTheScopeOfSinglePeople(t *testing.T) {
	for _, push := range []string{"assigned", "mappings"} {
		t.Run(push, func(t *testing.T) {
			w := newScopedWorld(t)
			w.push = tsync.GroupRules{Push: push}
			given := func(group string) {
				if push == "assigned" {
					w.org.AssignGroup(w.app, w.groups[group], oktatest.GroupAssignment{})
				} else {
					w.org.AddPushMapping(w.app, w.groups[group])
				}
			}
			w.group("Site North", w.crowd(12)...)
			given("Site North")
			w.run()
			w.group("Site South", "g003")
			given("Site South")
			w.group("Site Unpushed", "g004")
			w.leave("Site North", "g003", "g004")
			for _, name := range []string{"g003", "g004"} {
				_, err := w.sync(tsync.RunOptions{Users: []string{w.users[name]}})
				w.must(err)
			}
			w.wantStatus(tracktiktest.Active, "g003")
			w.wantStatus(tracktiktest.Terminated, "g004")
			x, err := w.build().Explain(t.Context(), w.users["g003"], plan.UserRef{})
			w.must(err)
			if text := fmt.Sprint(x.Steps); strings.Contains(text, "out of scope") {
				t.Errorf("explained as %s", text)
			}
		})
	}
}

// A group that Okta does not show any more, and one answer about somebody's groups, end
// nobody's employment and begin nobody's: rights were lost more likely than people moved.
func TestScopeBelievesNoGroupThatIsNotShown(t *testing.T) {
	own := func(w *world) oktatest.Interceptor {
		return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "/groups") && strings.Contains(r.URL.Path, "/users/") {
				rw.Header().Set("Content-Type", "application/json")
				rw.Header().Set("Date", w.now().Format(http.TimeFormat))
				_, _ = rw.Write([]byte("[]"))
				return
			}
			next.ServeHTTP(rw, r)
		}
	}
	hidden := func(w *world) oktatest.Interceptor { return oktatest.Narrowed(w.groups["Site North"]) }
	ofAda := func(w *world) tsync.RunOptions {
		return tsync.RunOptions{Users: []string{w.users["ada"]}, Refresh: new(bool)}
	}
	whole := func(*world) tsync.RunOptions { return refreshedNot }
	for name, c := range map[string]struct {
		lie func(*world) oktatest.Interceptor
		opt func(*world) tsync.RunOptions
	}{"hidden": {hidden, whole}, "hidden, one person": {hidden, ofAda}, "empty answer, one person": {own, ofAda}} {
		t.Run("in the group/"+name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.TerminateOutOfScope, w.mapping.Scope = true, `"Site North" in groups`
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.run()
			w.pass(time.Hour)
			w.inOkta(c.lie(w))
			for range 2 {
				doc, err := w.sync(c.opt(w))
				if err != nil {
					t.Fatal(err)
				}
				w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
				w.wantNoWrites()
				w.pass(time.Hour)
			}
			w.inOkta(nil)
			w.wantDone(w.run(), "")
			w.wantStatus(tracktiktest.Active, "ada", "bob")
		})
		t.Run("not in the group/"+name, func(t *testing.T) {
			w := newWorld(t)
			w.mapping.Scope = `!("Site North" in groups)`
			w.hire("ada", "bob")
			w.group("Site North", "ada")
			w.run()
			w.pass(time.Hour)
			w.inOkta(c.lie(w))
			doc, err := w.sync(c.opt(w))
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Options.User) > 0 { // whom nothing says anything new about is not looked at by a whole run
				w.wantWarning(doc, plan.HeldUnconfirmed)
			}
			if len(w.employees("ada")) > 0 {
				t.Error("who is out of scope was hired")
			}
		})
	}
}
