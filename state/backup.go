package state

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// Backup writes a consistent copy of the snapshot to path, which it replaces. The
// copy was read back and checked when Backup returns; a snapshot with damage in
// it makes none. It has the same key. What lies beside the snapshot is not in it.
func (db *DB) Backup(path string) error {
	if err := db.backup(path); err != nil {
		return fmt.Errorf("backing up the snapshot to %s: %w", path, spaceError(path, err))
	}
	return nil
}

func (db *DB) backup(path string) error {
	if same, err := sameFile(db.path, path); err != nil || same {
		return errors.Join(err, sameError(same))
	}
	draft, err := NewDraft(db.path, path)
	if err != nil {
		return err
	}
	return errors.Join(db.backupBy(draft.Path, path), draft.Discard())
}

func (db *DB) backupBy(draft, path string) error {
	if err := db.view(func(tx *bbolt.Tx) error { return copyTx(tx, draft) }); err != nil {
		return err
	}
	if err := wholeFile(draft, db.secret); err != nil {
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			corrupt.Path = db.path // the copy is as good as the original
		}
		return err
	}
	return replace(draft, path)
}

// Copy writes a consistent copy of the snapshot to path, for work beside it: unlike a
// Backup it is neither read back nor durable.
func (db *DB) Copy(path string) error {
	err := db.view(func(tx *bbolt.Tx) error {
		f, err := createPrivate(path)
		if err != nil {
			return err
		}
		w := &keeper{w: f}
		_, err = tx.WriteTo(w)
		return errors.Join(cmp.Or(w.err, err), f.Close())
	})
	if err != nil {
		return fmt.Errorf("copying the snapshot to %s: %w", path, spaceError(path, err))
	}
	return nil
}

func sameError(same bool) error {
	if same {
		return errors.New("that is the snapshot itself")
	}
	return nil
}

