package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// maxTextBytes bounds a file that a key names: the longest known is a bundle of
// certificate authorities, and a wrong path may lead to a device without end.
const maxTextBytes = 1 << 20

// byteOrderMark begins what Windows programs save as UTF-8.
const byteOrderMark = "\ufeff"

// A form is what a text may hold, and what around it is not part of it.
type form int

const (
	formToken    form = iota // one line; white space around it means nothing
	formPassword             // one line; only the ends of lines behind it mean nothing
	formDocument             // any number of lines
)

var (
	errEmpty     = errors.New("it is empty")
	errUTF16     = errors.New("it is in UTF-16, as Notepad and PowerShell may save it; save it as UTF-8")
	errNUL       = errors.New("it holds a NUL byte, which no text does; is it in UTF-16, or the wrong one?")
	errManyLines = errors.New("it has several lines, and must be one")
)

// isAround reports what means nothing around a value.
func isAround(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// clean is text without what an editor, a shell or another system leaves around it.
// What then cannot be meant is an error, which repeats nothing of text.
func (f form) clean(text string) (string, error) {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return "", errUTF16
	}
	text = strings.TrimLeft(text, byteOrderMark)
	if f == formPassword {
		text = strings.TrimRight(text, "\r\n")
	} else {
		text = strings.TrimFunc(text, isAround)
	}
	switch {
	case text == "":
		return "", errEmpty
	case strings.ContainsRune(text, 0):
		return "", errNUL
	case f != formDocument && strings.ContainsAny(text, "\r\n\v\f\u0085\u2028\u2029"):
		return "", errManyLines
	}
	return text, nil
}

// ReadDocument reads a file that a key names, such as a bundle of authorities: without
// a byte order mark and white space around it. One that is empty, or no text, is an
// error. Errors do not name path.
func ReadDocument(path string) (string, error) {
	text, _, err := readText(path, formDocument)
	return text, err
}

func readText(path string, f form) (string, fs.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", nil, causeOf(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", nil, causeOf(err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxTextBytes+1))
	if err != nil {
		return "", nil, causeOf(err)
	}
	if len(data) > maxTextBytes {
		return "", nil, fmt.Errorf("it holds more than %d bytes, and can hardly be what was meant", maxTextBytes)
	}
	text, err := f.clean(string(data))
	return text, info, err
}

// causeOf is what went wrong with a file, without the path that the message has.
func causeOf(err error) error {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
