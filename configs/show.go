package configs

import (
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Show writes what is in force as YAML, each value with a comment that says where
// it came from. A secret shows its file, or "<redacted>"; the rest is a file that
// [Load] accepts.
func (c *Config) Show(w io.Writer) error {
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	root := c.showSection(schema.root)
	root.HeadComment = "No file was read."
	if c.file != "" {
		root.HeadComment = "Read from " + c.file
	}
	if err := encoder.Encode(root); err != nil {
		return err
	}
	return encoder.Close()
}

func (c *Config) showSection(section *field) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range section.children {
		if !c.isShown(f) {
			continue
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name}
		value := c.showSection(f)
		if f.kind != kindSection {
			value = showValue(f.value(c))
			if comment := c.Origin(f.path).String(); len(value.Content) > 0 && value.Kind == yaml.MappingNode {
				key.HeadComment = comment
			} else {
				value.LineComment = comment
			}
		}
		node.Content = append(node.Content, key, value)
	}
	return node
}

// isShown picks one of a secret's two forms.
func (c *Config) isShown(f *field) bool {
	switch f.kind {
	case kindSecret:
		return f.value(c).(Secret).path == ""
	case kindSecretFile:
		return f.value(c).(string) != ""
	}
	return true
}

func showValue(value any) *yaml.Node {
	switch v := value.(type) {
	case string:
		value = maskUser(v)
	case time.Duration:
		value = FormatDuration(v)
	case map[string]Attribute:
		return showAttributes(v)
	}
	node := &yaml.Node{}
	if err := node.Encode(value); err != nil {
		panic("configs: a value of the schema cannot be written as YAML: " + err.Error())
	}
	if node.Kind == yaml.SequenceNode || len(node.Content) == 0 && node.Kind == yaml.MappingNode {
		node.Style = yaml.FlowStyle
	}
	return node
}

func showAttributes(attributes map[string]Attribute) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		value := &yaml.Node{}
		var err error
		if a.CEL == "" && !a.CreateOnly {
			err = value.Encode(a.Sources)
		} else {
			err = value.Encode(a)
		}
		if err != nil {
			panic("configs: an attribute cannot be written as YAML: " + err.Error())
		}
		value.Style = yaml.FlowStyle
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
	}
	if len(attributes) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node
}

// maskUser hides what stands before the @ of an address; such an address is
// refused, but shown all the same when somebody asks what is in force.
func maskUser(text string) string {
	before, rest, found := strings.Cut(text, "://")
	if !found || !strings.Contains(rest, "@") {
		return text
	}
	if u, err := url.Parse(text); err == nil && u.User == nil {
		return text
	}
	return before + "://" + redacted + rest[strings.LastIndexByte(rest, '@'):]
}
