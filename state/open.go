package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tracktik-sync/state/boltfile"
	"tracktik-sync/sync/plan"
)

// Options say how a snapshot is opened.
type Options struct {
	// Timeout is how long to wait while another process has the snapshot; 0: try
	// once. A second is the least that does not take the short look of `status`
	// for a run.
	Timeout time.Duration
	// ReadOnly shares the snapshot with other readers. Nothing is written, beside
	// the file neither, but a damaged file with a lock of its own is set aside.
	ReadOnly bool
	// Now is the clock; nil: the machine's.
	Now func() time.Time
	// Holder is what others are told while this process writes. Its empty fields
	// are filled in.
	Holder Holder
	// Key encrypts the snapshot: a secret of any length, 32 random bytes at best,
	// and not a password, since nothing slows the trying down. Empty: plain. See
	// the package's documentation.
	Key []byte
	// Warn is told of files beside the snapshot that were damaged and are missing now,
	// each a DamagedError; nil: nobody is.
	Warn func(error)
}

// Open opens the snapshot at path. It fails with ErrMissing, a LockedError, a
// CorruptError, a KeyError, ErrNewerSchema or, when it may only read,
// ErrOlderSchema, and for writing in a directory that everybody may write to; an older snapshot is otherwise brought up to date after a copy
// was put beside it, and a plain one is encrypted if there is a key.
func Open(path string, opt Options) (*DB, error) { return open(path, opt, migrations) }

func open(path string, opt Options, steps []migration) (*DB, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	heal(path, opt.Key, true, opt.Warn)
	store, head, err := openFile(path, opt.Timeout, opt.ReadOnly)
	if err != nil {
		return nil, err
	}
	if !opt.ReadOnly {
		if err := errors.Join(protect(path), dropRekeyed(path), sweep(path)); err != nil {
			return nil, errors.Join(fmt.Errorf("opening the snapshot: %w", err), store.Close())
		}
	}
	db := newDB(path, store, opt)
	db.alone = head.Alone
	if err := db.ready(steps); err != nil {
		return nil, errors.Join(err, db.close())
	}
	if opt.ReadOnly {
		return db, nil
	}
	if len(opt.Key) > 0 && db.codec.keys == nil {
		if err := errors.Join(db.rewrite(opt.Key), remove(holderPath(path)), db.close()); err != nil {
			return nil, err
		}
		return open(path, opt, steps)
	}
	go db.committer()
	return db, nil
}

// protect refuses a directory in which everybody could replace the snapshot, and
// takes the snapshot from others, who may have been given it by a copy.
func protect(path string) error {
	if err := checkDir(filepath.Dir(path)); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&^private != 0 {
		_ = os.Chmod(path, private) // somebody else's file keeps its mode
	}
	return err
}

// ready brings the schema up to date and finds out whether the snapshot is a
// restored one. It runs before anybody else has db.
func (db *DB) ready(steps []migration) error {
	if err := db.migrate(steps); err != nil {
		return err
	}
	last, readErr := readLast(db.path)
	if !db.readOnly {
		heal(db.path, db.secret, false, db.warn)
	}
	if err := db.compareWithLast(last, readErr); err != nil {
		return err
	}
	if db.readOnly {
		return nil
	}
	return writeJSON(holderPath(db.path), db.holder)
}

// openFile opens the bbolt file at path, waiting for its lock, and checks what
// bbolt does not.
func openFile(path string, timeout time.Duration, readOnly bool) (*bbolt.DB, boltfile.Header, error) {
	var head boltfile.Header
	for deadline := time.Now().Add(timeout); ; {
		if err := firstLook(path); err != nil {
			return nil, head, err
		}
		store, file, err := mapFile(path, max(time.Until(deadline), 1), readOnly)
		if err != nil {
			return nil, head, openError(path, err)
		}
		current, err := isStill(path, file)
		if err == nil && current {
			head, err = boltfile.Check(file, false)
			if err == nil {
				return store, head, nil
			}
			err = &CorruptError{Path: path, What: err.Error()}
		}
		if closeErr := store.Close(); err != nil || closeErr != nil {
			return nil, head, errors.Join(err, closeErr)
		} // else another file was put in its place while we waited
	}
}

