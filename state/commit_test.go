package state

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// held calls fn with the committer busy, and lets it go on after that: what fn
// started waits together.
func held(t *testing.T, db *DB, fn func()) {
	t.Helper()
	busy, on, ended := make(chan bool), make(chan bool), make(chan error)
	go func() {
		ended <- db.submit(func(tx *bbolt.Tx) (func() error, error) {
			close(busy)
			<-on
			return func() error { return nil }, nil
		})
	}()
	<-busy
	fn()
	time.Sleep(50 * time.Millisecond) // until all of them wait
	close(on)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestWritersWhoWaitTogetherShareTransactions(t *testing.T) {
	db := create(t)
	const writers = 64
	before := transactions(t, db)
	seqs := make([]uint64, writers)
	var wg sync.WaitGroup
	held(t, db, func() {
		for n := range writers {
			wg.Go(func() {
				var err error
				if seqs[n], err = db.Begin(plan.Intent{Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: person(n)}}}); err != nil {
					t.Error(err)
				}
			})
		}
	})
	wg.Wait()
	if n := transactions(t, db) - before; n > writers/4 {
		t.Errorf("%d writers took %d transactions", writers, n)
	}
	pending := must[[]plan.Intent](t)(db.Pending())
	for _, i := range pending {
		if n := slices.Index(seqs, i.Seq); n < 0 || i.Action.User.ID != person(n) {
			t.Errorf("intent %d is of %s", i.Seq, i.Action.User.ID)
		}
	}
	if len(pending) != writers {
		t.Errorf("%d are pending", len(pending))
	}
}

func TestRefusedBatchLeavesThoseBesideItAlone(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link(person(0), 1000)}})
	errs := make([]error, 40)
	var wg sync.WaitGroup
	held(t, db, func() {
		for n := range errs {
			wg.Go(func() {
				b := plan.Batch{Links: []plan.Link{link(person(n+1), plan.EmployeeID(n+1))}}
				switch n % 4 {
				case 1:
					b.Settle = []uint64{uint64(n + 100)}
				case 2:
					b.Links[0].Employee = 1000
				}
				errs[n] = db.Commit(b)
			})
		}
	})
	wg.Wait()
	for n, err := range errs {
		want := []error{nil, ErrUnknownIntent, ErrLinked, nil}[n%4]
		if !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", n, err, want)
		}
		if _, found, err := db.Link(person(n + 1)); err != nil || found != (want == nil) {
			t.Errorf("%d is linked: %v %v", n, found, err)
		}
	}
}

// TestReadersAndWritersGoOnTogether has everything at once, for the race detector:
// each reader sees whole transactions, whatever is committed meanwhile.
func TestReadersAndWritersGoOnTogether(t *testing.T) {
	db := create(t)
	var writers, readers sync.WaitGroup
	done := make(chan bool)
	for w := range 3 {
		writers.Go(func() {
			for n := w; n < 90; n += 3 {
				if err := childProvisions(db, n+1, func(string, ...any) {}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for r := range 2 {
		readers.Go(func() {
			for again := true; again; {
				select {
				case <-done:
					again = false // once more, to see all of it
				default:
				}
				for l, err := range db.Links() {
					if owner, found, err := db.LinkOfEmployee(l.Employee); err != nil || !found || owner.Person != l.Person {
						t.Errorf("%s: %v %v", l.Person, found, err)
					}
					if err != nil {
						t.Error(err)
					}
				}
				if err := db.Backup(fmt.Sprintf("%s.backup-%d", db.Path(), r)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	last := mustOpen(t, db.Path()+".backup-1", Options{ReadOnly: true})
	if n := must[int](t)(last.Managed()); n != 90 {
		t.Errorf("the last backup has %d links", n)
	}
}

func TestClosingAnswersEverybody(t *testing.T) {
	db := create(t)
	errs := make([]error, 32)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() { errs[n] = db.Commit(plan.Batch{Links: []plan.Link{link(person(n), plan.EmployeeID(n+1))}}) })
	}
	again := reopen(t, db, Options{})
	wg.Wait()
	for n, err := range errs {
		_, found, lookErr := again.Link(person(n))
		if lookErr != nil || found != (err == nil) || err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("%d was answered %v, and is linked: %v %v", n, err, found, lookErr)
		}
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
