package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// tried is how much Try writes: more than a file system keeps beside its blocks.
const tried = 64 << 10

// Try writes a file into a directory, and removes it again.
func Try(dir string) error {
	f, err := os.CreateTemp(dir, ".tracktik-sync-check-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, tried))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// Nearest is the directory itself, or where it is not there yet, the nearest above it that
// is: where it would be made.
func Nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