// firstLook finds out what can be known of path without its lock.
func firstLook(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w at %s", ErrMissing, path)
	}
	if err != nil {
		return fmt.Errorf("opening the snapshot: %w", err)
	}
	defer f.Close()
	if err := boltfile.CheckBeginning(f); err != nil {
		return &CorruptError{Path: path, What: err.Error()}
	}
	return nil
}

// mapFile has bbolt open an existing file. The file is bbolt's, and closed with
// it.
func mapFile(path string, timeout time.Duration, readOnly bool) (store *bbolt.DB, file *os.File, err error) {
	opt := &bbolt.Options{Timeout: timeout, ReadOnly: readOnly, FreelistType: bbolt.FreelistMapType}
	opt.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
		if file == nil { // bbolt opens the file again for each copy of it
			file = f
		}
		return f, err
	}
	failed := guarded(func() error {
		store, err = bbolt.Open(path, private, opt)
		return err
	})
	if failed != nil && file != nil {
		_ = file.Close() // a panic left it open and locked; else it is closed already
	}
	return store, file, failed
}

func openError(path string, err error) error {
	var corrupt *CorruptError
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return lockedError(path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w at %s", ErrMissing, path)
	case errors.As(err, &corrupt):
		corrupt.Path = path
		return corrupt
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return &CorruptError{Path: path, What: "it does not begin like a snapshot", Err: err}
	}
	return fmt.Errorf("opening the snapshot %s: %w", path, err)
}

// isStill reports whether path names file: a restore may have replaced it while
// its lock was waited for.
func isStill(path string, file *os.File) (bool, error) {
	have, err := file.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(have, now), err
}

// guarded runs fn, and turns a panic and a fault in mapped memory, which bbolt
// answers damaged pages with, into a CorruptError without a path.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &CorruptError{What: fmt.Sprint(p)}
		}
	}()
	return fn()
}

// Create makes an empty snapshot at path, bound to those systems, and opens it.
// A missing directory is made when its parent is there; it must not be everybody's to
// write to. What is there already is left alone: ErrExists. The file is there whole or not at all.
func Create(path string, binding plan.Binding, opt Options) (*DB, error) {
	if opt.ReadOnly {
		return nil, fmt.Errorf("creating %s: %w", path, ErrReadOnly)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("creating the snapshot: %w", spaceError(path, err))
	}
	if err := checkDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("creating the snapshot: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%w at %s", ErrExists, path)
	}
	draft, err := NewDraft(path, path)
	if err != nil {
		return nil, fmt.Errorf("creating the snapshot: %w", spaceError(path, err))
	}
	last, _ := readLast(path) // of a lost snapshot: run ids go on from there
	err = build(draft.Path, plan.Meta{Binding: binding, Created: opt.Now().UTC()}, last, opt.Key)
	if err == nil {
		err = publish(draft.Path, path)
	}
	if err = errors.Join(err, draft.Discard()); err != nil {
		return nil, fmt.Errorf("creating the snapshot: %w", spaceError(path, err))
	}
	return Open(path, opt)
}

// build turns the empty file at path into an empty snapshot.
func build(path string, meta plan.Meta, lastRun uint64, secret []byte) error {
	c, err := newCodec(secret)
	if err != nil {
		return err
	}
	store, err := bbolt.Open(path, private, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	err = store.Update(func(tx *bbolt.Tx) error {
		if err := makeBuckets(tx); err != nil {
			return err
		}
		b := tx.Bucket(bucketMeta)
		return errors.Join(b.Put(keySchema, be64(uint64(len(migrations)+1))), b.Put(keyLastRun, be64(lastRun)),
			putKey(tx, c), putMeta(tx, c, meta))
	})
	return errors.Join(err, store.Close())
}

// publish gives the file temp the name path, unless that is taken.
func publish(temp, path string) error {
	err := os.Link(temp, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w at %s", ErrExists, path)
	case err != nil: // a file system without hard links
		return replace(temp, path)
	}
	return syncDir(filepath.Dir(path))
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}
