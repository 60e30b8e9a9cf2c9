package state

import (
	"bytes"
	"iter"

	"go.etcd.io/bbolt"
)

// scanRows is how many records an iterator reads in one transaction.
const scanRows = 500

// scan yields what decode makes of the records of s, in the order of their keys.
// decode leaves a record out by false. It reads some rows in one transaction and
// yields them after it. An error ends the sequence.
func scan[T any](db *DB, s span, rows int, decode func(tx *bbolt.Tx, k, v []byte) (T, bool, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		var page []T // most scans find one record or none
		for next := s.from; ; {
			page = page[:0]
			more := false
			err := db.view(func(tx *bbolt.Tx) error {
				last, err := readRows(tx, span{s.bucket, s.prefix, next, s.to}, rows, func(k, v []byte) error {
					t, ok, err := decode(tx, k, v)
					if ok && err == nil {
						page = append(page, t)
					}
					return err
				})
				if more = last != nil; more {
					next = append(last, 0) // the smallest key above it
				}
				return err
			})
			for _, t := range page {
				if !yield(t, nil) {
					return
				}
			}
			if err != nil {
				yield(zero, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// readRows calls row for up to n records of s. It returns a copy of the last key,
// or nil when no record is left.
func readRows(tx *bbolt.Tx, s span, n int, row func(k, v []byte) error) ([]byte, error) {
	b := tx.Bucket(s.bucket)
	if b == nil {
		return nil, nil
	}
	from := s.from
	if bytes.Compare(from, s.prefix) < 0 {
		from = s.prefix
	}
	var last []byte
	c := b.Cursor()
	for k, v := c.Seek(from); s.holds(k); k, v = c.Next() {
		if n == 0 {
			return bytes.Clone(last), nil
		}
		if err := row(k, v); err != nil {
			return nil, err
		}
		last, n = k, n-1
	}
	return nil, nil
}

// holds reports whether k is a key, and not beyond the end of s.
func (s span) holds(k []byte) bool {
	return k != nil && bytes.HasPrefix(k, s.prefix) && (s.to == nil || bytes.Compare(k, s.to) <= 0)
}

// backwards calls row for the records of s from s.to back to s.from, until row
// says false.
func backwards(tx *bbolt.Tx, s span, row func(k, v []byte) (bool, error)) error {
	b := tx.Bucket(s.bucket)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	step := c.Prev
	if beyond, _ := c.Seek(append(bytes.Clone(s.to), 0)); beyond == nil {
		step = c.Last
	}
	for k, v := step(); s.holds(k) && bytes.Compare(k, s.from) >= 0; k, v = c.Prev() {
		if more, err := row(k, v); err != nil || !more {
			return err
		}
	}
	return nil
}
