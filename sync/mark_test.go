package sync_test

import (
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A byte order mark before every answer, those of the token endpoint and of what is not found too,
// changes nothing.
func TestAByteOrderMarkChangesNothing(t *testing.T) {
	want := undisturbed(t, func(*world) {})
	w := newWorld(t)
	w.inOkta(oktatest.ByteOrderMark)
	w.inPortal(tracktiktest.ByteOrderMark)
	w.settle()
	w.live()
	w.run()
	w.run()
	w.wantOutcomeOf(want, "two runs")
	w.wantDone(w.runWith(refreshed), "")
}
