package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// prepared is a batch that is in order in itself, with everything encoded that
// does not depend on what is in the file.
type prepared struct {
	plan.Batch
	l       ledger
	intents [][]byte // JSON, without numbers
	audits  [][]byte
}

// prepare encodes b and refuses what contradicts itself. It runs on the caller's
// time, not in the transaction.
func prepare(b plan.Batch, now func() time.Time) (*prepared, error) {
	p := &prepared{Batch: b, l: ledger{}}
	p.Begin = slices.Clone(b.Begin)   // their numbers are filled in
	p.Audits = slices.Clone(b.Audits) // their time is
	for i := range p.Audits {
		if p.Audits[i].Time.IsZero() {
			p.Audits[i].Time = now().UTC()
		}
	}
	for _, step := range []func() error{p.links, p.formers, p.roles, p.others, p.numbered} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// links encodes what does not depend on the links and formers that are there.
func (p *prepared) links() error {
	people, employees := map[plan.PersonID]bool{}, map[plan.EmployeeID]bool{}
	for i := range p.Links {
		l := &p.Links[i]
		switch {
		case l.Employee <= 0:
			return fmt.Errorf("linking user %s: no employee is named", l.Person)
		case people[l.Person] || employees[l.Employee]:
			return fmt.Errorf("linking user %s to employee %d: one of them is linked twice in one step", l.Person, l.Employee)
		}
		people[l.Person], employees[l.Employee] = true, true
		if err := errors.Join(checkLink(*l), p.l.putJSON(bucketPeople, []byte(l.Person), l)); err != nil {
			return fmt.Errorf("linking user %s: %w", l.Person, err)
		}
	}
	gone := map[plan.PersonID]bool{}
	for _, id := range p.Unlink {
		if people[id] {
			return fmt.Errorf("unlinking user %s: who is linked in the same step", id)
		}
		gone[id] = true
	}
	for _, m := range p.Prints {
		if err := checkID("user", string(m.Person)); err != nil {
			return err
		}
		if gone[m.Person] {
			return fmt.Errorf("unlinking user %s: whose print is set in the same step", m.Person)
		}
	}
	return nil
}

func (p *prepared) formers() error {
	employees := map[plan.EmployeeID]bool{}
	for i := range p.Formers {
		f := &p.Formers[i]
		l := &f.Link
		if l.Employee <= 0 || employees[l.Employee] || checkLink(*l) != nil {
			return fmt.Errorf("recording a former employee: user %q and employee %d are not one of each, or named twice", l.Person, l.Employee)
		}
		employees[l.Employee] = true
		if err := p.l.putJSON(bucketFormers, formerKey(l.Person, l.Employee), f); err != nil {
			return err
		}
	}
	return nil
}

// roles encodes groups, members and grants, none of which depends on what was.
func (p *prepared) roles() error {
	for _, id := range p.DropGroups {
		p.l.drop(bucketGroups, []byte(id))
		p.l.drop(bucketMembers, []byte(id))
	}
	for _, g := range p.Groups {
		if err := errors.Join(checkID("group", string(g.Group)), p.l.putJSON(bucketGroups, []byte(g.Group), g)); err != nil {
			return err
		}
	}
	for _, m := range p.Members {
		if err := p.members(m); err != nil {
			return err
		}
	}
	for _, k := range p.DropGrants {
		p.l.drop(bucketGrants, grantKey(k))
		p.l.unindex(grantEntries(k))
	}
	for _, g := range p.Grants {
		if g.Role <= 0 {
			return fmt.Errorf("recording a grant of user %s: no role is named", g.Person)
		}
		if err := errors.Join(checkID("user", string(g.Person)), p.l.putJSON(bucketGrants, grantKey(g.Key()), g)); err != nil {
			return err
		}
		p.l.index(grantEntries(g.Key()))
	}
	return nil
}

func (p *prepared) members(m plan.Membership) error {
	if err := checkID("group", string(m.Group)); err != nil {
		return err
	}
	ids := make([]string, len(m.Members))
	for i, id := range m.Members {
		if err := checkID("user", string(id)); err != nil {
			return fmt.Errorf("recording the members of group %s: %w", m.Group, err)
		}
		ids[i] = string(id)
	}
	slices.Sort(ids)
	p.l.put(bucketMembers, []byte(m.Group), []byte(strings.Join(slices.Compact(ids), "\n")))
	return nil
}

// others encodes troubles, the run and what the snapshot knows about itself.
func (p *prepared) others() error {
	for _, key := range p.Cured {
		p.l.drop(bucketTroubles, []byte(key))
	}
	for _, t := range p.Troubles {
		if err := errors.Join(checkKey(t.Key()), p.l.putJSON(bucketTroubles, []byte(t.Key()), t)); err != nil {
			return fmt.Errorf("recording a problem: %w", err)
		}
	}
	if p.Meta != nil {
		if p.Meta.Binding == (plan.Binding{}) {
			return errors.New("recording what the snapshot belongs to: it would belong to nothing")
		}
		if err := p.l.putJSON(bucketMeta, keyMeta, p.Meta); err != nil {
			return err
		}
	}
	if p.Events != nil {
		if err := p.l.putJSON(bucketEvents, keyEvents, p.Events); err != nil {
			return err
		}
	}
	if p.Census != nil {
		if err := p.l.putJSON(bucketCensus, keyCensus, p.Census); err != nil {
			return err
		}
	}
	if p.Run == nil {
		return nil
	}
	if err := checkID("run", p.Run.ID); err != nil {
		return err
	}
	run, id := *p.Run, []byte(p.Run.ID)
	p.l.drop(bucketDocuments, id)
	switch {
	case len(run.Packed) > 0:
		p.l.put(bucketDocuments, id, run.Packed)
	case len(run.Document) > 0:
		p.l.put(bucketDocuments, id, deflate(run.Document))
	}
	run.Document, run.Packed = nil, nil
	return p.l.putJSON(bucketRuns, id, run)
}

// stage checks p against the snapshot as it is now. Nothing is written before all
// of it is known to be in order.
func (p *prepared) stage(tx *bbolt.Tx, c codec) (func() error, error) {
	s := &staging{p: p, tx: tx, c: c, l: ledger{}, marks: map[plan.PersonID]plan.Mark{}}
	for _, step := range []func() error{s.pending, s.links, s.prints, s.formers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s.write, nil
}

// checkLink refuses a link that could not be found again.
func checkLink(l plan.Link) error {
	if err := checkID("user", string(l.Person)); err != nil {
		return err
	}
	if err := errors.Join(checkKey(l.Pushed[plan.Username]), checkKey(l.Pushed[plan.Email])); err != nil {
		return fmt.Errorf("the names of user %s: %w", l.Person, err)
	}
	return nil
}

// maxKey is far less than bbolt takes, also once a name was folded, and more than
// any id or name has.
const maxKey = 4 << 10

// checkID refuses ids that would not survive in the keys, lists and JSON of the
// file.
func checkID(what, id string) error {
	if id == "" || strings.ContainsAny(id, "\x00\n") || !utf8.ValidString(id) {
		return fmt.Errorf("%q is not the id of a %s", id, what)
	}
	return checkKey(id)
}

// checkKey is checkID for what need not be an id. JSON would change what is not
// valid UTF-8, and the index would not lead there any more.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("an id or name of %d bytes is none", len(key))
	}
	if !utf8.ValidString(key) {
		return fmt.Errorf("%q is not valid UTF-8", key)
	}
	return nil
}

