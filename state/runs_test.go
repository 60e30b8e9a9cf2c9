package state

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

const day = 24 * time.Hour

// run is a recorded run of some age at morning, numbered n.
func run(n int, age time.Duration, done map[string]int) *plan.RunRecord {
	started := morning.Add(-age)
	return &plan.RunRecord{ID: runID(started, n), Started: started, Ended: started.Add(time.Minute), Mode: "sync", Done: done}
}

func runID(at time.Time, n int) string {
	return at.Format("20060102T150405Z-") + strings.Repeat("0", 5) + string(rune('0'+n))
}

func TestRunsAreNumberedForGood(t *testing.T) {
	db := create(t)
	for _, want := range []string{"20261124T060000Z-000001", "20261124T060000Z-000002"} {
		if id := must[string](t)(db.NextRun(morning)); id != want {
			t.Errorf("run %s, want %s", id, want)
		}
	}
	db = reopen(t, db, Options{})
	if id := must[string](t)(db.NextRun(morning.Add(-time.Hour))); id != "20261124T050000Z-000003" || db.Older() {
		t.Errorf("run %s, older %v", id, db.Older())
	}
	// A lost snapshot: the new one goes on from there.
	if err := errors.Join(db.Close(), os.Remove(db.Path())); err != nil {
		t.Fatal(err)
	}
	db, err := Create(db.Path(), acme, Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if id := must[string](t)(db.NextRun(morning)); id != "20261124T060000Z-000004" || db.Older() {
		t.Errorf("run %s, older %v", id, db.Older())
	}
}

func TestRunKeepsItsDocument(t *testing.T) {
	db := create(t)
	doc := bytes.Repeat([]byte(`{"actions":[{"kind":"create","user":"00u1"}]}`), 10_000)
	first, last := run(2, time.Hour, map[string]int{"create": 1}), run(3, 2*time.Hour, nil) // its clock went back
	first.Document = doc
	commit(t, db, plan.Batch{Run: first})
	commit(t, db, plan.Batch{Run: last})
	got, found, err := db.Run(first.ID)
	if err != nil || !found || !cmp.Equal(got, *first) {
		t.Errorf("%v %v: %s", found, err, cmp.Diff(*first, got))
	}
	if got, found, err := db.Run(LastRun); err != nil || !found || got.ID != last.ID {
		t.Errorf("the last run is %s %v %v", got.ID, found, err)
	}
	if _, found, err := db.Run("none"); found || err != nil {
		t.Errorf("found %v %v", found, err)
	}
	runs := must[[]plan.RunRecord](t)(db.Runs(0))
	if len(runs) != 2 || runs[0].ID != last.ID || runs[1].Document != nil {
		t.Errorf("%d runs", len(runs))
	}
	if runs := must[[]plan.RunRecord](t)(db.Runs(1)); len(runs) != 1 || runs[0].ID != last.ID {
		t.Errorf("the latest: %+v", runs)
	}
	if size := must[int64](t)(db.Size()); size > int64(len(doc)) {
		t.Errorf("%d bytes for a document of %d that repeats itself", size, len(doc))
	}
	first.Document = nil // recorded anew without one
	commit(t, db, plan.Batch{Run: first})
	if got, _, err := db.Run(first.ID); err != nil || got.Document != nil {
		t.Errorf("the old document stayed (%v)", err)
	}
}

func TestEmptySnapshotHasNoLastRun(t *testing.T) {
	if r, found, err := create(t).Run(LastRun); found || err != nil {
		t.Errorf("found %+v %v", r, err)
	}
}

func TestPruneKeepsWhatARestoreNeeds(t *testing.T) {
	db := create(t)
	created, terminated, nothing := map[string]int{"create": 1}, map[string]int{"terminate": 1}, map[string]int{"create": 0, "terminate": 0}
	keep := []*plan.RunRecord{run(9, 9*day, nil), run(8, 6*day, nothing), run(7, 29*day, created), run(6, 399*day, terminated)}
	keep[0].Started = morning.Add(-500 * day) // the latest one, whatever its age
	drop := []*plan.RunRecord{run(5, 8*day, nothing), run(4, 31*day, created), run(3, 401*day, terminated)}
	for _, r := range slices.Concat(keep, drop) {
		r.Document = []byte("{}")
		commit(t, db, plan.Batch{Run: r})
	}
	audit := func(kind plan.Kind, outcome string, age time.Duration) plan.Audit {
		return plan.Audit{Kind: string(kind), Outcome: outcome, Person: "00u1", Run: "r1", Time: morning.Add(-age)}
	}
	commit(t, db, plan.Batch{Audits: []plan.Audit{
		audit(plan.Terminate, plan.Done, 401*day), audit(plan.Terminate, plan.Done, 399*day), audit(plan.RevokeRole, plan.Unknown, 399*day),
		audit(plan.Terminate, plan.Failed, 31*day), audit(plan.Create, plan.Done, 31*day), audit(plan.Create, plan.Done, 29*day)}})
	commit(t, db, plan.Batch{Formers: []plan.Former{{Link: link("00u1", 1), Terminated: morning.Add(-401 * day)}, {Link: link("00u1", 2), Terminated: morning.Add(-399 * day)}}})

	if done := must[Pruned](t)(db.Prune(morning, 30*day)); done != (Pruned{Audits: 3, Runs: 3, Formers: 1}) {
		t.Errorf("removed %+v", done)
	}
	var ids, want []string
	for _, r := range must[[]plan.RunRecord](t)(db.Runs(0)) {
		ids = append(ids, r.ID)
	}
	for _, r := range keep {
		want = append(want, r.ID)
	}
	if !slices.Equal(ids, want) {
		t.Errorf("left are %v, want %v", ids, want)
	}
	var seqs []uint64
	for _, a := range must[[]plan.Audit](t)(collect(db.Audits(Query{Person: "00u1"}))) {
		seqs = append(seqs, a.Seq)
	}
	if !slices.Equal(seqs, []uint64{2, 3, 6}) {
		t.Errorf("left are the entries %v", seqs)
	}
	if _, found, err := db.FormerByEmployee(1); found || err != nil {
		t.Errorf("the old former employee stayed: %v %v", found, err)
	}
	if done := must[Pruned](t)(db.Prune(morning, 30*day)); done != (Pruned{}) {
		t.Errorf("removed %+v the second time", done)
	}
}

func TestPruneOfManyTakesNoMoreThanTheOld(t *testing.T) {
	db := create(t)
	const n = 2*scanRows + 7
	audits := make([]plan.Audit, n)
	for i := range audits {
		audits[i] = plan.Audit{Kind: "update", Person: person(i), Run: "r1", Time: morning.Add(time.Duration(i-n+1) * time.Hour)}
	}
	commit(t, db, plan.Batch{Audits: audits})
	if done := must[Pruned](t)(db.Prune(morning, 0)); done != (Pruned{}) {
		t.Errorf("keep 0 removed %+v", done)
	}
	if done := must[Pruned](t)(db.Prune(morning, 5*time.Hour)); done.Audits != n-6 {
		t.Errorf("removed %+v of %d", done, n)
	}
	if left := must[[]plan.Audit](t)(collect(db.Audits(Query{}))); len(left) != 6 {
		t.Errorf("%d are left", len(left))
	}
}

// An entry that somebody's command noted while the clock was far behind, or far ahead, is
// as old as its place in the history says.
func TestPruneTakesNoEntryOfAClockThatWasWrong(t *testing.T) {
	db := create(t)
	var audits []plan.Audit
	for _, age := range []time.Duration{401 * day, 402 * day, -500 * day, 399 * day, 20_000 * day, 20_000 * day, day} {
		audits = append(audits, plan.Audit{Kind: "retry", Person: "00u1", Time: morning.Add(-age)})
	}
	commit(t, db, plan.Batch{Audits: audits})
	if done := must[Pruned](t)(db.Prune(morning, 400*day)); done.Audits != 2 {
		t.Errorf("removed %+v, want the first two entries", done)
	}
	if left := must[[]plan.Audit](t)(collect(db.Audits(Query{}))); len(left) != 5 || left[0].Seq != 3 {
		t.Errorf("left are %+v", left)
	}
}

func TestSnapshotOlderThanTheLastRunIsRefreshedFirst(t *testing.T) {
	for name, last := range map[string]string{
		"a later run":     `{"number":7,"run":"20261124T060000Z-000007"}`,
		"damaged":         `{"number":`,
		"the same number": `{"number":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			want := name != "the same number"
			db := create(t)
			must[string](t)(db.NextRun(morning))
			if err := errors.Join(db.Close(), os.WriteFile(lastPath(db.Path()), []byte(last), private)); err != nil {
				t.Fatal(err)
			}
			reader := mustOpen(t, db.Path(), Options{ReadOnly: true})
			if m := must[plan.Meta](t)(reader.Meta()); m.RefreshDue != want || reader.Older() != want {
				t.Errorf("to a reader: %v %v", m.RefreshDue, reader.Older())
			}
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			db = mustOpen(t, db.Path(), Options{})
			m := must[plan.Meta](t)(db.Meta())
			if m.RefreshDue != want || db.Older() != want {
				t.Errorf("to a writer: %v %v", m.RefreshDue, db.Older())
			}
			next := "20261124T060000Z-000002"
			if name == "a later run" {
				next = "20261124T060000Z-000008"
			}
			if id := must[string](t)(db.NextRun(morning)); id != next {
				t.Errorf("the next run is %s, want %s", id, next)
			}
			// It stays due until a run says that it is done.
			db = reopen(t, db, Options{})
			if m = must[plan.Meta](t)(db.Meta()); m.RefreshDue != want || db.Older() {
				t.Errorf("reopened: %v %v", m.RefreshDue, db.Older())
			}
			m.RefreshDue = false
			commit(t, db, plan.Batch{Meta: &m})
			if m = must[plan.Meta](t)(reopen(t, db, Options{}).Meta()); m.RefreshDue {
				t.Error("still due after the refresh")
			}
		})
	}
}
