package state

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// giveToDirectorysOwner does nothing: files inherit their rights from the directory.
func giveToDirectorysOwner(string) error { return nil }

// isOurs is true: rights are the directory's.
func isOurs(fs.FileInfo) bool { return true }

// A fileLock is the lock that bbolt takes of the snapshot at path. Windows locks a part of
// a file for everybody, and bbolt one behind all that can be in it, so that the rest is read
// and written as ever. For that notes of drafts are locked so too.
type fileLock struct {
	path string
	file *os.File
}

func newFileLock(path string) *fileLock { return &fileLock{path: path} }

// Path is the file that is locked.
func (l *fileLock) Path() string { return l.path }

// TryLock reports whether nobody has it.
func (l *fileLock) TryLock() (bool, error) { return l.try(windows.LOCKFILE_EXCLUSIVE_LOCK) }

// TryRLock reports whether nobody writes.
func (l *fileLock) TryRLock() (bool, error) { return l.try(0) }

func (l *fileLock) try(kind uint32) (bool, error) {
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	at := &windows.Overlapped{Offset: 1<<32 - 1, OffsetHigh: 1<<32 - 1}
	err = windows.LockFileEx(windows.Handle(f.Fd()), kind|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if err == nil {
		l.file = f
		return true, nil
	}
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = nil
	}
	return false, errors.Join(err, f.Close())
}

// Unlock gives it back; closing the file does that.
func (l *fileLock) Unlock() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