// A ledger collects what a batch writes. It is written bucket by bucket, in the
// order of the keys: bbolt needs a minute for 100,000 keys in random order, and a
// second for the same in order.
type ledger map[string][]op

type op struct {
	key, value []byte
	drop, seal bool
}

func (l ledger) add(bucket []byte, o op) { l[string(bucket)] = append(l[string(bucket)], o) }

// put writes content sealed.
func (l ledger) put(bucket, key, content []byte) {
	l.add(bucket, op{key: key, value: content, seal: true})
}

// putJSON writes v as sealed JSON.
func (l ledger) putJSON(bucket, key []byte, v any) error {
	content, err := json.Marshal(v)
	if err == nil {
		l.put(bucket, key, content)
	}
	return err
}

func (l ledger) drop(bucket, key []byte) { l.add(bucket, op{key: key, drop: true}) }

// index and unindex write and drop derived records.
func (l ledger) index(entries []entry) {
	for _, e := range entries {
		l.add(e.bucket, op{key: e.key, value: e.value, seal: e.sealed})
	}
}

func (l ledger) unindex(entries []entry) {
	for _, e := range entries {
		l.drop(e.bucket, e.key)
	}
}

// flush writes everything. Of several operations on one key the last one counts.
func (l ledger) flush(tx *bbolt.Tx, c codec) error {
	for _, name := range buckets {
		ops := l[string(name)]
		slices.SortStableFunc(ops, func(a, b op) int { return bytes.Compare(a.key, b.key) })
		for i, o := range ops {
			if i+1 < len(ops) && bytes.Equal(ops[i+1].key, o.key) {
				continue
			}
			if err := o.apply(tx.Bucket(name), c, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o op) apply(b *bbolt.Bucket, c codec, name []byte) error {
	switch {
	case o.drop:
		return b.Delete(o.key)
	case o.seal:
		return b.Put(o.key, c.seal(name, o.key, o.value))
	}
	return b.Put(o.key, o.value)
}
