package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

const (
	private = 0o600
	// lockPoll is how often a lock that somebody else has is tried.
	lockPoll = 20 * time.Millisecond
	// replaceTries, each after a lockPoll, is how often a reader may be in the way.
	replaceTries = 50
)

// writeFile replaces path by data, durably and at once: whoever reads path sees
// the old or the new content, also after a power cut. Only the owner may read it.
func writeFile(path string, data []byte) (err error) {
	temp := path + newSuffix
	if err := clearAway(temp); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = giveToDirectorysOwner(temp)
	}
	if info, statErr := os.Lstat(path); err == nil && statErr == nil && info.IsDir() {
		_, err = setAside(path)
	}
	if err == nil {
		err = replaceRead(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // the error is about something worse
		return fmt.Errorf("writing %s: %w", path, spaceError(path, err))
	}
	return nil
}

// heldByName says that an open file keeps its name: Windows lets no other take its place.
// Whoever puts another there has to close the file first; who opened it meanwhile is in the
// way, and then nothing is replaced.
const heldByName = runtime.GOOS == "windows"

// readReplaced reads a small file in whose place another may be put just now: in that moment
// Windows opens neither.
func readReplaced(path string) ([]byte, error) {
	for tries := 0; ; tries++ {
		data, err := os.ReadFile(path)
		if err == nil || !heldByName || tries == replaceTries || errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
		time.Sleep(lockPoll)
	}
}

// replaceRead is replace for a small file that others have open for moments, to read it.
func replaceRead(from, to string) error {
	for tries := 0; ; tries++ {
		err := replace(from, to)
		if err == nil || !heldByName || tries == replaceTries {
			return err
		}
		time.Sleep(lockPoll)
	}
}

// replace renames from to to, durably.
func replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // it cannot, and does not need to
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return writeFile(path, data)
}

// remove deletes path; that it is gone already is fine.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeDir makes the last directory of a new snapshot's path, for this program's user
// only: the root of a container's volume often lets everybody write, and there is no
// shell to make one in it. A missing parent is left to [checkDir]: it may be a volume
// that is not mounted.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// CheckDirectory refuses the directory of a snapshot at path: when it is missing, is
// none, or when everybody could replace the files in it. It changes nothing.
func CheckDirectory(path string) error { return checkDir(filepath.Dir(path)) }

// checkDir refuses a directory in which everybody could replace the files.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the directory %s does not exist: make it first, readable by this program's user only", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("everybody may write to the directory %s and could replace the snapshot: take that right away (chmod o-w)", dir)
	}
	return nil
}

// lockFile waits for the lock of path, a file that is made for nothing else and
// never removed. The lock ends with the process at the latest.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	if err := clearLock(path); err != nil {
		return nil, fmt.Errorf("taking the lock %s: %w", path, err)
	}
	lock := flock.New(path, flock.SetPermissions(private))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, err)
	}
	if err := giveToDirectorysOwner(path); err != nil {
		return nil, errors.Join(fmt.Errorf("taking the lock %s: %w", path, err), lock.Unlock())
	}
	return func() { _ = lock.Unlock() }, nil // closing the file ends the lock in any case
}

// clearLock sets aside what cannot be a lock: a directory, or a file of ours that we must
// not open.
func clearLock(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().IsRegular() {
		f, openErr := os.Open(path)
		if openErr == nil {
			return f.Close()
		}
		if !errors.Is(openErr, fs.ErrPermission) || !isOurs(info) {
			return openErr
		}
	}
	_, err = setAside(path)
	return err
}

func holderPath(path string) string { return path + holders.suffix }
func statusPath(path string) string { return path + statuses.suffix }

// Locked reports whether a process has the snapshot at path open for writing, and
// which, as far as it said so.
func Locked(path string) (Holder, bool, error) {
	free, err := sharedLockFree(path)
	if err != nil || free {
		return Holder{}, false, err
	}
	h, err := readHolder(path)
	return h, true, err
}

// sharedLockFree reports that nobody writes: a reader's lock can be had.
func sharedLockFree(path string) (bool, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return true, nil // the lock would make the file
	}
	lock := newFileLock(path)
	ok, err := lock.TryRLock()
	if err != nil {
		return false, fmt.Errorf("asking who has %s: %w", path, err)
	}
	if ok {
		err = lock.Unlock()
	}
	return ok, err
}

// lockedError says who is in the way. A note of a process that was killed is
// told from a true one by the lock: where readers can get in, nobody writes.
func lockedError(path string) error {
	if free, err := sharedLockFree(path); err == nil && free {
		return &LockedError{Path: path, Readers: true}
	}
	h, err := readHolder(path)
	if err != nil {
		h = Holder{}
	}
	return &LockedError{Path: path, Holder: h}
}

func readHolder(path string) (Holder, error) {
	var h Holder
	err := holders.knownJSON(path, &h)
	return h, err
}

// fill completes what the caller did not say.
func (h Holder) fill(now time.Time) Holder {
	if h.PID == 0 {
		h.PID = os.Getpid()
	}
	if h.Host == "" {
		h.Host, _ = os.Hostname() // an unknown host stays empty
	}
	if h.Since.IsZero() {
		h.Since = now.UTC()
	}
	return h
}

// SaveStatus writes the document that LoadStatus returns, beside the snapshot at
// path. It needs no open snapshot, but one writer at a time.
func SaveStatus(path string, doc any) error { return writeJSON(statusPath(path), doc) }

// LoadStatus returns the document of the last SaveStatus, also while another
// process has the snapshot; nil when there is none, or it is damaged.
func LoadStatus(path string) (json.RawMessage, error) {
	return statuses.known(path, nil)
}
