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
// text, a truth, a number, a list of texts or a map; nil comments the key out. Keys that
// the sample holds commented out come to life, and those that it does not hold are
// added. What is no key is an error, as is a value that does not fit.
func Fill(answers map[string]any) (string, error) {
	lines := strings.Split(exampleYAML, "\n")
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		f := schema.byPath[key]
		if f == nil {
			return "", fmt.Errorf("filling in the sample: there is no key %s; did you mean %s?", key, nearestPath(key))
		}
		if f.kind == kindSection {
			return "", fmt.Errorf("filling in the sample: %s is a section: say one of its keys", key)
		}
		var err error
		if number, ok := sampleLines(lines)[key]; ok {
			lines[number], err = fillLine(lines[number], answers[key])
		} else if answers[key] != nil {
			lines, err = addKey(lines, key, answers[key])
		}
		if err != nil {
			return "", fmt.Errorf("filling in %s: %w", key, err)
		}
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

// addKey adds a key to the nearest section above it that has a line: to the map in the
// line, below the line, or where only the top is left, at the end.
func addKey(lines []string, key string, answer any) ([]string, error) {
	at := sampleLines(lines)
	above, rest := key, ""
	for {
		dot := strings.LastIndexByte(above, '.')
		if dot < 0 {
			break
		}
		rest = strings.TrimPrefix(above[dot+1:]+"."+rest, ".")
		rest = strings.TrimSuffix(rest, ".")
		above = above[:dot]
		number, ok := at[above]
		if !ok {
			continue
		}
		match := sampleKey.FindStringSubmatch(lines[number])
		inLine := map[string]any{}
		switch {
		case match[2] == "#": // what the sample only shows
		case match[4] == "":
			name, below, nested := strings.Cut(rest, ".")
			if nested {
				answer = nest(map[string]any{below: answer})
			}
			line, err := fillLine(match[1]+"  "+name+":", answer)
			return slices.Insert(lines, number+1, line), err
		default:
			if err := yaml.Unmarshal([]byte(match[4]), &inLine); err != nil {
				return nil, err
			}
		}
		put(inLine, strings.Split(rest, "."), answer)
		line, err := fillLine(lines[number], inLine)
		lines[number] = line
		return lines, err
	}
	if rest != "" {
		answer = nest(map[string]any{rest: answer})
	}
	line, err := fillLine(above+":", answer)
	return append(lines, line, ""), err
}

// put sets a value in maps in maps.
func put(in map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		below, ok := in[path[0]].(map[string]any)
		if !ok {
			below = map[string]any{}
			in[path[0]] = below
		}
		in = below
	}
	in[path[0]] = value
}

// Placeholder reports a value that only stands for one in [Sample]: of an org, an app or a
// portal that is nobody's.
func Placeholder(key, value string) bool {
	switch key {
	case "okta.org_url", "okta.app_id", "okta.auth.client_id", "tracktik.base_url":
		number := sampleLines(sampleText)[key]
		return strings.EqualFold(strings.TrimRight(value, "/"), sampleKey.FindStringSubmatch(sampleText[number])[4])
	}
	return false
}

var sampleText = strings.Split(exampleYAML, "\n")

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
		path = append(path[:min(len(match[1])/2, len(path))], match[3])
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
	case yaml.SequenceNode, yaml.MappingNode:
		node.Style = yaml.FlowStyle // for what is in it too
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
