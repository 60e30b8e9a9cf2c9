package sync_test

import (
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

// ungranted is a world in which ada is in a group by all that is on record, and has not its
// role: a grant was settled as one that had not happened, when the group could not be read.
func ungranted(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.hire("ada", "bob", "cyd")
	w.group("Site North", "ada", "bob")
	w.run()
	grants, err := w.db.GrantsOf(plan.PersonID(w.users["ada"]))
	w.must(err)
	w.must(w.portal.Revoke(int64(grants[0].Employee), w.roleID("Site North")))
	w.must(w.db.Commit(plan.Batch{DropGrants: []plan.GrantKey{grants[0].Key()}}))
	return w
}

func TestWhoLacksTheRoleOfAGroupThatChangesGetsIt(t *testing.T) {
	w := ungranted(t)
	w.group("Site North", "cyd")
	w.run()
	w.wantRoles("ada", "Site North")
	w.wantRoles("cyd", "Site North")
	w.wantDone(w.runWith(refreshed), "")
}

// A group that could not be read is read anew when it can be, though it did not change.
func TestAGroupThatCouldNotBeReadIsReadOnceItCan(t *testing.T) {
	w := ungranted(t)
	w.push.Push = "mappings"
	w.org.AddPushMapping(w.app, w.groups["Site North"])
	w.inOkta(oktatest.Narrowed(w.groups["Site North"]))
	w.wantWarning(w.run(), "group_unread")
	w.inOkta(nil)
	w.run()
	w.wantRoles("ada", "Site North")
	w.wantDone(w.runWith(refreshed), "")
}
