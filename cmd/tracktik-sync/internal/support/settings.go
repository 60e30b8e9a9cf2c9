package support

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"tracktik-sync/configs"
)

// configuration is a line for each key. Only a value that cannot name anybody is shown:
// a key that takes any text may have got a secret by mistake.
func (b *Bundle) configuration(warnings []configs.Warning, err error) string {
	var text strings.Builder
	if err != nil {
		text.WriteString("What is wrong with it:\n" + b.lines(err) + "\n")
	}
	for _, w := range warnings {
		fmt.Fprintf(&text, "warning: %s, %s: %s\n", b.setting(w.Key), origin(w.Origin), b.veil.text(w.Message))
	}
	if b.cfg == nil {
		return text.String() + "It could not be read.\n"
	}
	var shown bytes.Buffer
	var tree map[string]any
	if err := b.cfg.Show(&shown); err != nil {
		return text.String() + b.lines(err)
	}
	if err := yaml.Unmarshal(shown.Bytes(), &tree); err != nil {
		return text.String() + b.lines(err)
	}
	for _, key := range configs.Keys() {
		from := b.cfg.Origin(key.Path)
		value, is := at(tree, key.Path)
		switch {
		case !is: // the other one of a secret's two forms
			continue
		case from.IsDefault():
			fmt.Fprintf(&text, "%s: %s\n", key.Path, key.Default)
		default:
			fmt.Fprintf(&text, "%s: %s # %s\n", key.Path, form(key, value), origin(from))
		}
	}
	return text.String()
}

// setting is a key, as far as there is such a one.
func (b *Bundle) setting(key string) string {
	if key == "" {
		return "the file"
	}
	return b.veil.text(key)
}

// origin says where a value came from without the file's path.
func origin(o configs.Origin) string {
	switch {
	case o.IsDefault():
		return "default"
	case o.Line > 0:
		return fmt.Sprintf("line %d", o.Line)
	case slices.ContainsFunc(configs.Keys(), func(k configs.Key) bool { return k.Env == o.Env }):
		return o.Env
	}
	return "elsewhere"
}

func at(tree map[string]any, path string) (value any, is bool) {
	name, rest, deeper := strings.Cut(path, ".")
	value, is = tree[name]
	if below, isMap := value.(map[string]any); deeper && isMap {
		return at(below, rest)
	}
	return value, is && !deeper
}

var cron = regexp.MustCompile(`^([0-9*/,-]{1,12} ){4}[0-9*/,-]{1,12}$`)

// form is a value, or what it looks like.
func form(key configs.Key, value any) string {
	switch v := value.(type) {
	case nil:
		return "<nothing>"
	case string:
		return formOfText(key, v)
	case []any:
		forms := make([]string, len(v))
		for i, part := range v {
			forms[i] = form(key, part)
		}
		return "[" + strings.Join(forms, ", ") + "]"
	case map[string]any:
		return fmt.Sprintf("<map of %d>", len(v))
	}
	switch key.Type {
	case "true or false", "whole number", "number", "duration":
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("<%T>", value)
}

func formOfText(key configs.Key, text string) string {
	switch {
	case text == "":
		return `""`
	case key.Type == "secret":
		return "<set>"
	case key.Type == "path of a secret's file":
		return "<a file>"
	case slices.Contains(key.OneOf, text), key.Type == "duration", key.Path == "schedule.cron" && cron.MatchString(text):
		return text
	case key.Path == "schedule.timezone":
		if zone, err := time.LoadLocation(text); err == nil {
			return zone.String()
		}
	}
	return fmt.Sprintf("<text of %d>", len(text))
}
