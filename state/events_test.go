package state

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestCursorIsRecordedWithWhatItLedToOrNotAtAll(t *testing.T) {
	db := create(t)
	if got := must[plan.EventLog](t)(db.EventLog()); !cmp.Equal(got, plan.EventLog{}) {
		t.Errorf("a new snapshot has read the log: %+v", got)
	}
	id := "20261124T060000Z-000001"
	commit(t, db, plan.Batch{Events: readLog(1), Run: &plan.RunRecord{ID: id, Started: morning}})
	err := db.Commit(plan.Batch{Events: readLog(2), Settle: []uint64{99}})
	if !errors.Is(err, ErrUnknownIntent) {
		t.Fatalf("settling what is not pending: %v", err)
	}
	db = reopen(t, db, Options{})
	if got := must[plan.EventLog](t)(db.EventLog()); !cmp.Equal(got, *readLog(1)) {
		t.Errorf("after a refused step the log is %+v", got)
	}
	if _, found, err := db.Run(id); !found || err != nil {
		t.Errorf("its run is there: %v, %v", found, err)
	}
	commit(t, db, plan.Batch{Meta: &plan.Meta{Binding: acme}}) // a run that read no log
	if got := must[plan.EventLog](t)(db.EventLog()); !cmp.Equal(got, *readLog(1)) {
		t.Errorf("another run has changed the log to %+v", got)
	}
}

func TestSnapshotRemembersWhomItHasSeen(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00uManaged", 1)}, Prints: []plan.PersonPrint{{Person: "00uSeen", Print: printOf(1)}},
		Troubles: []plan.Trouble{{Person: "00uTrouble", Code: plan.ProblemRefused, Kind: plan.Create}, {Group: "00gOf"}}})
	for id, want := range map[plan.PersonID]bool{"00uManaged": true, "00uSeen": true, "00uTrouble": true, "00uTroubl": false, "00uOther": false, "": false} {
		if got := must[bool](t)(db.Remembers(id)); got != want {
			t.Errorf("%q is remembered: %v", id, got)
		}
	}
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00uManaged"}})
	if must[bool](t)(db.Remembers("00uManaged")) {
		t.Error("who was unlinked is remembered")
	}
}
