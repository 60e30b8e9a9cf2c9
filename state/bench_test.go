package state

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"tracktik-sync/sync/plan"
)

const many = 100_000

// crowd is that many links and prints.
func crowd() (links []plan.Link, prints []plan.PersonPrint) {
	for n := range many {
		links = append(links, link(person(n), plan.EmployeeID(n+1)))
		prints = append(prints, plan.PersonPrint{Person: person(n), Print: printOf(n)})
	}
	return links, prints
}

// inBothForms runs a benchmark plain and encrypted.
func inBothForms(b *testing.B, run func(b *testing.B, key []byte)) {
	b.Run("plain", func(b *testing.B) { run(b, nil) })
	b.Run("encrypted", func(b *testing.B) { run(b, secret) })
}

func BenchmarkCommitLinks(b *testing.B) {
	links, prints := crowd()
	inBothForms(b, func(b *testing.B, key []byte) {
		for b.Loop() {
			db := createUnder(b, key)
			if err := errors.Join(db.CommitLinks(links), db.CommitPrints(prints)); err != nil {
				b.Fatal(err)
			}
			size, err := db.Size()
			if err := errors.Join(err, db.Close()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(size)/many, "B/link")
		}
	})
}

func BenchmarkCommitPrints(b *testing.B) {
	links, prints := crowd()
	db := create(b)
	if err := db.CommitLinks(links); err != nil {
		b.Fatal(err)
	}
	slices.Reverse(prints)
	for b.Loop() {
		if err := db.CommitPrints(prints); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrints(b *testing.B) {
	links, _ := crowd()
	inBothForms(b, func(b *testing.B, key []byte) {
		db := createUnder(b, key)
		if err := db.CommitLinks(links); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range db.Prints() {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != many {
				b.Fatalf("%d marks", n)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	links, prints := crowd()
	db := create(b)
	if err := errors.Join(db.CommitLinks(links), db.CommitPrints(prints), db.Close()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		again, err := Open(db.Path(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBegin is what eight workers pay for the durability of an action.
func BenchmarkBegin(b *testing.B) {
	db := create(b)
	for b.Loop() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				seq, err := db.Begin(plan.Intent{})
				if err == nil {
					err = db.Commit(plan.Batch{Settle: []uint64{seq}})
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
