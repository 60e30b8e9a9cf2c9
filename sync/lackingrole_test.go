package sync_test

import (
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
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

// With one role a person, whoever may be in a group that comes first waits until that group,
// and its role, can be read. One that comes later keeps nobody waiting.
func TestWithOneRoleAPersonTheRoleWaitsForAGroupThatCouldNotBeRead(t *testing.T) {
	unread := func(w *world, group string) { w.inOkta(oktatest.Narrowed(w.groups[group])) }
	for name, c := range map[string]struct {
		hide  func(*world)
		waits bool
	}{
		"the group that comes first": {func(w *world) { unread(w, "Site A") }, true},
		"the one that comes later":   {func(w *world) { unread(w, "Site C") }, false},
		"the role of a new one": {func(w *world) {
			w.org.AddPushMapping(w.app, w.groups["Site 0"])
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Forbid = []tracktiktest.Match{{Path: "/roles"}} })
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push.Push = "mappings"
			w.policy.OneRole, w.policy.Order = true, []string{"Site 0", "Site A", "Site B", "Site C"}
			w.hire("ada", "bob", "cyd", "dan")
			w.group("Site A", "bob")
			w.group("Site B", "cyd")
			w.group("Site C", "dan")
			w.group("Site 0")
			for _, group := range []string{"Site A", "Site B", "Site C"} {
				w.org.AddPushMapping(w.app, w.groups[group])
			}
			w.run()
			first := "Site A"
			if name == "the role of a new one" {
				first = "Site 0"
			}
			w.group("Site B", "ada")
			if c.waits {
				w.group(first, "ada")
			}
			c.hide(w)
			doc, _ := w.sync(refreshedNot) // a right that is missing is exit 1
			if !c.waits {
				w.wantRoles("ada", "Site B")
				return
			}
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			w.wantRoles("ada", "")
			w.inOkta(nil)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Forbid = nil })
			w.run()
			w.wantRoles("ada", first)
		})
	}
}
