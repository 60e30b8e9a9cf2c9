package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// Rekey writes the snapshot at path anew under another key, or plain for none.
// opt.Key is the present one. The new file is checked before it takes the old
// one's place; backups, and copies of an older schema, keep the key they have.
func Rekey(path string, opt Options, key []byte) error {
	opt.ReadOnly = false
	db, err := Open(path, opt)
	if err != nil {
		return err
	}
	return errors.Join(db.rewrite(key), db.Close())
}

const rekeyedSuffix = ".rekeyed"

// dropRekeyed removes the copy that a killed Rekey left behind, which may be a plain one
// of an encrypted snapshot. The caller has the snapshot to itself.
func dropRekeyed(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return remove(real + rekeyedSuffix)
}

// rewrite puts a copy under another key in the file's place. db still has the old
// file, and is good for nothing but being closed. A file of its own is needed:
// what was written over lies about in a file's free pages.
func (db *DB) rewrite(secret []byte) error {
	c, err := newCodec(secret)
	if err == nil {
		_, err = db.writeAnew(context.Background(), c, secret) //nolint:forbidigo // half a key is none: it is not ended
	}
	if err != nil {
		return fmt.Errorf("writing the snapshot %s under another key: %w", db.path, spaceError(db.path, err))
	}
	return nil
}

// writeAnew puts a copy under a codec, that of the secret, in the file's place, and returns
// its size in bytes. The copy is checked before; an error, also that of ctx, leaves the file
// as it is.
func (db *DB) writeAnew(ctx context.Context, c codec, secret []byte) (size int64, err error) {
	path, err := filepath.EvalSymlinks(db.path) // the rename must not replace a link by a file
	if err != nil {
		return 0, err
	}
	temp := path + rekeyedSuffix
	defer os.Remove(temp)
	if size, err = db.copyUnder(ctx, c, temp); err != nil {
		return 0, err
	}
	if err := wholeFile(temp, secret); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if heldByName {
		if err := db.Close(); err != nil {
			return 0, err
		}
	}
	return size, replace(temp, path)
}

// copyUnder writes a copy under that codec with full pages, under the same one with packed
// records too, and returns its size in bytes.
func (db *DB) copyUnder(ctx context.Context, c codec, path string) (size int64, err error) {
	f, err := createPrivate(path)
	if err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	store, err := bbolt.Open(path, private, &bbolt.Options{Timeout: time.Second, NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return 0, err
	}
	store.AllocSize = 1 << 20 // what a file is longer than needed
	err = db.view(func(tx *bbolt.Tx) error {
		r := &rekeyer{ctx: ctx, from: tx, old: db.codec, store: store, c: c, l: ledger{}}
		return r.run()
	})
	if err == nil {
		err = store.Update(func(tx *bbolt.Tx) error {
			if size = tx.Size(); c != db.codec {
				return nil
			}
			return tx.Bucket(bucketMeta).Put(keyCompacted, be64(uint64(size)))
		})
	}
	if err == nil {
		err = store.Sync()
	}
	return size, errors.Join(err, store.Close())
}

// A rekeyer copies the records of one file into another.
type rekeyer struct {
	ctx   context.Context
	from  *bbolt.Tx
	old   codec
	store *bbolt.DB
	c     codec
	l     ledger
	held  int // in l
}

func (r *rekeyer) run() error {
	err := r.store.Update(func(tx *bbolt.Tx) error {
		return errors.Join(makeBuckets(tx), putKey(tx, r.c))
	})
	if err != nil {
		return err
	}
	err = r.from.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		if !slices.ContainsFunc(buckets, func(n []byte) bool { return bytes.Equal(n, name) }) {
			return fmt.Errorf("it has the bucket %q, which only a later version of this program knows: use that one", name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range buckets {
		if err := r.bucket(name); err != nil {
			return err
		}
	}
	return r.flush()
}

// bucket copies the records of a bucket, and what was counted in it.
func (r *rekeyer) bucket(name []byte) error {
	_, err := readRows(r.from, span{bucket: name}, -1, func(k, v []byte) error {
		if err := r.row(name, k, v); err != nil {
			return err
		}
		if r.held++; r.held < rekeyRows {
			return nil
		}
		return r.flush()
	})
	if err != nil {
		return err
	}
	return r.store.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(name).SetSequence(r.from.Bucket(name).Sequence())
	})
}

// rekeyRows is how many records are written in one transaction.
const rekeyRows = 5_000

// row copies one record. The index of names is made anew from the links where another key
// hides the names otherwise.
func (r *rekeyer) row(bucket, k, v []byte) error {
	renames := r.c != r.old
	switch {
	case renames && bytes.Equal(bucket, bucketNames), bytes.Equal(bucket, bucketMeta) && bytes.Equal(k, keyKey):
		return nil
	case !isSealed(bucket, k):
		r.l.add(bucket, op{key: k, value: v})
		return nil
	}
	content, err := r.old.open(bucket, k, v)
	if err != nil {
		return damaged(bucket, k, err)
	}
	small := content
	if !renames && isPackable(bucket) {
		small = packRecord(content)
	}
	r.l.put(bucket, k, small)
	if !renames || !bytes.Equal(bucket, bucketPeople) {
		return nil
	}
	var l plan.Link
	if err := json.Unmarshal(content, &l); err != nil {
		return damaged(bucket, k, err)
	}
	for _, e := range linkEntries(r.c, l) {
		if bytes.Equal(e.bucket, bucketNames) {
			r.l.index([]entry{e})
		}
	}
	return nil
}

func (r *rekeyer) flush() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	l := r.l
	r.l, r.held = ledger{}, 0
	return r.store.Update(func(tx *bbolt.Tx) error {
		for name := range l { // they come in the order of their keys
			tx.Bucket([]byte(name)).FillPercent = appendFill
		}
		return l.flush(tx, r.c)
	})
}
