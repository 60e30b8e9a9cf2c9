package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

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
