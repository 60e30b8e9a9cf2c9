package ledger

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// What a run held, found wrong and refused is read past its actions, of which there may be
// hundreds of thousands, none, or a null.
func TestTheLastDocumentIsReadPastItsActions(t *testing.T) {
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	create := plan.Action{Kind: plan.Create, User: plan.UserRef{ID: "00u1"}, Want: &plan.Wanted{}}
	d := plan.Document{Mode: "apply", Actions: []plan.Action{create, create},
		Held:     []plan.Held{{Action: plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00u2"}}, Why: "pending: x"}},
		Problems: []plan.Problem{{User: plan.UserRef{ID: "00u3"}, Code: plan.ProblemDuplicate, Message: "has \"actions\":[]"}},
		Result:   &plan.Result{Failed: 2}}
	d.Seal()
	var text bytes.Buffer
	if err := d.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	whole := text.Bytes()
	from, to := bytes.Index(whole, []byte(`"actions":`)), bytes.Index(whole, []byte(`,"held":`))
	for name, actions := range map[string]string{"two": string(whole[from:to]), "none": `"actions":[]`, "null": `"actions":null`} {
		db, err := state.Create(filepath.Join(t.TempDir(), "s.db"), plan.Binding{Org: "o", App: "a", Portal: "p"}, state.Options{Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		run := plan.RunRecord{ID: "20261120T060000Z-000001", Started: at, Ended: at, Mode: "apply", Held: 1,
			Document: bytes.Join([][]byte{whole[:from], whole[to:]}, []byte(actions))}
		if err := db.Commit(plan.Batch{Run: &run}); err != nil {
			t.Fatal(err)
		}
		got, err := LastDocument(db)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := &plan.Document{ID: run.ID, Hash: d.Hash, Held: d.Held, Problems: d.Problems, Guard: d.Guard, Result: d.Result}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if held, err := heldBy(db, run); err != nil || !cmp.Equal(held, d.Held) {
			t.Errorf("%s: held %v, %v", name, held, err)
		}
	}
}
