package state

import (
	"iter"
	"math"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// Pending are the intents whose outcome is not recorded, in the order in which
// they were begun.
func (db *DB) Pending() ([]plan.Intent, error) {
	return collect(scan(db, span{bucket: bucketPending}, scanRows, func(_ *bbolt.Tx, k, v []byte) (plan.Intent, bool, error) {
		var i plan.Intent
		err := db.codec.openJSON(bucketPending, k, v, &i)
		i.Seq = number(k)
		return i, err == nil, err
	}))
}

// A Query chooses from the audit trail. Empty fields choose everything.
type Query struct {
	Person plan.PersonID
	Run    string
	Kind   string
	// Kinds and Outcomes are those that are wanted.
	Kinds, Outcomes []string

	Since time.Time // this moment or later
	Until time.Time // before this moment
	Limit int       // the latest so many of those that fit; 0: all
}

func (q Query) fits(a plan.Audit) bool {
	return (q.Person == "" || a.Person == q.Person) && (q.Run == "" || a.Run == q.Run) && (q.Kind == "" || a.Kind == q.Kind) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, a.Kind)) && (len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, a.Outcome)) &&
		(q.Since.IsZero() || !a.Time.Before(q.Since)) && (q.Until.IsZero() || a.Time.Before(q.Until))
}

// within is the narrowest range of keys in which everything that fits is found.
func (q Query) within(first, last uint64) span {
	s := span{bucket: bucketAudit}
	switch {
	case q.Person != "":
		s = span{bucket: bucketAuditWho, prefix: prefix(string(q.Person))}
	case q.Run != "":
		s = span{bucket: bucketAuditRun, prefix: prefix(q.Run)}
	}
	s.from = append(slices.Clone(s.prefix), be64(first)...)
	s.to = append(slices.Clone(s.prefix), be64(last)...)
	return s
}

// Audits yields the entries that fit q, the oldest first. Their order is that in
// which they were recorded, whatever the clock did meanwhile.
func (db *DB) Audits(q Query) iter.Seq2[plan.Audit, error] {
	return func(yield func(plan.Audit, error) bool) {
		first, last, err := db.numbersBetween(q.Since, q.Until)
		if err != nil {
			yield(plan.Audit{}, err)
			return
		}
		s := q.within(first, last)
		seq := scan(db, s, scanRows, db.auditOf(s.bucket, q))
		if q.Limit > 0 {
			seq = db.latestAudits(s, q)
		}
		seq(yield)
	}
}

// auditOf reads the entry behind a key of the audit trail or of its indexes.
func (db *DB) auditOf(bucket []byte, q Query) func(tx *bbolt.Tx, k, v []byte) (plan.Audit, bool, error) {
	return func(tx *bbolt.Tx, k, _ []byte) (plan.Audit, bool, error) {
		key := be64(lastNumber(k))
		a, found, err := record[plan.Audit](tx, db.codec, bucketAudit, key)
		if err == nil && !found {
			err = astray(bucket, k)
		}
		a.Seq = number(key)
		return a, err == nil && q.fits(a), err
	}
}

// numbersBetween is the range of the entries' numbers in a range of time.
func (db *DB) numbersBetween(since, until time.Time) (first, last uint64, err error) {
	if since.IsZero() && until.IsZero() {
		return 0, math.MaxUint64, nil
	}
	first = math.MaxUint64
	err = db.overTime(since, until, func(k, _ []byte) error {
		seq := lastNumber(k)
		first, last = min(first, seq), max(last, seq)
		return nil
	})
	return first, last, err
}

// overTime calls row for the index entries of a range of time.
func (db *DB) overTime(since, until time.Time, row func(k, v []byte) error) error {
	s := span{bucket: bucketAuditTime}
	if !since.IsZero() {
		s.from = timePrefix(since)
	}
	if !until.IsZero() {
		s.to = timePrefix(until) // shorter, so less, than the keys of that moment
	}
	for _, err := range scan(db, s, markRows, func(_ *bbolt.Tx, k, v []byte) (struct{}, bool, error) {
		return struct{}{}, false, row(k, v)
	}) {
		return err
	}
	return nil
}

