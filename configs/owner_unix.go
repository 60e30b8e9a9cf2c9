//go:build unix

package configs

import (
	"io/fs"
	"os"
	"syscall"
)

// isOurs reports whether this process's user owns the file.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
