package state

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tracktik-sync/sync/plan"
)

// maxGroup is how many waiting steps share a transaction at most.
const maxGroup = 256

// A step is one caller's part of a transaction.
type step struct {
	// stage reads and checks without changing anything, and returns what writes.
	// Its error is the caller's own and leaves the others' steps alone; an error of
	// write is everybody's.
	stage func(tx *bbolt.Tx) (write func() error, err error)
	done  chan error
}

// Commit applies b in one durable transaction, or not at all. The Seq of the
// intents in b.Begin is filled in where it was zero. What contradicts itself or
// the snapshot (a LinkedError, ErrUnknownIntent) is an error of this batch only;
// after ErrNoSpace it can be tried again. After any other error in writing the
// snapshot takes no more, since what is in the file is not known any more.
func (db *DB) Commit(b plan.Batch) error {
	p, err := prepare(b, db.now)
	if err != nil {
		return fmt.Errorf("recording in the snapshot: %w", err)
	}
	if err := db.submit(func(tx *bbolt.Tx) (func() error, error) { return p.stage(tx, db.codec) }); err != nil {
		return err
	}
	for i := range b.Begin {
		b.Begin[i].Seq = p.Begin[i].Seq
	}
	return nil
}

// Begin makes an intent durable and returns its number. No call to TrackTik may
// start before it has returned.
func (db *DB) Begin(i plan.Intent) (uint64, error) {
	begin := []plan.Intent{i}
	if err := db.Commit(plan.Batch{Begin: begin}); err != nil {
		return 0, err
	}
	return begin[0].Seq, nil
}

// submit hands a step to the committer and waits until it is durable.
func (db *DB) submit(stage func(*bbolt.Tx) (func() error, error)) error {
	if db.readOnly {
		return ErrReadOnly
	}
	s := &step{stage, make(chan error, 1)}
	select {
	case db.queue <- s:
		return <-s.done
	case <-db.closing:
		return ErrClosed
	}
}

// committer writes what callers wait for, all that wait at once in one
// transaction, until Close.
func (db *DB) committer() {
	defer close(db.stopped)
	company := 1
	for {
		select {
		case s := <-db.queue:
			group := db.gather(s, company)
			company = max(len(group), company-1)
			db.commit(group)
		case <-db.closing:
			return
		}
	}
}

// linger is how long a step waits for others to share its transaction: little beside
// a call to TrackTik, and about what the transaction costs by itself.
const linger = time.Millisecond

// gather adds to first those who wait already. Where the transactions before had more
// company than that, it lingers until there are as many again: writers that work side
// by side come back together, and one that is alone never waits.
func (db *DB) gather(first *step, company int) []*step {
	group := []*step{first}
	var late <-chan time.Time
	for len(group) < maxGroup {
		select {
		case s := <-db.queue:
			group = append(group, s)
			continue
		default:
		}
		if len(group) >= company {
			break
		}
		if late == nil {
			late = time.After(linger)
		}
		select {
		case s := <-db.queue:
			group = append(group, s)
		case <-late:
			return group
		}
	}
	return group
}

// errNothing ends a transaction in which nobody had anything to write.
var errNothing = errors.New("nothing to write")

// commit writes a group in one transaction and answers everybody in it.
func (db *DB) commit(group []*step) {
	refused := make([]error, len(group))
	err := db.failure()
	if err == nil {
		err = db.write(group, refused)
	}
	db.relax() // nobody looks at the file any more once all are answered
	for i, s := range group {
		if refused[i] != nil {
			s.done <- refused[i]
		} else {
			s.done <- err
		}
	}
}

func (db *DB) write(group []*step, refused []error) error {
	err := guarded(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error {
			written := 0
			for i, s := range group {
				write, err := s.stage(tx)
				if err != nil {
					refused[i] = db.readError(fmt.Errorf("recording in the snapshot: %w", err))
					continue
				}
				if err := write(); err != nil {
					return err
				}
				written++
			}
			if written == 0 {
				return errNothing
			}
			return nil
		})
	})
	if err == nil || errors.Is(err, errNothing) {
		return nil
	}
	return db.fail(err)
}

// fail says what a failed transaction means. bbolt takes one back well when it
// could not write its pages; after anything else, as after a failed fsync, the
// file and what the system holds of it may differ.
func (db *DB) fail(err error) error {
	err = db.readError(err)
	var unwritten *fs.PathError // bbolt's fsync of pages names no path
	if errors.As(err, &unwritten) {
		err = spaceError(db.path, err)
	}
	if errors.Is(err, ErrClosed) || errors.Is(err, berrors.ErrTxClosed) {
		return ErrClosed
	}
	err = fmt.Errorf("writing the snapshot %s: %w", db.path, err)
	if !errors.Is(err, ErrNoSpace) {
		db.mu.Lock()
		db.broken = fmt.Errorf("nothing more is written after an earlier failure: %w", err)
		db.mu.Unlock()
	}
	return err
}
