package configs

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed example.yaml
var exampleYAML string

// Sample is the commented file that `config init` starts from: it loads as it is,
// with the addresses of a company called acme, and writes nothing to TrackTik.
func Sample() string { return exampleYAML }

// Fill puts answers into [Sample]. A key is a path, "okta.org_url"; a value is a
// text, a truth, a number or a list of texts; nil comments the key out. Keys that
// the sample holds commented out come to life. A key that the sample does not hold
// is an error, as is a value that does not fit.
func Fill(answers map[string]any) (string, error) {
	lines := strings.Split(exampleYAML, "\n")
	at := sampleLines(lines)
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		number, ok := at[key]
		if !ok {
			return "", fmt.Errorf("filling in the sample: it has no key %s", key)
		}
		line, err := fillLine(lines[number], answers[key])
		if err != nil {
			return "", fmt.Errorf("filling in %s: %w", key, err)
		}
		lines[number] = line
	}
	filled := strings.Join(lines, "\n")
	r := &treeReader{file: "the sample", out: settings{}}
	if node := r.parse([]byte(filled)); node != nil {
		r.section(node, schema.root)
	}
	if err := r.findings.Err(); err != nil {
		return "", fmt.Errorf("filling in the sample: %w", err)
	}
	return filled, nil
}

// sampleKey is a line with a key: indentation, the # of one that is switched off
// (prose has a space after it), the key, its value.
var sampleKey = regexp.MustCompile(`^( *)(#?)([a-z_]+):(?: (.*))?$`)

// sampleLines finds the line of each key by indentation.
func sampleLines(lines []string) map[string]int {
	at := map[string]int{}
	var path []string
	for number, text := range lines {
		match := sampleKey.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		path = append(path[:len(match[1])/2], match[3])
		at[strings.Join(path, ".")] = number
	}
	return at
}

func fillLine(line string, answer any) (string, error) {
	match := sampleKey.FindStringSubmatch(line)
	indent, key, old := match[1], match[3], match[4]
	if answer == nil {
		return indent + "#" + key + ": " + old, nil
	}
	node := &yaml.Node{}
	if err := node.Encode(answer); err != nil {
		return "", err
	}
	switch node.Kind {
	case yaml.SequenceNode:
		node.Style = yaml.FlowStyle
	case yaml.ScalarNode:
		if strings.ContainsAny(node.Value, "\n\r") {
			node.Style = yaml.DoubleQuotedStyle
		}
	default:
		return "", fmt.Errorf("a %T cannot stand in one line", answer)
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return "", err
	}
	return indent + key + ": " + strings.TrimRight(string(text), "\n"), nil
}
