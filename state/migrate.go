package state

import (
	"bytes"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// A migration turns a snapshot of one version into one of the next. It runs in
// one transaction with the others that are due, after a copy of the file was put
// beside it as PATH.schema-N.
type migration func(tx *bbolt.Tx, c codec) error

// migrations[n] leads from version n+1 to n+2. They are never changed once they
// were released, only added to.
var migrations = []migration{
	// Schema 2 has packed records. Those that are there stay as they are until the file is
	// written anew.
	func(*bbolt.Tx, codec) error { return nil },
}

// migrate brings the snapshot up to date. What it cannot is refused before the
// key is tried: another schema may have other keys.
func (db *DB) migrate(steps []migration) error {
	want := uint64(len(steps) + 1)
	have, whole, err := db.schema()
	if err != nil {
		return err
	}
	switch {
	case have > want:
		return fmt.Errorf("%w: %s has schema %d, and this program knows %d: use the program that wrote it, or a later one",
			ErrNewerSchema, db.path, have, want)
	case have < want && db.readOnly:
		return fmt.Errorf("%w: %s has schema %d, and this program needs %d: the next `sync` brings it up to date",
			ErrOlderSchema, db.path, have, want)
	}
	if err := db.unlock(); err != nil || have == want && (whole || db.readOnly) {
		return err
	}
	if have < want {
		if err := db.copyAside(have); err != nil {
			return fmt.Errorf("copying %s before bringing it to schema %d: %w", db.path, want, spaceError(db.path, err))
		}
	}
	err = db.readError(guarded(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error {
			for _, step := range steps[have-1:] {
				if err := step(tx, db.codec); err != nil {
					return err
				}
			}
			if err := makeBuckets(tx); err != nil {
				return err
			}
			return tx.Bucket(bucketMeta).Put(keySchema, be64(want))
		})
	}))
	if err != nil {
		return fmt.Errorf("bringing %s from schema %d to %d: %w", db.path, have, want, spaceError(db.path, err))
	}
	return nil
}

// unlock finds the codec of the file.
func (db *DB) unlock() error {
	return db.view(func(tx *bbolt.Tx) (err error) {
		db.codec, err = codecOf(tx, db.path, db.secret)
		return err
	})
}

// schema is the file's version, and whether it has all the buckets that this
// program knows. An older file may lack some and a newer one have more, but a file
// of which both is true has a damaged name in it: to make the bucket anew would
// lose what was in it.
func (db *DB) schema() (version uint64, whole bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		version = number(get(tx, bucketMeta, keySchema))
		known, others := 0, 0
		err := tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if slices.ContainsFunc(buckets, func(n []byte) bool { return bytes.Equal(n, name) }) && b != nil {
				known++
			} else {
				others++
			}
			return nil
		})
		whole = known == len(buckets)
		if version > 0 && others > 0 && !whole {
			return &CorruptError{What: "the name of a bucket"}
		}
		return err
	})
	if err == nil && version == 0 {
		err = &CorruptError{Path: db.path, What: "it was not written by this program"}
	}
	return version, whole, err
}

func (db *DB) copyAside(version uint64) error {
	return db.view(func(tx *bbolt.Tx) error {
		return copyTx(tx, fmt.Sprintf("%s.schema-%d", db.path, version))
	})
}
