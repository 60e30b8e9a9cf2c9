package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// firstRun commits what a first run leaves of n people, some of them at a time.
func firstRun(t testing.TB, db *DB, n int) {
	t.Helper()
	for first := 1; first <= n; first += 50 {
		var b plan.Batch
		for i := first; i < first+50; i++ {
			id := plan.PersonID(fmt.Sprintf("00u1bqY0zSJN%05d5d7", i))
			l := link(id, plan.EmployeeID(10_000+i))
			l.Run, l.Since = "20261124T060000Z-000001", morning.Add(time.Duration(i)*time.Millisecond)
			b.Links = append(b.Links, l)
			b.Audits = append(b.Audits, plan.Audit{Run: l.Run, By: "ops@host (timer)", Kind: "create", Person: id, Login: l.Login, Employee: l.Employee,
				Changes: []plan.Change{{Field: plan.Username, New: l.Login}, {Field: plan.FirstName, New: "Ada"}, {Field: plan.LastName, New: "Byron"}}, Outcome: plan.Done, Attempts: 1})
			for role := range 2 {
				b.Grants = append(b.Grants, plan.Grant{Role: plan.RoleID(role + 1), Person: id, ID: plan.GrantID(2*i + role), Employee: l.Employee, Group: "00g1", How: plan.HowCreated, Since: l.Since, Run: l.Run})
				b.Audits = append(b.Audits, plan.Audit{Run: l.Run, By: "ops@host (timer)", Kind: "grant_role", Person: id, Login: l.Login, Employee: l.Employee,
					Role: &plan.RoleRef{ID: plan.RoleID(role + 1), Name: "Site North", Group: "00g1"}, Outcome: plan.Done, Attempts: 1})
			}
		}
		commit(t, db, b)
	}
}

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestCompactKeepsEverythingInLessThanHalf(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": secret} {
		t.Run(name, func(t *testing.T) {
			db := createUnder(t, key)
			firstRun(t, db, 2000)
			fill(t, db)
			run := must[string](t)(db.NextRun(morning))
			want, before := must[*dump](t)(dumpOf(db, "00g1", "00g2")), fileSize(t, db.Path())
			db = compacted(t, db, key)
			if got := must[*dump](t)(dumpOf(db, "00g1", "00g2")); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
			if after := fileSize(t, db.Path()); 2*after > before {
				t.Errorf("%d of %d bytes are left", after, before)
			}
			if next := must[string](t)(db.NextRun(morning)); next <= run {
				t.Errorf("run %s comes after %s", next, run)
			}
			commit(t, db, plan.Batch{Audits: []plan.Audit{{Kind: "link", By: "test", Outcome: plan.Done}}}) // its number was never given
			check(t, db)
		})
	}
}

// A file that is small, or has hardly grown since it was written anew, stays what it is.
func TestCompactLeavesASmallFileAlone(t *testing.T) {
	db := create(t)
	fill(t, db)
	before := must[[]byte](t)(os.ReadFile(db.Path()))
	if from, to, err := db.Compact(t.Context()); from != 0 || to != 0 || err != nil {
		t.Errorf("from %d to %d: %v", from, to, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if after := must[[]byte](t)(os.ReadFile(db.Path())); !bytes.Equal(before, after) {
		t.Error("it was written")
	}
	again := compacted(t, mustOpen(t, db.Path(), Options{}), nil)
	if from, _, err := again.compact(t.Context(), 0); from != 0 || err != nil {
		t.Errorf("written anew once more, from %d bytes: %v", from, err)
	}
}

// Whatever keeps a file from being written anew, the old one is whole and in its place, and
// what there is of the other is gone.
func TestCompactThatIsCutLeavesTheOldFile(t *testing.T) {
	told, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		prepare func(db *DB) error
		want    error
	}{
		"the run is told to end": {told, func(*DB) error { return nil }, context.Canceled},
		"a record is damaged":    {t.Context(), func(db *DB) error { flip(t, db.Path(), "Silva"); return nil }, ErrCorrupt},
		"something is in the way": {t.Context(), func(db *DB) error {
			return errors.Join(os.Mkdir(db.Path()+rekeyedSuffix, 0o700), os.WriteFile(db.Path()+rekeyedSuffix+"/x", nil, private))
		}, os.ErrExist},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Create(t.TempDir()+"/s.db", acme, Options{Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			fill(t, db)
			if err := c.prepare(db); err != nil {
				t.Fatal(err)
			}
			before := must[[]byte](t)(os.ReadFile(db.Path()))
			if _, _, err := db.compact(c.ctx, 0); !errors.Is(err, c.want) {
				t.Errorf("ended with %v", err)
			}
			if err := db.Commit(plan.Batch{}); !errors.Is(err, ErrClosed) {
				t.Errorf("a commit afterwards: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if after := must[[]byte](t)(os.ReadFile(db.Path())); !bytes.Equal(before, after) {
				t.Error("the old file was written")
			}
			if info, err := os.Stat(db.Path() + rekeyedSuffix); err == nil && !info.IsDir() {
				t.Error("a copy was left")
			}
		})
	}
}
