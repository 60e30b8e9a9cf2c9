package sync_test

import (
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

// A portal that writes phones its own way is no drift, in whatever run it is looked at.
func TestAPortalThatFormatsPhonesIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.PhonesFormatted })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0199"})
	w.wantDone(w.run(), "create 2")
	for range 3 {
		w.wantDone(w.runWith(refreshed), "")
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0200"})
	w.wantDone(w.run(), "update 1")
	w.wantDone(w.runWith(refreshed), "")
}
