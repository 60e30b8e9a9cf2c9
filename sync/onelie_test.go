package sync_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// A run of one person has one answer about the groups that somebody is in. That it lacks
// one of them is asked about once more, before a role is taken.
func TestOneAnswerThatLacksAGroupTakesNoRoleInARunOfOnePerson(t *testing.T) {
	w := newWorld(t)
	w.hire("ana")
	w.group("Site North", "ana")
	w.group("Site South", "ana")
	w.run()
	w.inOkta(oktatest.On("/api/v1/users/*/groups", oktatest.First(1, oktatest.EmptyList)))
	doc, err := w.sync(tsync.RunOptions{Users: []string{w.users["ana"]}})
	if err == nil || !strings.Contains(err.Error(), "cannot be believed") {
		t.Errorf("ended with %v", err)
	}
	if errors.Is(err, tsync.ErrNobody) || doc != nil && len(doc.Actions) > 0 {
		t.Errorf("it planned %+v", doc)
	}
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ana"]}}), "")
	w.wantRoles("ana", "Site North, Site South")
}

// A list of somebody's groups that lacks one of them every time it is asked takes no role
// either, while that group's members have the person: a whole run would take none.
func TestAListThatLacksAGroupTakesNoRoleWhileTheGroupHasThePerson(t *testing.T) {
	w := newWorld(t)
	w.hire("ana")
	w.group("Site North", "ana")
	w.group("Site South", "ana")
	w.run()
	w.inOkta(oktatest.On("/api/v1/users/*/groups", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		var groups []map[string]any
		w.must(json.Unmarshal(answer.Body.Bytes(), &groups))
		groups = slices.DeleteFunc(groups, func(g map[string]any) bool { return g["id"] == w.groups["Site North"] })
		maps.Copy(rw.Header(), answer.Header())
		rw.Header().Del("Content-Length")
		w.must(json.NewEncoder(rw).Encode(groups))
	}))
	doc := w.runWith(tsync.RunOptions{Users: []string{w.users["ana"]}})
	w.wantHeld(doc, plan.HeldUnconfirmed, "ana")
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ana"]}}), "")
	w.leave("Site North", "ana")
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ana"]}}), "revoke_role 1")
	w.wantRoles("ana", "Site South")
}

// What a run of one person was told about their groups, and does not fit the members on
// record, is for the next whole run to look at: it gives the role that is due.
func TestAWholeRunGivesTheRoleThatARunOfOnePersonWasToldNothingOf(t *testing.T) {
	w := newWorld(t)
	w.hire("ana")
	w.group("Site North", "ana")
	w.policy.GrantRoles = false
	w.run()
	w.policy.GrantRoles = true
	w.inOkta(oktatest.On("/api/v1/users/*/groups", oktatest.EmptyList))
	w.runWith(tsync.RunOptions{Users: []string{w.users["ana"]}})
	w.inOkta(nil)
	w.wantDone(w.run(), "grant_role 1")
	w.wantRoles("ana", "Site North")
	w.wantDone(w.run(), "")
}
