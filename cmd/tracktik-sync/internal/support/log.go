package support

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Of a line of the log these fields are kept: said as texts of the program, and as the
// numbers of ids.
var (
	saidFields = []string{"time", "level", "msg", "error", "route", "limit", "finding", "why",
		"cause", "because", "detail", "action", "wait", "took", "outcome",
		"next_run", "since", "status", "method", "run", "system", "scopes"}
	idFields    = []string{"person", "group", "employee", "role", "request", "request_id", "user", "app"}
	countFields = []string{"exit_code", "problems", "held", "unknown", "failed", "done", "attempts", "unmanaged_active"}
	count       = regexp.MustCompile(`^\d{1,9}$`)
	logField    = regexp.MustCompile(`([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)`)
)

// maxLine is the longest line of a log that is read, in bytes.
const maxLine = 1 << 20

// log veils the lines, which have the form of --log-format text or json. A line of another
// form is left out.
func (b *Bundle) log(r io.Reader) string {
	var text strings.Builder
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	others := 0
	for scanner.Scan() {
		fields := fieldsOf(scanner.Text())
		if fields["level"] == "" || fields["msg"] == "" {
			others++
			continue
		}
		text.WriteString(b.logLine(fields) + "\n")
	}
	if others > 0 {
		fmt.Fprintf(&text, "%d other lines were left out\n", others)
	}
	if err := scanner.Err(); err != nil {
		text.WriteString(b.lines(err))
	}
	return text.String()
}

func (b *Bundle) logLine(fields map[string]string) string {
	var parts []string
	for _, name := range slices.Concat(saidFields, idFields, countFields) {
		value := fields[name]
		switch {
		case value == "":
			continue
		case slices.Contains(saidFields, name):
			value = b.veil.text(value)
		case !slices.Contains(countFields, name) || !count.MatchString(value):
			value = b.veil.name(value)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

func fieldsOf(line string) map[string]string {
	fields := map[string]string{}
	var object map[string]any
	if json.Unmarshal([]byte(line), &object) == nil {
		for name, value := range object {
			fields[name] = fmt.Sprint(value)
		}
		return fields
	}
	for _, m := range logField.FindAllStringSubmatch(line, -1) {
		value := m[2]
		if unquoted := ""; json.Unmarshal([]byte(value), &unquoted) == nil {
			value = unquoted
		}
		fields[m[1]] = value
	}
	return fields
}