// latestAudits collects from the end, and yields in order.
func (db *DB) latestAudits(s span, q Query) iter.Seq2[plan.Audit, error] {
	return func(yield func(plan.Audit, error) bool) {
		var found []plan.Audit
		decode := db.auditOf(s.bucket, q)
		err := db.view(func(tx *bbolt.Tx) error {
			found = nil
			return backwards(tx, s, func(k, v []byte) (bool, error) {
				a, ok, err := decode(tx, k, v)
				if ok {
					found = append(found, a)
				}
				return len(found) < q.Limit, err
			})
		})
		if err != nil {
			yield(plan.Audit{}, err)
			return
		}
		for _, a := range slices.Backward(found) {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// GrantsSent counts the calls that may have given a role to an employee since it was last
// taken from them: those that were done, and those whose answer was lost. What never
// happened, as TrackTik said, is not among them.
func (db *DB) GrantsSent(id plan.PersonID, employee plan.EmployeeID, role plan.RoleID) (int, error) {
	sent := map[string]int{} // by request: its outcome may be recorded twice, when it was lost and when it was found out
	there := ""              // the request whose grant was seen
	for a, err := range db.Audits(Query{Person: id}) {
		if err != nil {
			return 0, err
		}
		if a.Employee != employee || a.Role == nil || a.Role.ID != role {
			continue
		}
		switch kind := plan.Kind(a.Kind); {
		case kind == plan.RevokeRole && (a.Outcome == plan.Done || a.Outcome == plan.Found):
			clear(sent)
			there = ""
		case kind != plan.GrantRole:
		case a.Outcome == plan.Done, a.Outcome == plan.Unknown, a.Outcome == plan.Failed && a.Attempts == 0: // found out by a look-up
			if there != "" && there != a.Request { // who is granted a role holds none: somebody took that one
				sent[there]--
				there = ""
			}
			sent[a.Request] = max(sent[a.Request], a.Attempts, 1)
			if a.Outcome == plan.Done {
				there = a.Request
			}
		}
	}
	n := 0
	for _, calls := range sent {
		n += calls
	}
	return n, nil
}

// CountsSince counts the actions done from t on by their kind: those that an
// approval let through apart from those that count against a day's limit. Those are counted as
// the guards count a plan: half of a pair is none, and who lost a value counts as [plan.Clear].
func (db *DB) CountsSince(t time.Time) (approved, unapproved map[plan.Kind]int, err error) {
	approved, unapproved = map[plan.Kind]int{}, map[plan.Kind]int{}
	err = db.overTime(t, time.Time{}, func(k, v []byte) error {
		digest, err := db.codec.open(bucketAuditTime, k, v)
		if err != nil {
			return damaged(bucketAuditTime, k, err)
		}
		kind, outcome, passed, mark := readDigest(digest)
		if string(outcome) != plan.Done {
			return nil
		}
		switch {
		case passed:
			approved[plan.Kind(kind)]++
		case mark != markPair:
			unapproved[plan.Kind(kind)]++
		}
		if mark == markClears {
			unapproved[plan.Clear]++
		}
		return nil
	})
	return approved, unapproved, err
}

// TerminatedSince are the entries about terminations that were done from t on. It opens no
// others.
func (db *DB) TerminatedSince(t time.Time) ([]plan.Audit, error) {
	var entries []plan.Audit
	read := db.auditOf(bucketAuditTime, Query{Kind: string(plan.Terminate), Since: t})
	s := span{bucket: bucketAuditTime, from: timePrefix(t)}
	for entry, err := range scan(db, s, markRows, func(tx *bbolt.Tx, k, v []byte) (a plan.Audit, fits bool, err error) {
		digest, err := db.codec.open(bucketAuditTime, k, v)
		if err != nil {
			return a, false, damaged(bucketAuditTime, k, err)
		}
		if kind, outcome, _, _ := readDigest(digest); string(kind) != string(plan.Terminate) || string(outcome) != plan.Done {
			return a, false, nil
		}
		return read(tx, k, v)
	}) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// DoneSince tells each of the entries about actions that were done, or found done, from t
// on.
func (db *DB) DoneSince(t time.Time, each func(plan.Audit)) error {
	for entry, err := range db.Audits(Query{Since: t}) {
		if err != nil {
			return err
		}
		if entry.Outcome == plan.Done || entry.Outcome == plan.Found {
			each(entry)
		}
	}
	return nil
}
