package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// readPairs reads a CSV file of USER,EMPLOYEE_ID. What is wrong with a row is in the
// row; the error is about the file.
func (a *app) readPairs(path string) ([]tsync.Pair, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(a.Stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usage("reading the pairs: %v", err)
	}
	pairs, err := parsePairs(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s holds no pairs: a row is USER,EMPLOYEE_ID", path)
	}
	return pairs, nil
}

// parsePairs reads what spreadsheets write too: with a mark of the byte order, with
// semicolons, with a row of names.
func parsePairs(data []byte) ([]tsync.Pair, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("it is in UTF-16: save it as CSV in UTF-8; nothing was recorded")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.ContainsRune(first, ';') && !bytes.ContainsRune(first, ',') {
		reader.Comma = ';'
	}
	var pairs []tsync.Pair
	for row := 0; ; row++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return pairs, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) { // after a stray quotation mark no row is certain
			return nil, fmt.Errorf("line %d: %w; nothing was recorded", wrong.Line, wrong.Err)
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		p := tsync.Pair{Line: line}
		p.User, p.Employee, p.Err = pairOf(cells)
		if row == 0 && p.Err != nil && isHeader(cells) || isBlank(cells) {
			continue
		}
		pairs = append(pairs, p)
	}
}

func pairOf(cells []string) (user string, employee plan.EmployeeID, err error) {
	if len(cells) != 2 {
		return "", 0, fmt.Errorf("a row is USER,EMPLOYEE_ID, and this one has %d cells", len(cells))
	}
	user = strings.TrimSpace(cells[0])
	if user == "" {
		return "", 0, errors.New("the user is missing")
	}
	employee, err = employeeID(strings.TrimSpace(cells[1]))
	return user, employee, err
}

// isHeader reports a first row that names its columns.
func isHeader(cells []string) bool {
	return len(cells) == 2 && !strings.ContainsAny(cells[1], "0123456789") && !strings.Contains(cells[0], "@")
}

func isBlank(cells []string) bool { return strings.TrimSpace(strings.Join(cells, "")) == "" }
