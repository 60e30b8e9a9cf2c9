package state

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestIntentIsInTheFileBeforeBeginReturns(t *testing.T) {
	db := create(t)
	want := plan.Intent{Run: "20261124T060000Z-000001", At: morning, Request: "x-1", Action: plan.Action{Kind: plan.Terminate,
		User: plan.UserRef{ID: "00u1", Login: "ana@acme.example"}, Employee: 7, Reason: "DEPROVISIONED", Extra: &plan.Extra{Evidence: "the listing and the person"}}}
	var err error
	if want.Seq, err = db.Begin(want); err != nil {
		t.Fatal(err)
	}
	// What a crash would leave at this moment.
	copied := filepath.Join(t.TempDir(), "s.db")
	if err := copyFile(db.Path(), copied); err != nil {
		t.Fatal(err)
	}
	got := must[[]plan.Intent](t)(mustOpen(t, copied, Options{ReadOnly: true}).Pending())
	if !cmp.Equal(got, []plan.Intent{want}) {
		t.Error(cmp.Diff([]plan.Intent{want}, got))
	}
}

func TestIntentsArePendingUntilSettled(t *testing.T) {
	db := create(t)
	begin := []plan.Intent{{Request: "a"}, {Request: "b"}, {Request: "c"}}
	commit(t, db, plan.Batch{Begin: begin})
	if begin[0].Seq == 0 || begin[1].Seq <= begin[0].Seq || begin[2].Seq <= begin[1].Seq {
		t.Fatalf("the numbers are %+v", begin)
	}
	commit(t, db, plan.Batch{Settle: []uint64{begin[1].Seq}, Audits: []plan.Audit{{Kind: "create", Outcome: plan.Done}}})
	for what, b := range map[string]plan.Batch{
		"settled before":         {Settle: []uint64{begin[1].Seq}},
		"never begun":            {Settle: []uint64{begin[0].Seq, 999}},
		"begun anew, settled":    {Begin: []plan.Intent{{Seq: begin[1].Seq}}},
		"begun anew and settled": {Begin: []plan.Intent{{Seq: begin[0].Seq}}, Settle: []uint64{begin[0].Seq}},
	} {
		b.Audits = []plan.Audit{{Kind: "half"}}
		if err := db.Commit(b); !errors.Is(err, ErrUnknownIntent) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Tried again under its number, after a lookup.
	commit(t, db, plan.Batch{Begin: []plan.Intent{{Seq: begin[0].Seq, Request: "a2"}}})
	db = reopen(t, db, Options{})
	pending := must[[]plan.Intent](t)(db.Pending())
	if len(pending) != 2 || pending[0].Request != "a2" || pending[0].Seq != begin[0].Seq || pending[1].Request != "c" {
		t.Errorf("pending are %+v", pending)
	}
	// A number is never given twice, also after all of them are settled.
	commit(t, db, plan.Batch{Settle: []uint64{begin[0].Seq, begin[2].Seq}})
	if seq := must[uint64](t)(reopen(t, db, Options{}).Begin(plan.Intent{})); seq <= begin[2].Seq {
		t.Errorf("number %d was given before", seq)
	}
}

// trail records some audit entries, an hour apart, the clock of one gone wrong.
func trail(t *testing.T, db *DB) []plan.Audit {
	t.Helper()
	entries := []plan.Audit{
		{Kind: "create", Person: "00u1", Run: "r1", Outcome: plan.Done, By: "ops@worker-1 (timer)"},
		{Kind: "terminate", Person: "00u2", Run: "r1", Outcome: plan.Done, Approved: true},
		{Kind: "terminate", Person: "00u3", Run: "r1", Outcome: plan.Failed, Message: "refused"},
		{Kind: "update", Person: "00u1", Run: "r2", Outcome: plan.Done, Changes: []plan.Change{{Field: plan.PrimaryPhone, Old: "1", New: "2"}}},
		{Kind: "terminate", Person: "00u4", Run: "r2", Outcome: plan.Done},
		{Kind: "link", Outcome: plan.Done},
		{Kind: "create", Person: "00u1", Run: "r3", Outcome: plan.Unknown},
	}
	for i := range entries {
		entries[i].Time = morning.Add(time.Duration(i) * time.Hour)
	}
	entries[3].Time = morning.Add(-48 * time.Hour) // recorded fourth all the same
	for i := range entries {
		commit(t, db, plan.Batch{Audits: entries[i : i+1]})
		entries[i].Seq = uint64(i + 1)
	}
	return entries
}

func TestAuditTrailIsAskedByPersonRunKindAndTime(t *testing.T) {
	db := create(t)
	all := trail(t, db)
	hour := func(n int) time.Time { return morning.Add(time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		q    Query
		want []int
	}{
		"everything":           {Query{}, []int{0, 1, 2, 3, 4, 5, 6}},
		"person":               {Query{Person: "00u1"}, []int{0, 3, 6}},
		"part of an id":        {Query{Person: "00u"}, nil},
		"run":                  {Query{Run: "r1"}, []int{0, 1, 2}},
		"kind":                 {Query{Kind: "terminate"}, []int{1, 2, 4}},
		"person and run":       {Query{Person: "00u1", Run: "r2"}, []int{3}},
		"since":                {Query{Since: hour(4)}, []int{4, 5, 6}},
		"since, a tick later":  {Query{Since: hour(4).Add(1)}, []int{5, 6}},
		"until":                {Query{Until: hour(1)}, []int{0, 3}},
		"between":              {Query{Since: hour(1), Until: hour(4)}, []int{1, 2}},
		"person since":         {Query{Person: "00u1", Since: hour(0)}, []int{0, 6}},
		"nothing in that time": {Query{Since: hour(100)}, nil},
		"the latest two":       {Query{Limit: 2}, []int{5, 6}},
		"of a person":          {Query{Person: "00u1", Limit: 2}, []int{3, 6}},
		"of a run":             {Query{Run: "r2", Limit: 1}, []int{4}},
		"of a kind":            {Query{Kind: "create", Limit: 1}, []int{6}},
		"of a time":            {Query{Until: hour(3), Limit: 2}, []int{2, 3}},
		"of no time":           {Query{Since: hour(100), Limit: 2}, nil},
		"more than there are":  {Query{Limit: 100}, []int{0, 1, 2, 3, 4, 5, 6}},
	} {
		var want []plan.Audit
		for _, i := range c.want {
			want = append(want, all[i])
		}
		if got := must[[]plan.Audit](t)(collect(db.Audits(c.q))); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
	}
}

func TestEntryWithoutATimeGetsTheClocks(t *testing.T) {
	db := create(t)
	mine := []plan.Audit{{Kind: "create"}}
	commit(t, db, plan.Batch{Audits: mine})
	got := must[[]plan.Audit](t)(collect(db.Audits(Query{})))
	if len(got) != 1 || !got[0].Time.Equal(morning) || !mine[0].Time.IsZero() {
		t.Errorf("recorded %+v, and the caller has %+v", got, mine)
	}
}

func TestCountsSinceTellApprovedFromUnapproved(t *testing.T) {
	db := create(t)
	trail(t, db)
	approved, unapproved, err := db.CountsSince(morning)
	if err != nil || !cmp.Equal(approved, map[plan.Kind]int{"terminate": 1}) ||
		!cmp.Equal(unapproved, map[plan.Kind]int{"create": 1, "terminate": 1, "link": 1}) {
		t.Errorf("%v and %v (%v): failed and unknown ones do not count, those before do not", approved, unapproved, err)
	}
	if approved, unapproved, err = db.CountsSince(morning.Add(time.Hour * 10)); err != nil || len(approved)+len(unapproved) > 0 {
		t.Errorf("later: %v %v %v", approved, unapproved, err)
	}
}

// TestADaysCountLeavesOutWhatTheGuardsDo: halves of pairs are no removals, and an update that
// empties a value counts as both.
func TestADaysCountLeavesOutWhatTheGuardsDo(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Audits: []plan.Audit{
		{Kind: "revoke_role", Outcome: plan.Done},
		{Kind: "revoke_role", Outcome: plan.Done, Pair: true},
		{Kind: "update", Outcome: plan.Done},
		{Kind: "update", Outcome: plan.Done, Clears: true},
		{Kind: "update", Outcome: plan.Done, Clears: true, Approved: true},
		{Kind: "update", Outcome: plan.Failed, Clears: true},
	}})
	db = reopen(t, db, Options{})
	_, unapproved, err := db.CountsSince(morning)
	if want := map[plan.Kind]int{"revoke_role": 1, "update": 2, "clear": 2}; err != nil || !cmp.Equal(unapproved, want) {
		t.Errorf("%v (%v), want %v", unapproved, err, want)
	}
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if findings := must[[]string](t)(Verify(path, Options{})); len(findings) > 0 {
		t.Errorf("the index is not that of its entries: %v", findings)
	}
}

