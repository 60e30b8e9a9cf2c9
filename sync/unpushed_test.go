package sync_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// What becomes of the holders of a pushed group's role, with unpushed: revoke.
const (
	holdersStay = "stay"
	holdersLose = "lose it"
	runFails    = "the run fails"
)

// lacking hides one group from a listing, and nothing else.
func lacking(pattern, id string) oktatest.Interceptor {
	return oktatest.On(pattern, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		filtered(rw, r, next, func(other string) bool { return other != id })
	})
}

// Each mode asks for one thing by id when a listing lacks a group; only Okta's own 404
// about that counts.
func TestOnlyProofThatAGroupIsUnpushedTakesItsRole(t *testing.T) {
	type answers map[string]oktatest.Interceptor
	notFound, foreign, forbidden, broken := "404", "404 of a proxy", "403", "500"
	says := answers{notFound: oktatest.ResourceNotFound, foreign: oktatest.HTMLNotFound, forbidden: oktatest.Forbidden, broken: oktatest.ServerError}
	for mode, c := range map[string]struct {
		list, byID string // what is asked: the listing, and the group itself
		want       map[string]string
	}{
		"listed":   {"/api/v1/groups", "/api/v1/groups/GROUP", map[string]string{notFound: holdersLose}},
		"assigned": {"/api/v1/apps/*/groups", "/api/v1/apps/*/groups/GROUP", map[string]string{notFound: holdersLose}},
		"mappings": {"/api/v1/apps/*/group-push/mappings", "/api/v1/apps/*/group-push/mappings/MAPPING", map[string]string{notFound: holdersLose}},
		// of a mapping that is there, the group itself
		"mappings, the group": {"", "/api/v1/groups/GROUP", map[string]string{foreign: runFails, forbidden: runFails, broken: runFails}},
	} {
		for said, answer := range says {
			t.Run(mode+" says "+said, func(t *testing.T) {
				w := newWorld(t)
				push, _, _ := strings.Cut(mode, ",")
				w.pushing(push)
				group := w.groups["Site North"]
				byID := strings.NewReplacer("GROUP", group, "MAPPING", w.groups["mapping of Site North"]).Replace(c.byID)
				hidden := group
				if mode == "mappings" {
					hidden = w.groups["mapping of Site North"]
				}
				list := oktatest.Interceptor(func(rw http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(rw, r) })
				if c.list != "" {
					list = lacking(c.list, hidden)
				}
				w.inOkta(oktatest.All(list, oktatest.On(byID, answer)))
				w.wantOutcomeForHolders(c.want[said])
			})
		}
	}
}

func (w *world) wantOutcomeForHolders(want string) {
	w.Helper()
	if want == "" {
		want = holdersStay
	}
	for range 2 {
		_, err := w.sync(refreshedNot)
		if failed := err != nil; failed != (want == runFails) {
			w.Fatalf("the run ended with %v, want: %s", err, want)
		}
		roles := "Site North, Site South"
		if want == holdersLose {
			roles = "Site South"
		}
		w.wantRoles("ada", roles)
		w.wantRoles("bob", roles)
	}
}

// pushing is a company whose groups are pushed in that mode, with roles and holders.
func (w *world) pushing(mode string) {
	w.Helper()
	w.push.Push = mode
	w.policy.RevokeUnpushed = true
	w.hire("ada", "bob")
	for _, g := range []string{"Site North", "Site South"} {
		w.group(g, "ada", "bob")
		w.org.AssignGroup(w.app, w.groups[g], oktatest.GroupAssignment{})
		if mode == "mappings" {
			w.groups["mapping of "+g] = w.org.AddPushMapping(w.app, w.groups[g])
		}
	}
	w.run()
	w.wantRoles("ada", "Site North, Site South")
}

func TestAGroupThatWeNoLongerSeeKeepsItsRoleWhileItIsMapped(t *testing.T) {
	for groups, more := range map[string]int{"few": 0, "many, which are listed": 21} {
		t.Run(groups, func(t *testing.T) {
			w := newWorld(t)
			for i := range more {
				name := fmt.Sprintf("Site %d", i)
				w.group(name)
				w.org.AddPushMapping(w.app, w.groups[name])
			}
			w.pushing("mappings")
			w.inOkta(oktatest.Narrowed(w.groups["Site North"]))
			w.wantWarning(w.run(), "group_unread")
			w.wantOutcomeForHolders(holdersStay)
			w.inOkta(nil)
			w.wantDone(w.run(), "")
			w.org.DeletePushMapping(w.groups["mapping of Site North"])
			w.wantOutcomeForHolders(holdersLose)
		})
	}
}

func TestAMappingThatEndedIsNotForgottenByAFailedRun(t *testing.T) {
	w := newWorld(t)
	w.pushing("mappings")
	w.org.DeletePushMapping(w.groups["mapping of Site North"])
	w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.Forbidden))
	if _, err := w.sync(refreshedNot); err == nil {
		t.Fatal("the run did not fail")
	}
	w.inOkta(nil)
	w.wantOutcomeForHolders(holdersLose)
}

func TestAGroupThatNeverHadAMappingIsNotUnpushedByIt(t *testing.T) {
	w := newWorld(t)
	w.pushing("listed")
	w.org.AddPushMapping(w.app, w.groups["Site South"])
	w.push.Push = "mappings"
	w.wantWarning(w.run(), "group_unread")
	w.wantOutcomeForHolders(holdersStay)
}

// A group that is pushed again while its revokes wait for their turn keeps its holders.
func TestAGroupThatIsPushedAgainMeanwhileKeepsItsHolders(t *testing.T) {
	w := newWorld(t)
	w.push = tsync.GroupRules{Push: "assigned"}
	w.policy.RevokeUnpushed = true
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.group("Site South", "ada", "bob")
	w.org.AssignGroup(w.app, w.groups["Site North"], oktatest.GroupAssignment{})
	w.org.AssignGroup(w.app, w.groups["Site South"], oktatest.GroupAssignment{})
	w.run()
	want := w.outcome()
	w.org.UnassignGroup(w.app, w.groups["Site North"])
	first := writes["revoke"]
	first.Times = 1
	w.inPortal(tracktiktest.When(first, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.org.AssignGroup(w.app, w.groups["Site North"], oktatest.GroupAssignment{})
		tracktiktest.TooMany(64*time.Second)(rw, r, next)
	}))
	doc := w.runWith(refreshedNot)
	w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
	if got := w.outcome(); got != want {
		t.Errorf("the portal holds\n%s\nwant\n%s\n%s", got, want, details(doc))
	}
}
