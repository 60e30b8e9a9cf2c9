// Package boltfile reads the pages of a bbolt file before bbolt does. bbolt maps its
// file and follows what the pages say: a damaged page can lead it in circles or out of
// the file, of which nothing saves. The checks here find that by reading, and change
// nothing.
package boltfile
