package helm_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The table of values in the README is made of the comments in values.yaml, so that
// there is one place to say what a value does.
func TestReadmeListsEveryValue(t *testing.T) {
	data, err := os.ReadFile(chart + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| value | default | what it does |\n|---|---|---|\n")
	describe(t, &table, document.Content[0], "")
	text, err := os.ReadFile("testdata/README.md.in")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, chart+"/README.md", strings.Replace(string(text), "@VALUES@\n", table.String(), 1))
}

// describe writes a row a value. A section whose keys have no comments is one value.
func describe(t *testing.T, table *strings.Builder, section *yaml.Node, prefix string) {
	for i := 0; i+1 < len(section.Content); i += 2 {
		key, value := section.Content[i], section.Content[i+1]
		path, comment := prefix+key.Value, lastParagraph(key.HeadComment)
		if comment == "" {
			t.Errorf("values.yaml says nothing of %s", path)
		}
		if value.Kind == yaml.MappingNode && documented(value) {
			describe(t, table, value, path+".")
			continue
		}
		fmt.Fprintf(table, "| `%s` | `%s` | %s |\n", path, oneLine(t, value), withoutDefault(comment))
	}
}

// documented reports whether a key of the section has a comment.
func documented(section *yaml.Node) bool {
	for i := 0; i < len(section.Content); i += 2 {
		key, value := section.Content[i], section.Content[i+1]
		if key.HeadComment != "" || value.Kind == yaml.MappingNode && documented(value) {
			return true
		}
	}
	return false
}

func lastParagraph(comment string) string {
	if i := strings.LastIndex(comment, "\n\n"); i >= 0 {
		comment = comment[i+2:]
	}
	return strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll("\n"+comment, "\n#", " ")), "|", `\|`)
}

// withoutDefault leaves out a default without a reason, which the column before it has.
func withoutDefault(doc string) string {
	before, after, found := strings.Cut(doc, " Default: ")
	if found && !strings.ContainsAny(strings.TrimSuffix(after, "."), ",.;: ") {
		return before
	}
	return doc
}

func oneLine(t *testing.T, value *yaml.Node) string {
	var plain any
	if err := value.Decode(&plain); err != nil {
		t.Fatal(err)
	}
	bare := &yaml.Node{}
	if err := bare.Encode(plain); err != nil {
		t.Fatal(err)
	}
	bare.Style |= yaml.FlowStyle
	text, err := yaml.Marshal(bare)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}
