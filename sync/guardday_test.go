package sync_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// a day's limit, and no other one
func perDay(n int) plan.Limit {
	return plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: n}
}

// TestPairsDoNotUseUpTheDaysRevokes: whoever has another role in the place of the one before
// has lost nothing.
func TestPairsDoNotUseUpTheDaysRevokes(t *testing.T) {
	for name, swap := range map[string]func(w *world, names []string){
		"the default role is another one": func(w *world, _ []string) { w.configure("Walker") },
		"a group gives a role":            func(w *world, names []string) { w.group("Site West", names...) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			w.portal.AddRole(tracktiktest.Role{Name: "Walker"})
			w.limits.Kinds[plan.RevokeRole] = perDay(5)
			names := w.crowd(10)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site South", "ada", "bob")
			w.group("Site West")
			w.run()
			swap(w, names)
			w.wantDone(w.run(), "grant_role 10, revoke_role 10")
			w.reopen()
			w.leave("Site North", "ada")
			w.wantDone(w.run(), "revoke_role 1")
			w.limits.Kinds[plan.RevokeRole] = perDay(1) // and that one counts
			w.leave("Site North", "bob")
			doc, err := w.sync(refreshedNot)
			w.wantRefused(err, "guard")
			if text := doc.Guard.Refusals[0].Message; !strings.Contains(text, "1 revoked role now and 1 in the last 24 hours") {
				t.Errorf("it says %q", text)
			}
		})
	}
}

// TestManySmallClearingsAddUpInADay, counted by employees: not by values, and not those that
// were approved.
func TestManySmallClearingsAddUpInADay(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Clear] = perDay(4)
	names := w.crowd(30)
	set := func(title, phone string, names ...string) {
		for _, name := range names {
			w.org.UpdateUser(w.users[name], map[string]any{"title": title, "primaryPhone": phone})
		}
	}
	set("Guard", "+15550100", names[:20]...)
	w.run()
	set("", "", names[:3]...)
	w.wantDone(w.run(), "update 3")
	set("Patrol", "+15550100", names[10]) // no clearing
	w.wantDone(w.run(), "update 1")
	set("", "", names[3:5]...)
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantNoWrites()
	if len(doc.Guard.Refusals) != 1 || doc.Guard.Refusals[0].Kind != plan.Clear ||
		!strings.Contains(doc.Guard.Refusals[0].Message, "2 employees losing a value now and 3 in the last 24 hours") {
		t.Fatalf("refused: %+v", doc.Guard.Refusals)
	}
	w.wantDone(w.runWith(approveIt(doc.Guard.Refusals[0].Approve)), "update 2")
	set("", "", names[5])
	w.wantDone(w.run(), "update 1") // the fourth: the approved two are none of them
	set("", "", names[6])
	_, err = w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.pass(24 * 60 * 60 * 1e9)
	w.wantDone(w.runWith(refreshedNot), "update 1")
}
