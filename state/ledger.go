package state

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.etcd.io/bbolt"
)

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
