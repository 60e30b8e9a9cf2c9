package sync_test

import (
	"errors"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
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
