package state

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"

	"tracktik-sync/sync/plan"
)

// formEncrypted is the form of an encrypted value: this byte, a random nonce of 24
// bytes, and XChaCha20-Poly1305 of the content, which also vouches for the bucket,
// 0 and the key. https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha
const formEncrypted = 2

const (
	saltLen  = 16
	proofLen = 16 // tells a wrong key from a damaged file
	nameLen  = 16 // of the HMAC of a name

	recordLen = sealLen + saltLen + proofLen
)

// keys are what the operator's secret becomes for one file.
type keys struct {
	content cipher.AEAD
	names   []byte
	salt    []byte
	proof   []byte
}

// deriveKeys makes the keys of one salt. HKDF (RFC 5869) takes a secret of any
// length, and adds nothing to a weak one.
func deriveKeys(secret, salt []byte) (*keys, error) {
	const size = chacha20poly1305.KeySize
	out, err := hkdf.Key(sha256.New, secret, salt, "tracktik-sync snapshot 1", size+sha256.Size+proofLen)
	if err != nil {
		return nil, fmt.Errorf("deriving the keys: %w", err)
	}
	aead, err := chacha20poly1305.NewX(out[:size])
	if err != nil {
		return nil, fmt.Errorf("deriving the keys: %w", err)
	}
	return &keys{content: aead, names: out[size : size+sha256.Size], salt: salt, proof: out[size+sha256.Size:]}, nil
}

// newCodec is a codec for a new file: a plain one without a secret.
func newCodec(secret []byte) (codec, error) {
	if len(secret) == 0 {
		return codec{}, nil
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails: https://pkg.go.dev/crypto/rand#Read
	k, err := deriveKeys(secret, salt)
	return codec{k}, err
}

// codecFor is the codec of an encrypted file that has that record. Its errors are
// a KeyError and what is wrong with record.
func codecFor(path string, record, secret []byte) (codec, error) {
	content, err := codec{}.open(bucketMeta, keyKey, record)
	if err == nil && len(content) != saltLen+proofLen {
		err = errors.New("it is of another length")
	}
	if err != nil {
		return codec{}, err
	}
	if len(secret) == 0 {
		return codec{}, &KeyError{Path: path}
	}
	k, err := deriveKeys(secret, bytes.Clone(content[:saltLen]))
	if err == nil && !hmac.Equal(k.proof, content[saltLen:]) {
		err = &KeyError{Path: path, Given: true}
	}
	return codec{k}, err
}

// record is what codecFor asks for; nil of a plain codec. It is not a secret.
func (c codec) record() []byte {
	if c.keys == nil {
		return nil
	}
	return codec{}.seal(bucketMeta, keyKey, bytes.Join([][]byte{c.keys.salt, c.keys.proof}, nil))
}

// codecOf is the codec of the file of tx.
func codecOf(tx *bbolt.Tx, path string, secret []byte) (codec, error) {
	record := get(tx, bucketMeta, keyKey)
	if record == nil {
		return codec{}, nil
	}
	c, err := codecFor(path, record, secret)
	if err != nil && !errors.Is(err, ErrKey) {
		err = damaged(bucketMeta, keyKey, err)
	}
	return c, err
}

// putKey notes in a new file that it is encrypted, and with which key.
func putKey(tx *bbolt.Tx, c codec) error {
	if c.keys == nil {
		return nil
	}
	return tx.Bucket(bucketMeta).Put(keyKey, c.record())
}

// place is where a value belongs.
func place(bucket, key []byte) []byte { return bytes.Join([][]byte{bucket, key}, separator) }

func (k *keys) seal(bucket, key, content []byte) []byte {
	const head = 1 + chacha20poly1305.NonceSizeX
	out := make([]byte, head, head+len(content)+chacha20poly1305.Overhead)
	out[0] = formEncrypted
	_, _ = rand.Read(out[1:]) // never fails
	return k.content.Seal(out, out[1:], content, place(bucket, key))
}

func (k *keys) open(bucket, key, sealed []byte) ([]byte, error) {
	const head = 1 + chacha20poly1305.NonceSizeX
	if len(sealed) < head+chacha20poly1305.Overhead {
		return nil, errors.New("the value is too short")
	}
	content, err := k.content.Open(nil, sealed[1:head], sealed[head:], place(bucket, key))
	if err != nil {
		return nil, errors.New("the value was changed, or is of another place")
	}
	return content, nil
}

// name hides a user name or e-mail in the keys of an index: equal ones stay equal,
// and whoever does not have the secret cannot try names.
func (k *keys) name(kind, folded string) []byte {
	mac := hmac.New(sha256.New, k.names)
	mac.Write(append(prefix(kind), folded...))
	return mac.Sum(nil)[:nameLen]
}

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
	debug.FreeOSMemory() // before the copy is read
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
		if len(v) >= largeRecord { // its page takes as much memory again
			if err := r.flush(); err != nil {
				return err
			}
			debug.FreeOSMemory()
		}
		if err := r.row(name, k, v); err != nil {
			return err
		}
		if r.held++; r.held < rekeyRows && len(v) < largeRecord {
			return nil
		}
		return r.flush()
	})
	if err != nil {
		return err
	}
	last := r.from.Bucket(name).Sequence()
	if last == 0 { // setting it writes a page anew, and a document has one of its own
		return nil
	}
	return r.store.Update(func(tx *bbolt.Tx) error { return tx.Bucket(name).SetSequence(last) })
}

const (
	// rekeyRows is how many records are written in one transaction: the pages that they come
	// from lie anywhere in the file.
	rekeyRows = 1_000
	// largeRecord is how many bytes of a record make one of its own, without the garbage of
	// those before: the document of a first run has tens of millions.
	largeRecord = 4 << 20
)

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
	switch {
	case renames:
		r.l.put(bucket, k, content)
	case isPackable(bucket):
		r.l.put(bucket, k, packRecord(content))
	default: // as it is: a document is large, and would be there twice
		r.l.add(bucket, op{key: k, value: v})
	}
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
		err := l.flush(tx, r.c)
		giveBack(tx)
		return err
	})
}
