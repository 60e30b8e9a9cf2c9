package state

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

const (
	// RestoreLife is how long everything that a restore needs is kept at least.
	RestoreLife = 400 * 24 * time.Hour
	// IdleRunLife is how long a run that did nothing is remembered.
	IdleRunLife = 7 * 24 * time.Hour
)

// Pruned counts what Prune removed.
type Pruned struct{ Audits, Runs, Formers int }

// Prune removes what is older than keep at now: audit entries, up to the first that is
// not, runs, and former employees. Terminations and revocations, their runs and the former employees
// stay for RestoreLife at least; runs that did nothing go after IdleRunLife, but
// never the latest one. keep 0 keeps all but those.
func (db *DB) Prune(now time.Time, keep time.Duration) (Pruned, error) {
	var done Pruned
	var err error
	if done.Runs, err = db.pruneRuns(now, keep); err != nil || keep <= 0 {
		return done, err
	}
	if done.Audits, err = db.pruneAudits(now, keep); err != nil {
		return done, err
	}
	done.Formers, err = db.pruneFormers(now.Add(-max(keep, RestoreLife)))
	return done, err
}

func (db *DB) pruneRuns(now time.Time, keep time.Duration) (int, error) {
	runs, err := db.Runs(0)
	if err != nil {
		return 0, err
	}
	l := newEraser(db)
	for i, r := range runs {
		if i == 0 || !pruneRun(r, now, keep) {
			continue
		}
		if err := l.erase(bucketRuns, []byte(r.ID), entry{bucket: bucketDocuments, key: []byte(r.ID)}); err != nil {
			return l.n, err
		}
	}
	return l.n, l.flush()
}

func pruneRun(r plan.RunRecord, now time.Time, keep time.Duration) bool {
	age := now.Sub(r.Started)
	acted := r.Failed + r.Unknown
	for _, counts := range []map[string]int{r.Done, r.Found} { // with a zero for every kind
		for _, n := range counts {
			acted += n
		}
	}
	switch {
	case acted == 0:
		return age > IdleRunLife
	case keep <= 0:
		return false
	case r.Done[string(plan.Terminate)]+r.Done[string(plan.RevokeRole)]+r.Unknown > 0:
		return age > max(keep, RestoreLife)
	}
	return age > keep
}

// pruneAudits takes the oldest entries, in the order in which they were noted, and ends
// at the first that is young: a later one that looks older was noted by a clock that was
// behind, and one that lies ahead of now tells no age.
func (db *DB) pruneAudits(now time.Time, keep time.Duration) (int, error) {
	before := now.Add(-keep)
	_, last, err := db.numbersBetween(time.Time{}, before)
	if err != nil {
		return 0, err
	}
	l := newEraser(db)
	for a, err := range db.Audits(Query{}) {
		if err != nil {
			return l.n, err
		}
		if young := !a.Time.Before(before) && !a.Time.After(now); young || a.Seq > last {
			break
		}
		if !a.Time.Before(before) || restorable(a) && now.Sub(a.Time) < RestoreLife {
			continue
		}
		if err := l.erase(bucketAudit, be64(a.Seq), auditEntries(a)...); err != nil {
			return l.n, err
		}
	}
	return l.n, l.flush()
}

// restorable reports whether a restore may need to know of a.
func restorable(a plan.Audit) bool {
	return plan.Kind(a.Kind).Removes() && (a.Outcome == plan.Done || a.Outcome == plan.Unknown)
}

func (db *DB) pruneFormers(before time.Time) (int, error) {
	l := newEraser(db)
	for f, err := range db.Formers() {
		if err != nil {
			return l.n, err
		}
		if !f.Terminated.Before(before) {
			continue
		}
		if err := l.erase(bucketFormers, formerKey(f.Link.Person, f.Link.Employee), formerEntries(f)...); err != nil {
			return l.n, err
		}
	}
	return l.n, l.flush()
}

// An eraser deletes records with their index entries, some hundred in a
// transaction.
type eraser struct {
	db   *DB
	l    ledger
	held int // in l
	n    int // in all
}

func newEraser(db *DB) *eraser { return &eraser{db: db, l: ledger{}} }

func (e *eraser) erase(bucket, key []byte, entries ...entry) error {
	e.l.drop(bucket, key)
	e.l.unindex(entries)
	e.held++
	e.n++
	if e.held < scanRows {
		return nil
	}
	return e.flush()
}

func (e *eraser) flush() error {
	if e.held == 0 {
		return nil
	}
	l := e.l
	e.l, e.held = ledger{}, 0
	err := e.db.submit(func(tx *bbolt.Tx) (func() error, error) {
		return func() error { return l.flush(tx, e.db.codec) }, nil
	})
	if err != nil {
		return fmt.Errorf("removing what is too old: %w", err)
	}
	return nil
}

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
