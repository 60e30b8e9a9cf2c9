package configs

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Difference is one key whose value two configurations do not share.
type Difference struct {
	Key         string // "sync.mode"
	Here, There string // as YAML on one line; of a secret never the value
}

// Diff lists the keys in which other differs from c, in the order of the schema. A secret is
// named by its file, and otherwise only said to be set; where two secrets show the same
// text and differ, the text says so.
func (c *Config) Diff(other *Config) []Difference {
	var list []Difference
	for _, f := range schema.all {
		here, there := inline(f.value(c)), inline(f.value(other))
		if f.kind == kindSecret {
			mine, theirs := f.value(c).(Secret), f.value(other).(Secret)
			if mine.Equal(theirs) || mine.Path()+theirs.Path() != "" { // its file has a key of its own
				continue
			}
			if here == there {
				there = "another value"
			}
		}
		if here != there {
			list = append(list, Difference{f.path, here, there})
		}
	}
	return list
}

// inline is a value of the schema as YAML on one line.
func inline(value any) string {
	node := showValue(value)
	flow(node)
	text, err := yaml.Marshal(node)
	if err != nil {
		panic("configs: a value of the schema cannot be written as YAML: " + err.Error())
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\n", " "))
}

func flow(node *yaml.Node) {
	if node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode {
		node.Style = yaml.FlowStyle
	}
	for _, child := range node.Content {
		flow(child)
	}
}
