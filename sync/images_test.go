package sync_test

import (
	"testing"

	"tracktik-sync/okta/oktatest"
)

// TestAnImageThatPushGroupsLeftIsNoSecondGroup holds the way over from the portal's own
// integration: its images stay in Okta, and have the groups' names.
func TestAnImageThatPushGroupsLeftIsNoSecondGroup(t *testing.T) {
	w := newWorld(t)
	w.hire("ana")
	w.group("Site North", "ana")
	w.org.AddGroup(oktatest.Group{Name: "Site North", Type: oktatest.TypeAppGroup})
	w.org.AddGroup(oktatest.Group{Name: "Site Imported", Type: oktatest.TypeAppGroup})
	doc := w.run()
	w.wantDone(doc, "create_role 2, create 1, grant_role 1")
	if len(doc.Held) > 0 {
		t.Errorf("held: %v", doc.Held)
	}
}

// While its original cannot be seen, an image looks like a group of its own. Once it can
// be seen again, the image is left out as ever, and no listing is called broken for it.
func TestAnImageThatWasTakenForAGroupIsLeftOutAgain(t *testing.T) {
	w := newWorld(t)
	w.hire("ana")
	w.group("Site North", "ana")
	w.org.AddGroup(oktatest.Group{Name: "Site North", Type: oktatest.TypeAppGroup})
	w.run()
	w.inOkta(oktatest.Narrowed(w.groups["Site North"]))
	w.run()
	w.inOkta(nil)
	doc := w.run()
	w.wantDone(doc, "")
	if len(doc.Held) > 0 {
		t.Errorf("held: %v", doc.Held)
	}
	w.wantRoles("ana", "Site North")
}
