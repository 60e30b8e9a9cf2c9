package sync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

// With state.redact_history nothing personal stands in the runs and the audit trail
// that the snapshot keeps; what the run itself shows has it.
func TestARedactedHistoryIsRedactedWhereItIsKept(t *testing.T) {
	w := newWorld(t)
	w.change = func(e *tsync.Engine) { e.RedactHistory = true }
	w.hire("ada")
	doc := w.runWith(tsync.RunOptions{Users: []string{mail("ada")}})
	shown, err := json.Marshal(doc)
	w.must(err)
	if !strings.Contains(string(shown), mail("ada")) {
		t.Errorf("the run itself does not say who it was: %s", shown)
	}
	runs, err := w.db.Runs(0)
	w.must(err)
	for _, r := range runs {
		record, _, err := w.db.Run(r.ID)
		w.must(err)
		kept, err := json.Marshal(record)
		w.must(err)
		if text := string(kept) + string(record.Document); strings.Contains(text, "ada@") || strings.Contains(text, "Ada") {
			t.Errorf("run %s keeps %s", r.ID, text)
		}
		if !strings.Contains(string(record.Document), w.users["ada"]) {
			t.Errorf("run %s does not say about whom it was: %s", r.ID, record.Document)
		}
	}
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		if text, _ := json.Marshal(a); strings.Contains(string(text), "ada@") || strings.Contains(string(text), "Ada") {
			t.Errorf("the audit trail keeps %s", text)
		}
	}
}
