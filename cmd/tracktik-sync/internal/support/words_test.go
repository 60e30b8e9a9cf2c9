package support

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write words.txt anew")

// below are words of errors that come from the libraries and the system.
const below = "connection refused reset by peer no such host i/o timeout certificate signed by unknown authority " +
	"has expired is not yet valid  context deadline exceeded canceled permission denied file or directory " +
	"unexpected eof lookup dial read write open broken pipe handshake failure  network unreachable server " +
	"misbehaving too many open files not enough space left on device line column yaml unmarshal invalid " +
	"character looking  for beginning of value employees employee-roles user-roles regions roles users " +
	"groups apps logs api rest terminate reactivate move-to-region "

var word = regexp.MustCompile(`^[a-z]+([-_/'][a-z]+)*$`)

// messageWords are the lower-case words of all string literals of the program.
func messageWords(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	add := func(text string) {
		for _, field := range strings.Fields(text) {
			slash := func(r rune) bool { return r == '/' && strings.HasPrefix(field, "/") }
			for _, part := range strings.FieldsFunc(field, slash) {
				if part = strings.Trim(part, punctuation); word.MatchString(part) {
					words[part] = true
				}
			}
		}
	}
	add(below)
	for _, dir := range []string{"cmd/tracktik-sync", "configs", "okta", "state", "sync", "tracktik"} {
		err := filepath.WalkDir(filepath.Join("../../../..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && strings.HasSuffix(d.Name(), "test") {
				return skipped(err)
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
					text, _ := strconv.Unquote(lit.Value)
					add(text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return words
}

// skipped leaves a simulator out.
func skipped(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// TestWordsOfMessagesAreKnown holds words.txt to the messages: who helps must be able to
// read them. A few new words may wait for the next -update.
func TestWordsOfMessagesAreKnown(t *testing.T) {
	words := messageWords(t)
	if *update {
		text := strings.Join(slices.Sorted(maps.Keys(words)), "\n") + "\n"
		if err := os.WriteFile("words.txt", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	known := newVeil().known
	var missing []string
	for w := range words {
		if !known[w] {
			missing = append(missing, w)
		}
	}
	if len(missing) > len(words)/20 {
		t.Errorf("%d of %d words of messages are not in words.txt; -update writes it anew: %q",
			len(missing), len(words), missing)
	}
}
