package state

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestApprovalIsUsedOnce(t *testing.T) {
	s := ApprovalsOf(filepath.Join(t.TempDir(), "s.db"), clock)
	want := Approval{Hash: "ab12", Items: []ApprovalItem{{Kind: plan.Terminate, Person: "00u1", Employee: 1}}, Summary: json.RawMessage(`{"terminate":1}`)}
	if err := s.Put(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	want.Created, want.Size = morning, 1
	if got, found, err := s.Get("ab12"); err != nil || !found || !cmp.Equal(got, want) {
		t.Errorf("%v %v: %s", found, err, cmp.Diff(want, got))
	}
	var used atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, ok, err := s.Use(t.Context(), "ab12")
			if err != nil {
				t.Error(err)
			}
			if ok && cmp.Equal(got, want) {
				used.Add(1)
			}
		})
	}
	wg.Wait()
	if n := used.Load(); n != 1 {
		t.Errorf("used %d times", n)
	}
	if _, found, err := s.Get("ab12"); found || err != nil {
		t.Errorf("still there: %v %v", found, err)
	}
	if err := s.Put(t.Context(), Approval{}); err == nil {
		t.Error("an approval without a hash was kept")
	}
}

func TestApprovalExpiresAfterADay(t *testing.T) {
	now := morning
	s := ApprovalsOf(filepath.Join(t.TempDir(), "s.db"), func() time.Time { return now })
	for _, hash := range []string{"old", "new"} {
		if err := s.Put(t.Context(), Approval{Hash: hash}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	now = morning.Add(ApprovalLife)
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Hash != "new" {
		t.Errorf("left are %+v %v", list, err)
	}
	if _, ok, err := s.Use(t.Context(), "old"); ok || err != nil {
		t.Errorf("an old one was used: %v %v", ok, err)
	}
	now = now.Add(-time.Second) // just inside, but forgotten by the last change
	if _, ok, err := s.Get("old"); ok || err != nil {
		t.Errorf("it is back: %v %v", ok, err)
	}
}

// TestAGivenApprovalLastsUntilItIsDone, or for a day from when it was given.
func TestAGivenApprovalLastsUntilItIsDone(t *testing.T) {
	now := morning
	s := ApprovalsOf(filepath.Join(t.TempDir(), "s.db"), func() time.Time { return now })
	items := []ApprovalItem{{Kind: plan.Terminate, Person: "00u1", Employee: 1}, {Kind: plan.Update, Person: "00u2", Employee: 2, Values: "0123456789ab"}}
	given := func() []Approval {
		t.Helper()
		list, err := s.Given()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if err := s.Put(t.Context(), Approval{Hash: "ab12", Items: items}); err != nil || len(given()) > 0 {
		t.Fatalf("nobody gave it: %v %v", given(), err)
	}
	now = now.Add(20 * time.Hour)
	for range 2 { // the second time means nothing
		if open, err := s.Give(t.Context(), "ab12"); !open || err != nil {
			t.Fatalf("giving it: %v %v", open, err)
		}
		now = now.Add(time.Hour)
	}
	if open, err := s.Give(t.Context(), "none"); open || err != nil {
		t.Errorf("one that never was: %v %v", open, err)
	}
	if err := s.Put(t.Context(), Approval{Hash: "ab12", Items: items[:1]}); err != nil { // a run that observes refuses it
		t.Fatal(err)
	}
	if list := given(); len(list) != 1 || !cmp.Equal(list[0].Items, items) || !list[0].Given.Equal(morning.Add(20*time.Hour)) || list[0].Size != 2 {
		t.Errorf("given is %+v", list)
	}
	if err := s.Left(t.Context(), "ab12", items[1:]); err != nil {
		t.Fatal(err)
	}
	now = morning.Add(44*time.Hour - time.Second)
	if list := given(); len(list) != 1 || !cmp.Equal(list[0].Items, items[1:]) {
		t.Errorf("in the last second it is %+v", list)
	}
	now = morning.Add(44 * time.Hour)
	if list := given(); len(list) > 0 {
		t.Errorf("after a day it is %+v", list)
	}
	if err := s.Put(t.Context(), Approval{Hash: "ab12", Items: items}); err != nil || len(given()) > 0 {
		t.Errorf("refused anew it is given: %+v %v", given(), err)
	}
	if open, err := s.Give(t.Context(), "ab12"); !open || err != nil {
		t.Fatalf("giving it again: %v %v", open, err)
	}
	if err := s.Left(t.Context(), "ab12", nil); err != nil || len(given()) > 0 {
		t.Errorf("when all is done it is %+v %v", given(), err)
	}
	if a, found, err := s.Find("ab12"); err != nil || !found || a.Used.IsZero() {
		t.Errorf("it is remembered as %+v %v %v", a, found, err)
	}
}

// TestTheProgramsFilesAreKnownByName, whatever the case of letters.
func TestTheProgramsFilesAreKnownByName(t *testing.T) {
	for name, want := range map[string]bool{
		"s.db": true, "S.DB": true, "s.db.token": true, "s.db.Token.lock": true, "s.db.status.new": true, "s.db.approvals.damaged": true,
		"s.db.approvals.damaged-2": true, "s.db.schema-1": true, "s.db.rekeyed": true, "s.db.draft-0123456789abcdef": true, "s.db.note-0123456789abcdef": true, "s.db.before-restore-20261124T060000Z": true,
		"s.db.bak": false, "s.db.1": false, "s.dba": false, "plan.json": false, "s": false, "other.db.token": false,
	} {
		if got := Keeps("/var/lib/x/s.db", name); got != want {
			t.Errorf("%s is one of ours: %v", name, got)
		}
	}
}

func TestTokensAreReplacedWholeAndPrivate(t *testing.T) {
	tokens := Tokens(filepath.Join(t.TempDir(), "s.db"))
	if record, err := tokens.Load(); record != nil || err != nil {
		t.Errorf("before the first: %q %v", record, err)
	}
	for _, want := range []string{`{"refresh":"a long one"}`, `{}`} {
		if err := tokens.Save([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := tokens.Load(); err != nil || string(got) != want {
			t.Errorf("loaded %q %v, want %q", got, err, want)
		}
	}
	info, err := os.Stat(tokens.path + ".token")
	if err != nil || info.Mode().Perm() != private {
		t.Errorf("the file is %v %v", info.Mode(), err)
	}
	if err := errors.Join(tokens.Forget(), tokens.Forget()); err != nil {
		t.Errorf("forgetting: %v", err)
	}
	if record, err := tokens.Load(); record != nil || err != nil {
		t.Errorf("after a logout: %q %v", record, err)
	}
}

func TestTokenLockKeepsOthersWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	unlock, err := Tokens(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if _, err := Tokens(path).Lock(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), ".token.lock") {
		t.Errorf("a second one: %v", err)
	}
	unlock()
	again, err := Tokens(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestStatusIsReadWhileSomebodyWrites(t *testing.T) {
	db := create(t)
	if doc, err := LoadStatus(db.Path()); doc != nil || err != nil {
		t.Errorf("before the first: %s %v", doc, err)
	}
	if err := SaveStatus(db.Path(), map[string]int{"managed": 3}); err != nil {
		t.Fatal(err)
	}
	if doc, err := LoadStatus(db.Path()); err != nil || string(doc) != `{"managed":3}` {
		t.Errorf("status is %s %v", doc, err)
	}
}

func TestFilesAreReplacedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	contents := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 50_000)}
	if err := writeFile(path, []byte(contents[0])); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var errs []error
		for n := range 40 {
			errs = append(errs, writeFile(path, []byte(contents[n%2])))
		}
		done <- errors.Join(errs...)
	}()
	for {
		data, err := readReplaced(path)
		if err != nil || string(data) != contents[0] && string(data) != contents[1] {
			t.Fatalf("read %d bytes, %v", len(data), err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
