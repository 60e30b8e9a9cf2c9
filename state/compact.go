package state

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// compactFrom is the size of a file, in bytes, below which it is left as it is.
	compactFrom = 64 << 20
	// compactGrowth is how many times as large as after the last time it has become.
	compactGrowth = 2
)

// Compact ends what is being committed and writes a file anew that has become large: with
// full pages and packed records it is about a third. The new one is checked before it takes
// the old one's place; an error, also that of ctx, leaves the old one. from and to are the
// sizes in bytes; zero: it was left as it is. Nothing but Close can follow.
func (db *DB) Compact(ctx context.Context) (from, to int64, err error) {
	return db.compact(ctx, compactFrom)
}

func (db *DB) compact(ctx context.Context, least int64) (from, to int64, err error) {
	db.stop()
	if err := db.failure(); err != nil || db.readOnly {
		return 0, 0, err
	}
	size, last, err := db.sizes()
	if err != nil || size < max(least, compactGrowth*last) {
		return 0, 0, err
	}
	defer db.keepRelaxed()()
	to, err = db.writeAnew(ctx, db.codec, db.secret)
	if err != nil {
		return 0, 0, fmt.Errorf("writing the snapshot %s anew: %w", db.path, spaceError(db.path, err))
	}
	return size, to, nil
}

// sizes are that of the file, and the one that it had when it was last written anew.
func (db *DB) sizes() (size, last int64, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		size, last = tx.Size(), int64(number(get(tx, bucketMeta, keyCompacted)))
		return nil
	})
	return size, last, err
}

// keepRelaxed gives the pages of the file back again and again, for who reads all of it in
// one transaction, until stop. Nothing may be written meanwhile: no transaction of its own
// keeps the mapping where it is, since bbolt must not begin one while it checks a file that
// is only read.
func (db *DB) keepRelaxed() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(relaxEvery):
				db.relaxStill()
			}
		}
	}()
	return func() { close(done); <-ended }
}
