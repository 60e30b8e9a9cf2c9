//go:build unix

package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
)

// giveToDirectorysOwner hands a file that root made to whoever has its directory. An
// administrator who runs one command by hand must not leave a token or a snapshot
// behind that the timer, which runs as another user, cannot read.
func giveToDirectorysOwner(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	owner, ok := dir.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	err = os.Lchown(path, int(owner.Uid), int(owner.Gid))
	if errors.Is(err, fs.ErrPermission) { // a root without this capability, as in containers
		return nil
	}
	return err
}

// isOurs reports whether this process's user owns the file.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

type fileLock = flock.Flock

// newFileLock is the lock that bbolt takes of the snapshot at path.
func newFileLock(path string) *fileLock { return flock.New(path) }
