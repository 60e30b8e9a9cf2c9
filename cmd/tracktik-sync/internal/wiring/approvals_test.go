package wiring

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// Whoever gives an approval that does not count is told why, and nothing passes.
func TestAnApprovalThatCannotBeGivenIsRefusedWithTheReason(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	file := state.ApprovalsOf(filepath.Join(t.TempDir(), "snapshot.db"), func() time.Time { return now })
	here := plan.Binding{Org: "https://acme.okta.com", App: "0oa1", Portal: "https://acme.staffr.net"}
	there := here
	there.Portal = "https://other.staffr.net"
	set := []plan.ActionRef{{Kind: plan.Terminate, Person: "00u1", Employee: 7}}
	put := func(hash string, of plan.Binding) {
		if err := (&Approvals{file: file, of: of}).Put(t.Context(), hash, set); err != nil {
			t.Fatal(err)
		}
	}
	wantWhy := func(hash, want string) {
		t.Helper()
		_, found, err := (&Approvals{file: file, of: here}).Get(hash)
		var refused *tsync.RefusedError
		if found && err == nil || !errors.As(err, &refused) || refused.Code != tsync.RefusedApproval || !strings.Contains(refused.Message, want) {
			t.Errorf("approval %s: found %v, %v; want the reason %q", hash, found, err, want)
		}
	}
	put("0123abcd", here)
	if got, found, err := (&Approvals{file: file, of: here}).Get("0123abcd"); err != nil || !found || len(got) != 1 || got[0] != set[0] {
		t.Fatalf("a good one: %v %v %v", got, found, err)
	}
	put("4567abcd", there)
	wantWhy("4567abcd", "is of https://acme.okta.com app 0oa1 and https://other.staffr.net, not of ")
	if err := (&Approvals{file: file, of: here}).Use(t.Context(), "0123abcd"); err != nil {
		t.Fatal(err)
	}
	wantWhy("0123abcd", "was used at 2026-11-24T06:00:00Z")
	put("89ababcd", here)
	now = now.Add(24 * time.Hour)
	wantWhy("89ababcd", "is older than 24 hours: it is of 2026-11-24T06:00:00Z")
	if list, err := file.List(); err != nil || len(list) > 0 {
		t.Errorf("to approve: %v, %v", list, err)
	}
	put("89ababcd", here) // the same set is refused again
	if _, found, err := (&Approvals{file: file, of: here}).Get("89ababcd"); err != nil || !found {
		t.Errorf("refused anew: found %v, %v", found, err)
	}
	if _, found, err := (&Approvals{file: file, of: here}).Get("ffff"); err != nil || found {
		t.Errorf("one that never was: found %v, %v", found, err)
	}
}
