package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// top is the directory of the checkout, seen from here.
const top = "../.."

// A manualPage is one document for people.
type manualPage struct {
	path string // from the top, with /
	text string
}

// pages are all that a reader may open: the README, those of GitHub, and the manual.
func pages(t *testing.T) []manualPage {
	t.Helper()
	paths, err := filepath.Glob(top + "/.github/*.md")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, top+"/README.md", top+"/configs/helm/tracktik-sync/README.md")
	if err := filepath.WalkDir(top+"/configs/docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var all []manualPage
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, manualPage{filepath.ToSlash(name), string(data)})
	}
	return all
}

// onePage is the page of that path.
func onePage(t *testing.T, path string) manualPage {
	t.Helper()
	for _, p := range pages(t) {
		if p.path == path {
			return p
		}
	}
	t.Fatalf("there is no page %s", path)
	return manualPage{}
}

var fence = regexp.MustCompile("(?ms)^( *)```([a-z]*)\n(.*?)\n *```$")

// blocks are the fenced blocks of a language, without their indentation.
func (p manualPage) blocks(languages ...string) []string {
	var found []string
	for _, match := range fence.FindAllStringSubmatch(p.text, -1) {
		if slices.Contains(languages, match[2]) {
			found = append(found, strings.ReplaceAll("\n"+match[3], "\n"+match[1], "\n")[1:])
		}
	}
	return found
}

// prose is the page without its fenced blocks.
func (p manualPage) prose() string { return fence.ReplaceAllString(p.text, "") }

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// spans are the pieces of code in a text.
func spans(text string) []string {
	var found []string
	for _, match := range codeSpan.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// section is what stands below a heading, up to the next one of its rank or above.
func (p manualPage) section(t *testing.T, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(p.text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", p.path, heading)
	}
	rank, _, _ := strings.Cut(heading, " ")
	if end := regexp.MustCompile("\n#{1," + strconv.Itoa(len(rank)) + "} ").FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	return text
}

// firstCells are the pieces of code in the first column of a section's tables.
func firstCells(section string) []string {
	var found []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") {
			found = append(found, spans(cells[1])...)
		}
	}
	return found
}

var (
	mark       = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// anchors are the fragments by which GitHub knows the page's headings.
func (p manualPage) anchors() map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(p.prose()) {
		if text := strings.TrimLeft(line, "#"); text != line && strings.HasPrefix(text, " ") {
			name := mark.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
			found[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return found
}

// typed are the lines of a console block that somebody types; their continuations
// belong to them.
func typed(block string) []string {
	var lines []string
	open := false
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case open:
			lines[len(lines)-1] += "\n" + line
		case strings.HasPrefix(line, "$ "):
			lines = append(lines, line[2:])
		default:
			continue
		}
		open = strings.HasSuffix(line, `\`)
	}
	return lines
}

// invocations are the arguments of each call of the program in a line of shell, also
// behind sudo and kubectl exec.
func invocations(t *testing.T, line string) [][]string {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(line), "")
	if err != nil {
		t.Errorf("no shell takes %q: %v", line, err)
		return nil
	}
	var found [][]string
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok {
			return true
		}
		words := make([]string, len(call.Args))
		for i, word := range call.Args {
			words[i] = plainWord(word)
		}
		if len(words) > 0 && slices.Contains([]string{"sudo", "kubectl", "podman"}, words[0]) {
			words = words[max(slices.Index(words, "--"), 0)+1:]
		}
		if len(words) > 0 && (words[0] == "tracktik-sync" || strings.HasSuffix(words[0], "bin/tracktik-sync")) {
			found = append(found, words[1:])
		}
		return true
	})
	return found
}

// plainWord is a word without its quotes; what only a shell knows is left out.
func plainWord(word *syntax.Word) string {
	var b strings.Builder
	syntax.Walk(word, func(node syntax.Node) bool {
		switch part := node.(type) {
		case *syntax.Lit:
			b.WriteString(part.Value)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		}
		return true
	})
	return b.String()
}

// sources are the texts of the program's code, without that of tests and simulators.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"cmd/tracktik-sync", "sync", "okta", "tracktik", "state"} {
		if err := filepath.WalkDir(filepath.Join(top, dir), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && strings.HasSuffix(entry.Name(), "test"):
				return filepath.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			data, err := os.ReadFile(path)
			b.Write(data)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(b.String(), "%%", "%")
}

// constants are the texts of the constants in a package whose names begin so.
func constants(t *testing.T, dir, prefix string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				text, err := strconv.Unquote(value.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
			return true
		})
	}
	return found
}
