package configs

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// describeDefaults reads the comment and the default, in one line of YAML, of each
// key out of defaults.yaml, and the comments of sections.
func describeDefaults() (docs, defaults map[string]string) {
	docs, defaults = map[string]string{}, map[string]string{}
	root := (&treeReader{out: settings{}}).parse(defaultsYAML)
	describe(root, schema.root, "", docs, defaults)
	return docs, defaults
}

// describe walks one section. A section in one line shares its comment with its
// keys, which is how the guards of a kind are written.
func describe(node *yaml.Node, section *field, inherited string, docs, defaults map[string]string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		f := section.child(key.Value)
		doc := plainComment(key.HeadComment)
		if doc == "" {
			doc = inherited
		}
		if f.kind == kindSection {
			docs[f.path] = doc
			shared := ""
			if value.Style&yaml.FlowStyle != 0 {
				shared = doc
			}
			describe(value, f, shared, docs, defaults)
			continue
		}
		docs[f.path], defaults[f.path] = doc, inOneLine(value)
	}
}

// plainComment is a comment's text without its marks. A blank line ends what came
// before: the head of the file is no key's.
func plainComment(comment string) string {
	if i := strings.LastIndex(comment, "\n\n"); i >= 0 {
		comment = comment[i+2:]
	}
	lines := strings.Split(comment, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
	}
	return strings.Join(lines, " ")
}

func inOneLine(value *yaml.Node) string {
	bare := *value
	bare.HeadComment, bare.LineComment, bare.FootComment = "", "", ""
	text, err := yaml.Marshal(&bare)
	if err != nil {
		panic("configs: a default cannot be written as YAML: " + err.Error())
	}
	return strings.TrimRight(string(text), "\n")
}
