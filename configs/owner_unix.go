//go:build unix

package configs

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// isOurs reports whether this process's user owns the file.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// readers are the others who may read a file, and what to do about it.
func readers(_ string, mode fs.FileMode) (who, remedy string) {
	if !mode.IsRegular() || mode.Perm()&0o044 == 0 {
		return "", ""
	}
	return fmt.Sprintf("mode %04o", mode.Perm()), "chmod 600"
}
