//go:build unix

package disk

import "golang.org/x/sys/unix"

// Free is how many bytes may be written to the file system of a directory; known is false
// where that cannot be told.
func Free(dir string) (bytes uint64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:gosec,unconvert // their types differ between systems
}
