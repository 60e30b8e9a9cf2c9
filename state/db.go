package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tracktik-sync/sync/plan"
)

// closeWait is how long Close waits for bbolt after bbolt has panicked in a
// write, which can leave it locked within.
const closeWait = time.Second

// relaxEvery is how often the pages of the file that were looked at are given back.
const relaxEvery = time.Millisecond

// A DB is an open snapshot. Its methods may be called from several goroutines.
type DB struct {
	path     string
	bolt     *bbolt.DB
	codec    codec
	secret   []byte
	warn     func(error)
	now      func() time.Time
	readOnly bool
	alone    bool // a header of the file is damaged: see boltfile.Header
	older    bool
	relaxed  atomic.Int64 // when pages were last given back, in ns since 1970

	queue   chan *step
	closing chan struct{}
	stopped chan struct{} // the committer has ended
	ending  sync.Once
	once    sync.Once
	closed  error

	mu     sync.Mutex
	holder Holder
	broken error // why nothing can be written any more
}

func newDB(path string, store *bbolt.DB, opt Options) *DB {
	return &DB{
		path: path, bolt: store, secret: opt.Key, warn: opt.Warn, now: opt.Now, readOnly: opt.ReadOnly, holder: opt.Holder.fill(opt.Now()),
		queue: make(chan *step), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Path is the name of the snapshot's file.
func (db *DB) Path() string { return db.path }

// Close ends what is being committed and gives the snapshot free for others.
// Commits that have not begun fail with ErrClosed.
func (db *DB) Close() error {
	db.stop()
	db.once.Do(func() {
		if !db.readOnly {
			db.closed = remove(holderPath(db.path))
		}
		db.closed = errors.Join(db.closed, db.close())
	})
	return db.closed
}

// stop ends what is being committed; what comes later fails with ErrClosed.
func (db *DB) stop() {
	db.ending.Do(func() {
		close(db.closing)
		if !db.readOnly {
			<-db.stopped
		}
	})
}

// close closes the file. Where bbolt cannot any more, the lock ends with the
// process.
func (db *DB) close() error {
	done := make(chan error, 1)
	go func() { done <- guarded(db.bolt.Close) }()
	if db.failure() == nil {
		return <-done
	}
	select {
	case err := <-done:
		return err
	case <-time.After(closeWait):
		return fmt.Errorf("closing %s: it stays locked until this process ends", db.path)
	}
}

func (db *DB) failure() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.broken
}

// Size is how many bytes of the file are in use.
func (db *DB) Size() (int64, error) {
	var size int64
	err := db.view(func(tx *bbolt.Tx) error {
		size = tx.Size()
		return nil
	})
	return size, err
}

// Meta is what the snapshot knows about itself. Of a restored backup that was
// opened for reading it says RefreshDue, as the next run will find it.
func (db *DB) Meta() (plan.Meta, error) {
	var m plan.Meta
	err := db.view(func(tx *bbolt.Tx) error {
		var err error
		m, err = getMeta(tx, db.codec)
		return err
	})
	m.RefreshDue = m.RefreshDue || db.readOnly && db.older
	return m, err
}

// EventLog is how far Okta's System Log was read, and what is still to follow from it; the
// zero value where it was never read.
func (db *DB) EventLog() (l plan.EventLog, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		l, err = getEvents(tx, db.codec)
		return err
	})
	return l, err
}

// getEvents reads the one record of its bucket, whatever its key: a damaged key must not
// read as a log that was never read.
func getEvents(tx *bbolt.Tx, c codec) (l plan.EventLog, err error) {
	_, err = readRows(tx, span{bucket: bucketEvents}, -1, func(k, sealed []byte) error {
		return c.openJSON(bucketEvents, k, sealed, &l)
	})
	return l, err
}

// Census is what is remembered of the employees whom nobody manages; the zero one: nothing.
func (db *DB) Census() (c plan.Census, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		c, err = getCensus(tx, db.codec)
		return err
	})
	return c, err
}

func getCensus(tx *bbolt.Tx, c codec) (census plan.Census, err error) {
	_, err = readRows(tx, span{bucket: bucketCensus}, -1, func(k, sealed []byte) error {
		return c.openJSON(bucketCensus, k, sealed, &census)
	})
	return census, err
}

// CheckBinding returns a BindingError unless the snapshot was made for want.
func (db *DB) CheckBinding(want plan.Binding) error {
	m, err := db.Meta()
	if err == nil && m.Binding != want {
		err = &BindingError{Path: db.path, Have: m.Binding, Want: want}
	}
	return err
}

func getMeta(tx *bbolt.Tx, c codec) (plan.Meta, error) {
	var m plan.Meta
	sealed := get(tx, bucketMeta, keyMeta)
	if sealed == nil {
		return m, &CorruptError{What: "it does not say what it belongs to"}
	}
	return m, c.openJSON(bucketMeta, keyMeta, sealed, &m)
}

func putMeta(tx *bbolt.Tx, c codec, m plan.Meta) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketMeta).Put(keyMeta, c.seal(bucketMeta, keyMeta, content))
}

// view runs fn in a transaction that reads. What fn keeps it must copy.
func (db *DB) view(fn func(*bbolt.Tx) error) error {
	err := db.readError(guarded(func() error { return db.bolt.View(fn) }))
	db.relax()
	return err
}

// relax gives the pages of the file back, unless that was done a moment ago.
func (db *DB) relax() {
	last := db.relaxed.Load()
	now := time.Now().UnixNano() // not the run's clock: this is about the machine
	if now-last < int64(relaxEvery) || !db.relaxed.CompareAndSwap(last, now) {
		return
	}
	db.relaxNow()
}

// relaxNow is relax, however short ago the last time was.
func (db *DB) relaxNow() {
	_ = guarded(func() error {
		return db.bolt.View(func(tx *bbolt.Tx) error {
			giveBack(tx)
			return nil
		})
	})
}

func (db *DB) readError(err error) error {
	var corrupt *CorruptError
	switch {
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return ErrClosed
	case errors.As(err, &corrupt) && corrupt.Path == "":
		corrupt.Path = db.path
	}
	return err
}

// get returns the value of key, which lives as long as tx; nil when there is none,
// also when a reader meets a file without the bucket.
func get(tx *bbolt.Tx, bucket, key []byte) []byte {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.Get(key)
}

// A record is the JSON record of key, if there is one.
func record[T any](tx *bbolt.Tx, c codec, bucket, key []byte) (v T, found bool, err error) {
	sealed := get(tx, bucket, key)
	if sealed == nil {
		return v, false, nil
	}
	var is T // only of what is there one is made
	err = c.openJSON(bucket, key, sealed, &is)
	return is, err == nil, err
}

// one is record in a transaction of its own.
func one[T any](db *DB, bucket, key []byte) (v T, found bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		v, found, err = record[T](tx, db.codec, bucket, key)
		return err
	})
	return v, found, err
}

// A span is a range of a bucket's keys: those that begin with prefix, from the
// key from on, up to the key to if that is not nil.
type span struct {
	bucket, prefix, from, to []byte
}

// all is the whole bucket, as its JSON records.
func all[T any](db *DB, bucket []byte) iter.Seq2[T, error] {
	return scan(db, span{bucket: bucket}, scanRows, func(tx *bbolt.Tx, k, v []byte) (T, bool, error) {
		var t T
		err := db.codec.openJSON(bucket, k, v, &t)
		return t, err == nil, err
	})
}

// collect is a sequence as a slice.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for t, err := range seq {
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}
