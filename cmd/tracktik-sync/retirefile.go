package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	tsync "tracktik-sync/sync"
)

// readNamed reads a list of people: one USER or EMPLOYEE_ID a line, or a CSV with a column
// employee_id, as `compare` writes it. What is wrong with a line is in the line; the error
// is about the file.
func (a *app) readNamed(path string) ([]tsync.Named, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(a.Stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usage("reading the list: %v", err)
	}
	named, err := parseNamed(data)
	if err != nil {
		return nil, usage("%s: %v; nobody was retired", path, err)
	}
	if len(named) == 0 {
		return nil, usage("%s names nobody: a line is a USER or an EMPLOYEE_ID", path)
	}
	return named, nil
}

func parseNamed(data []byte) ([]tsync.Named, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("it is in UTF-16: save it as CSV in UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	first, _, _ := strings.Cut(string(data), "\n")
	for _, comma := range []rune{',', ';', '\t'} {
		header := strings.FieldsFunc(first, func(r rune) bool { return r == comma || r == '"' || r == '\r' })
		if slices.Contains(header, columnEmployee) {
			return parseTable(data, comma)
		}
	}
	var named []tsync.Named
	line := 0
	for text := range strings.Lines(string(data)) {
		line++
		if text = strings.TrimSpace(text); text != "" {
			named = append(named, namedAs(text, line))
		}
	}
	return named, nil
}

// The columns of compare's CSV that count, and the group whose rows do.
const (
	columnGroup    = "group"
	columnEmployee = "employee_id"
	groupUnmanaged = "only_tracktik"
)

// parseTable reads a CSV with a row of names. Of one with groups, only the employees
// without anyone in Okta count.
func parseTable(data []byte, comma rune) ([]tsync.Named, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.Comma = -1, true, comma
	header, err := reader.Read()
	if err != nil {
		return nil, err
	}
	group, employee := slices.Index(header, columnGroup), slices.Index(header, columnEmployee)
	var named []tsync.Named
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return named, nil
		}
		if err != nil { // after a stray quotation mark no row is certain
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		cell := func(i int) string {
			if i < 0 || i >= len(cells) {
				return ""
			}
			return strings.TrimSpace(cells[i])
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" || group >= 0 && cell(group) != groupUnmanaged {
			continue
		}
		n := tsync.Named{Text: cell(employee), Line: line, Listed: group >= 0}
		if n.Text == "" {
			n.Err = errors.New("the employee's id is missing")
		}
		named = append(named, n)
	}
}

// namedAs is a name as it was typed. line is 0 on a command line.
func namedAs(text string, line int) tsync.Named {
	n := tsync.Named{Text: strings.TrimSpace(text), Line: line}
	switch {
	case n.Text == "":
		n.Err = errors.New("the name is empty")
	case strings.ContainsAny(n.Text, ",;\t\""):
		n.Err = fmt.Errorf("a line is one USER or one EMPLOYEE_ID, and this one holds more")
	}
	return n
}
