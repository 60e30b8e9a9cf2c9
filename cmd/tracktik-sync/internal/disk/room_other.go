//go:build !unix

package disk

// Free is how many bytes may be written to the file system of a directory; known is false
// where that cannot be told.
func Free(string) (bytes uint64, known bool) { return 0, false }
