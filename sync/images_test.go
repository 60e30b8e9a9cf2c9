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