func TestGrantsSentAreThoseThatMayBeThere(t *testing.T) {
	entry := func(kind plan.Kind, outcome, request string, attempts int) plan.Audit {
		return plan.Audit{Kind: string(kind), Person: "00u1", Employee: 7, Role: &plan.RoleRef{ID: 3}, Outcome: outcome, Request: request, Attempts: attempts}
	}
	done := entry(plan.GrantRole, plan.Done, "a", 1)
	for name, c := range map[string]struct {
		entries []plan.Audit
		want    int
	}{
		"nothing":                                {nil, 0},
		"done":                                   {[]plan.Audit{done}, 1},
		"lost, and found out":                    {[]plan.Audit{entry(plan.GrantRole, plan.Unknown, "a", 1), entry(plan.GrantRole, plan.Done, "a", 0)}, 1},
		"lost, and made once more":               {[]plan.Audit{entry(plan.GrantRole, plan.Done, "a", 2)}, 2},
		"lost, and made in a later run":          {[]plan.Audit{entry(plan.GrantRole, plan.Unknown, "a", 1), entry(plan.GrantRole, plan.Failed, "a", 0), entry(plan.GrantRole, plan.Done, "b", 1)}, 2},
		"a crash, and made again":                {[]plan.Audit{entry(plan.GrantRole, plan.Failed, "a", 0), entry(plan.GrantRole, plan.Done, "b", 1)}, 2},
		"refused, and made":                      {[]plan.Audit{entry(plan.GrantRole, plan.Failed, "a", 1), entry(plan.GrantRole, plan.Done, "b", 1)}, 1},
		"revoked, and granted again":             {[]plan.Audit{done, entry(plan.RevokeRole, plan.Done, "b", 1), entry(plan.GrantRole, plan.Done, "c", 1)}, 1},
		"taken by hand, and granted again":       {[]plan.Audit{done, entry(plan.GrantRole, plan.Done, "b", 1)}, 1},
		"lost once, taken, and granted again":    {[]plan.Audit{entry(plan.GrantRole, plan.Done, "a", 2), entry(plan.GrantRole, plan.Done, "b", 1)}, 2},
		"found out, taken, and granted again":    {[]plan.Audit{entry(plan.GrantRole, plan.Unknown, "a", 1), entry(plan.GrantRole, plan.Done, "a", 0), entry(plan.GrantRole, plan.Done, "b", 1)}, 1},
		"done, taken, and the next one not told": {[]plan.Audit{done, entry(plan.GrantRole, plan.Unknown, "b", 1)}, 1},
		"only planned":                           {[]plan.Audit{entry(plan.GrantRole, plan.Would, "", 0), entry(plan.GrantRole, plan.Withheld, "", 0)}, 0},
		"of others": {[]plan.Audit{done, {Kind: done.Kind, Person: "00u1", Employee: 8, Role: done.Role, Outcome: plan.Done, Request: "x"},
			{Kind: done.Kind, Person: "00u1", Employee: 7, Role: &plan.RoleRef{ID: 4}, Outcome: plan.Done, Request: "y"},
			{Kind: done.Kind, Person: "00u2", Employee: 7, Role: done.Role, Outcome: plan.Done, Request: "z"}}, 1},
	} {
		db := create(t)
		commit(t, db, plan.Batch{Audits: c.entries})
		if got := must[int](t)(db.GrantsSent("00u1", 7, 3)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestLongTrailIsReadWholeAndInOrder(t *testing.T) {
	db := create(t)
	const n = 2*scanRows + 3
	audits := make([]plan.Audit, n)
	for i := range audits {
		audits[i] = plan.Audit{Kind: "update", Person: person(i % 3), Time: morning.Add(time.Duration(-i) * time.Second)}
	}
	commit(t, db, plan.Batch{Audits: audits})
	var seqs []uint64
	for a, err := range db.Audits(Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, a.Seq)
	}
	if len(seqs) != n || !slices.IsSorted(seqs) {
		t.Errorf("%d entries, want %d", len(seqs), n)
	}
	last := must[[]plan.Audit](t)(collect(db.Audits(Query{Person: person(1), Limit: 600})))
	if len(last) != n/3 || last[0].Seq != 2 {
		t.Errorf("%d entries of one person", len(last))
	}
}
