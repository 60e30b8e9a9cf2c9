package configs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Origin is the place that a value came from. The zero Origin is the default.
type Origin struct {
	File string // as it was opened
	Line int
	Env  string // the variable's name
}

// String is "default", "tracktik-sync.yaml:12" or the variable's name.
func (o Origin) String() string {
	switch {
	case o.Env != "":
		return o.Env
	case o.File != "" && o.Line > 0:
		return o.File + ":" + strconv.Itoa(o.Line)
	case o.File != "":
		return o.File
	}
	return "default"
}

// IsDefault reports whether nobody set the value.
func (o Origin) IsDefault() bool { return o == Origin{} }

// A Finding is one thing that must be put right before anything can run.
type Finding struct {
	Key     string // "okta.org_url"; empty when it concerns the file as a whole
	Origin  Origin
	Message string // what is wrong, and the way out
}

// String is one line: place, key, message.
func (f Finding) String() string { return line(f.Origin, f.Key, f.Message) }

// A Warning is one thing that works, and is likely not what was meant.
type Warning Finding

// String is one line: place, key, message.
func (w Warning) String() string { return line(w.Origin, w.Key, w.Message) }

func line(origin Origin, key, message string) string {
	parts := make([]string, 0, 3)
	if !origin.IsDefault() {
		parts = append(parts, origin.String())
	}
	if key != "" {
		parts = append(parts, key)
	}
	return strings.Join(append(parts, message), ": ")
}

// Findings is the error of [Load]: everything that is wrong, in the file's order.
// Take it apart with errors.As.
type Findings []Finding

// Error lists every finding, one a line when there are several.
func (f Findings) Error() string {
	if len(f) == 1 {
		return "configuration: " + f[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "configuration: %d findings", len(f))
	for _, finding := range f {
		text.WriteString("\n  " + finding.String())
	}
	return text.String()
}

// Err is f as an error, nil when there is nothing to report.
func (f Findings) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// WithoutCredentials is the error of [Load] for a command that logs in nowhere: findings
// about the credentials of the two systems do not concern it.
func WithoutCredentials(err error) error {
	var all Findings
	if !errors.As(err, &all) {
		return err
	}
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool {
		return strings.HasPrefix(f.Key, "okta.auth") || strings.HasPrefix(f.Key, "tracktik.auth")
	}).Err()
}

// has reports whether key, or the file of a secret of that key, has a finding.
func (f Findings) has(key string) bool {
	return slices.ContainsFunc(f, func(finding Finding) bool {
		return finding.Key == key || finding.Key == key+"_file"
	})
}

// sorted puts the findings in the order of the file, those without a line first.
func (f Findings) sorted() Findings {
	slices.SortStableFunc(f, func(a, b Finding) int { return a.Origin.Line - b.Origin.Line })
	return f
}