// sameFile reports whether both names are of one file. b need not exist.
func sameFile(a, b string) (bool, error) {
	one, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	two, err := os.Stat(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(one, two), err
}

// copyTx writes the file as tx sees it, durably.
func copyTx(tx *bbolt.Tx, path string) error {
	f, err := createPrivate(path)
	if err != nil {
		return err
	}
	w := &keeper{w: f}
	_, err = tx.WriteTo(w)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(cmp.Or(w.err, err), f.Close(), syncDir(filepath.Dir(path)))
}

// A keeper keeps the error of w, of which bbolt hands on no more than the text.
type keeper struct {
	w   io.Writer
	err error
}

func (k *keeper) Write(p []byte) (n int, err error) {
	n, k.err = k.w.Write(p)
	return n, k.err
}

// createPrivate makes path anew, for the owner only.
func createPrivate(path string) (*os.File, error) {
	if err := remove(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, private)
	if err != nil {
		return nil, err
	}
	if err := giveToDirectorysOwner(path); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// wholeFile is the first finding about the snapshot at path, as an error.
func wholeFile(path string, secret []byte) error {
	findings, err := Verify(path, Options{Key: secret})
	if err == nil && len(findings) > 0 {
		err = &CorruptError{Path: path, What: findings[0]}
	}
	return err
}

// BindingOf is what the snapshot at path belongs to, be it a copy or somebody else's. It
// fails like Open, and touches nothing beside it.
func BindingOf(path string, key []byte) (plan.Binding, error) {
	store, _, err := openFile(path, 0, true)
	if err != nil {
		return plan.Binding{}, err
	}
	var m plan.Meta
	err = guarded(func() error {
		return store.View(func(tx *bbolt.Tx) error {
			c, err := codecOf(tx, path, key)
			if err == nil {
				m, err = getMeta(tx, c)
			}
			return err
		})
	})
	return m.Binding, errors.Join(err, store.Close())
}

// Restore puts the backup from in the place of the snapshot to, which need not
// exist: one that does is kept, whatever is in it, as to.before-restore-TIME. It refuses a backup that is not whole, of a newer schema (ErrNewerSchema)
// or of other systems than want (a BindingError), and while a run is active (a
// LockedError); then the present snapshot stays as it is. The next run will find
// Meta.RefreshDue set. Of opt three count: Timeout, for the present snapshot, Now, and
// Key, which an encrypted backup needs (else a KeyError).
func Restore(from, to string, want plan.Binding, opt Options) (kept string, err error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if kept, err = restore(from, to, want, opt); err != nil {
		return "", fmt.Errorf("restoring the snapshot from %s: %w", from, spaceError(to, err))
	}
	return kept, nil
}

func restore(from, to string, want plan.Binding, opt Options) (kept string, err error) {
	same, err := sameFile(from, to)
	if err != nil {
		return "", err
	}
	if same {
		return "", sameError(true)
	}
	named := to
	if real, err := filepath.EvalSymlinks(to); err == nil {
		to = real // the rename must not replace a link by a file
	}
	if err := makeDir(filepath.Dir(to)); err != nil {
		return "", err
	}
	if err := checkDir(filepath.Dir(to)); err != nil {
		return "", err
	}
	present, unlock, err := lockPresent(to, opt.Timeout)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := wholeFile(from, opt.Key); err != nil {
		return "", err
	}
	draft, err := NewDraft(named, to)
	if err != nil {
		return "", err
	}
	put := replace
	if !present { // one that was made meanwhile is somebody's, who may be at work
		put = publish
	}
	err = restoreBy(draft.Path, from, to, want, opt.Key)
	if err == nil && present {
		kept, err = keepReplaced(to, opt.Now())
	}
	if err == nil {
		if heldByName {
			unlock()
		}
		if err = put(draft.Path, to); err != nil && kept != "" {
			err = errors.Join(err, remove(kept)) // nothing was replaced
		}
	}
	return kept, errors.Join(err, draft.Discard())
}

// restoreBy makes draft what the snapshot will be.
func restoreBy(draft, from, to string, want plan.Binding, key []byte) error {
	if err := copyFile(from, draft); err != nil {
		return err
	}
	if err := wholeFile(draft, key); err != nil { // as it lies on the disk now
		return err
	}
	return markRestored(draft, from, to, want, key)
}

// keepReplaced gives the snapshot at path, which stays where it is, a second name that is
// free, with that time in it.
func keepReplaced(path string, at time.Time) (string, error) {
	for {
		kept := path + replacedSuffix + at.UTC().Format("20060102T150405Z")
		if _, err := os.Lstat(kept); err == nil {
			at = at.Add(time.Second)
			continue
		}
		err := os.Link(path, kept)
		if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without hard links
			err = copyFile(path, kept)
		}
		return kept, err
	}
}

// lockPresent keeps runs from the present snapshot, whatever is in it, while it is
// replaced; present says that there is one.
func lockPresent(path string, timeout time.Duration) (present bool, unlock func(), err error) {
	for deadline := time.Now().Add(timeout); ; time.Sleep(lockPoll) {
		before, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, func() {}, nil
		}
		if err != nil {
			return false, nil, err
		}
		lock := newFileLock(path)
		ok, err := lock.TryLock()
		if err != nil {
			return false, nil, err
		}
		if ok {
			unlock = func() { _ = lock.Unlock() } // closing the file ends the lock in any case
			if after, err := os.Stat(path); err == nil && os.SameFile(before, after) {
				return true, unlock, nil
			}
			unlock() // another restore has put a file in its place
			continue
		}
		if !time.Now().Before(deadline) {
			return false, nil, lockedError(path)
		}
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := createPrivate(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// markRestored readies path, a copy of the backup from, for its place.
func markRestored(path, from, place string, want plan.Binding, secret []byte) error {
	store, _, err := openFile(path, 0, false)
	if err != nil {
		return err
	}
	last, _ := readLast(place) // what cannot be read is found out when it is opened
	err = store.Update(func(tx *bbolt.Tx) error {
		c, err := codecOf(tx, from, secret)
		if err != nil {
			return err
		}
		m, err := getMeta(tx, c)
		if err != nil {
			return err
		}
		if m.Binding != want {
			return &BindingError{Path: from, Have: m.Binding, Want: want}
		}
		return noteRestored(tx, c, last)
	})
	return errors.Join(err, store.Close())
}
