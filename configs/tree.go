package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A setting is one key's value and where it stands.
type setting struct {
	value any // of the Go type of the field; a secret and its file are strings here
	from  Origin
}

// settings is one level of the configuration: the defaults, the file or the
// environment, by key.
type settings map[string]setting

// dropSection forgets everything at or below path.
func (s settings) dropSection(path string) {
	for key := range s {
		if key == path || strings.HasPrefix(key, path+".") {
			delete(s, key)
		}
	}
}

// A treeReader turns YAML into settings, and notes everything that does not fit
// the schema.
type treeReader struct {
	file     string // empty for text that stands in a variable
	env      string
	out      settings
	findings Findings
}

func (r *treeReader) origin(node *yaml.Node) Origin {
	if r.env != "" {
		return Origin{Env: r.env}
	}
	return Origin{File: r.file, Line: node.Line}
}

func (r *treeReader) find(node *yaml.Node, key, format string, args ...any) {
	r.findings = append(r.findings, Finding{Key: key, Origin: r.origin(node), Message: fmt.Sprintf(format, args...)})
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?`)
	yamlAnchor = regexp.MustCompile(`unknown anchor .* referenced`)
)

// parse reads data as one YAML document. It answers nil when there is none, and
// when data is no YAML, which it notes.
func (r *treeReader) parse(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return document.Content[0] // a document always has its one node
		}
		if err == nil {
			r.find(&second, "", "a second YAML document begins here; one file holds one configuration")
			return nil
		}
	}
	text := err.Error()
	match := yamlLine.FindStringSubmatch(text)
	at := &yaml.Node{}
	if match != nil {
		at.Line, _ = strconv.Atoi(match[1])
		text = text[len(match[0]):]
	}
	// The text after a * may be a password that was not quoted.
	text = yamlAnchor.ReplaceAllString(text, "a value that begins with * must stand in quotes")
	r.find(at, "", "reading YAML: %s", text)
	return nil
}

// section reads a mapping of known keys.
func (r *treeReader) section(node *yaml.Node, f *field) {
	for key, value := range r.pairs(node, f.path) {
		child := f.child(key.Value)
		if child == nil {
			r.unknown(key, f)
			continue
		}
		r.value(value, child)
	}
}

var nameLike = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,60}$`)

// unknown notes a key that is not in the schema. What does not look like a name
// is not repeated: it may be half of a value.
func (r *treeReader) unknown(key *yaml.Node, section *field) {
	where := section.path
	if where == "" {
		where = "the top level"
	}
	if !nameLike.MatchString(key.Value) {
		r.find(key, section.path, "a key below %s does not look like a name; is a value missing its quotes?", where)
		return
	}
	path := join(section.path, key.Value)
	if !strings.Contains(key.Value, ".") {
		r.find(key, path, "unknown key; the nearest known key is %s", nearestKey(section, key.Value))
		return
	}
	if text, found := schema.root.nested(path); found {
		r.find(key, path, "keys are nested: write %s", text)
		return
	}
	text, _ := schema.root.nested(nearestKey(section, key.Value))
	r.find(key, path, "unknown key, and keys are nested: the nearest known one is written %s", text)
}

// nested is how a key that was written with dots is written in the file: "sync.mode"
// as "sync: {mode: …}". A name in a map may have dots of its own.
func (f *field) nested(dotted string) (text string, found bool) {
	name, rest, dot := strings.Cut(dotted, ".")
	child := f.child(name)
	switch {
	case child == nil:
		return "", false
	case !dot:
		return name + ": …", true
	case child.kind.isMap():
		return name + ": {" + rest + ": …}", true
	}
	rest, found = child.nested(rest)
	return name + ": {" + rest + "}", found
}

// pairs yields the keys and values of a mapping and notes what is none, and keys
// that come twice. A null, a section whose keys are all comments, has no pairs.
func (r *treeReader) pairs(node *yaml.Node, path string) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		node := target(node)
		if isNull(node) {
			return
		}
		if node.Kind != yaml.MappingNode {
			r.find(node, path, "is %s, and must be a mapping of keys to values", formOf(node))
			return
		}
		lines := map[string]int{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := target(node.Content[i]), node.Content[i+1]
			if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
				r.find(node.Content[i], path, "holds a key that is no plain name; merge keys (<<) are not supported")
				continue
			}
			if first, twice := lines[key.Value]; twice {
				if !nameLike.MatchString(key.Value) {
					r.find(key, path, "holds a key twice; the first is in line %d", first)
					continue
				}
				r.find(key, join(path, key.Value), "is given twice; the first is in line %d", first)
				continue
			}
			lines[key.Value] = node.Content[i].Line
			if !yield(key, value) {
				return
			}
		}
	}
}

// value reads one key's value into the settings.
func (r *treeReader) value(node *yaml.Node, f *field) {
	if f.kind == kindSection {
		r.section(node, f)
		return
	}
	node, from := target(node), r.origin(node)
	if isNull(node) {
		if node.Anchor != "" {
			r.find(node, f.path, "is empty; a value that begins with & must stand in quotes")
		}
		return
	}
	var value any
	ok := true
	switch f.kind {
	case kindList:
		value, ok = r.texts(node, f.path)
	case kindAttributes:
		value = r.attributes(node, f.path)
	case kindTexts:
		value = r.names(node, f.path)
	default:
		value, ok = r.scalar(node, f)
	}
	if ok {
		r.out[f.path] = setting{value, from}
	}
}

func (r *treeReader) scalar(node *yaml.Node, f *field) (any, bool) {
	text, ok := r.text(node, f.path)
	if !ok {
		return nil, false
	}
	value, err := parseScalar(f.kind, text)
	if err != nil {
		r.find(node, f.path, "%s", err)
		return nil, false
	}
	return value, true
}

var plainTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}

// text is the text of a scalar, as it was written.
func (r *treeReader) text(node *yaml.Node, path string) (string, bool) {
	node = target(node)
	switch {
	case node.Kind != yaml.ScalarNode:
		r.find(node, path, "is %s, and must be a single value", formOf(node))
	case !slices.Contains(plainTags, node.ShortTag()):
		r.find(node, path, "is empty or has a YAML tag; a value that begins with ! must stand in quotes")
	default:
		return node.Value, true
	}
	return "", false
}

// texts reads a sequence of scalars.
func (r *treeReader) texts(node *yaml.Node, path string) ([]string, bool) {
	node = target(node)
	if node.Kind != yaml.SequenceNode {
		r.find(node, path, "is %s, and must be a list, such as [one, two]", formOf(node))
		return nil, false
	}
	list := make([]string, 0, len(node.Content))
	for _, item := range node.Content {
		text, ok := r.text(item, path)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

// target follows an alias. An alias may stand inside its own anchor; that cannot
// lead round in circles here, since the schema bounds how deep anything is read.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

func formOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
