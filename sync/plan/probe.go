package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An Assumption is what this program takes a portal to do, and what it was seen to do.
type Assumption struct {
	Name     string `json:"assumption"`
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	Differs  bool   `json:"differs"`
	Follows  string `json:"follows"` // nothing, a key to set, or what to report
}

// A Probe is what a portal did with one marked employee. It holds no name, and no value
// that is not the marked employee's own.
type Probe struct {
	Assumptions []Assumption `json:"assumptions"`
	Left        []string     `json:"left"` // what somebody has to end by hand
	Calls       int          `json:"calls"`
}

// A ProbeNote is what is kept of the probes of a portal, from before their first write on.
type ProbeNote struct {
	Portal    string       `json:"portal"`
	Time      time.Time    `json:"time"` // of the last probe
	Employees []EmployeeID `json:"employees,omitempty"`
	// Creating is when a create left of which nothing is known; zero: there is none.
	Creating time.Time `json:"creating,omitzero"`
	// Ended says that everything was tried, and that the marked employee was terminated.
	Ended bool   `json:"ended"`
	Probe *Probe `json:"probe,omitempty"` // nil: it was killed
}

// Differing are the assumptions that are wrong.
func (p *Probe) Differing() []Assumption {
	if p == nil {
		return nil
	}
	var differ []Assumption
	for _, a := range p.Assumptions {
		if a.Differs {
			differ = append(differ, a)
		}
	}
	return differ
}

// An Answer is one with which a system refused a call, or that could not be read, without
// what it said.
type Answer struct {
	Method string `json:"method"`
	Route  string `json:"route"` // with {id} in place of ids
	Status int    `json:"status"`
	Shape  string `json:"shape"` // see Shape
}

// MostAnswers is how many answers are kept: the last ones.
const MostAnswers = 50

// Answers are the last that a system has refused. The zero value is empty.
type Answers struct{ last []Answer }

// Add keeps one more.
func (a *Answers) Add(one Answer) {
	a.last = append(a.last, one)
	if extra := len(a.last) - MostAnswers; extra > 0 {
		a.last = slices.Delete(a.last, 0, extra)
	}
}

// All returns a copy.
func (a *Answers) All() []Answer { return slices.Clone(a.last) }

// The most of a body that its shape tells: elements of a list, keys of an object, depth.
const (
	mostElements = 2
	mostKeys     = 30
	mostDepth    = 6
)

// identifier is a key that a program gives: anything else may be somebody's name.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z_]{0,39}$`)

// Shape is a body without its content: each value is replaced by its type and length, and so
// is each key that is no identifier. {"status":number,"error":text(23)}
func Shape(body []byte) string {
	body = bytes.TrimSpace(body)
	var value any
	switch {
	case len(body) == 0:
		return "empty"
	case body[0] == '<':
		return fmt.Sprintf("html(%d)", len(body))
	case json.Unmarshal(body, &value) != nil:
		return fmt.Sprintf("no JSON(%d)", len(body))
	}
	return shapeOf(value, 0)
}

func shapeOf(value any, depth int) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return fmt.Sprintf("text(%d)", utf8.RuneCountInString(v))
	case []any:
		if depth == mostDepth {
			return fmt.Sprintf("list(%d)", len(v))
		}
		var parts []string
		for _, element := range v[:min(len(v), mostElements)] {
			parts = append(parts, shapeOf(element, depth+1))
		}
		if more := len(v) - mostElements; more > 0 {
			parts = append(parts, fmt.Sprintf("%d more", more))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		if depth == mostDepth {
			return fmt.Sprintf("object(%d)", len(v))
		}
		keys := slices.Sorted(maps.Keys(v))
		var parts []string
		for _, key := range keys[:min(len(keys), mostKeys)] {
			name := `"` + key + `"`
			if !identifier.MatchString(key) {
				name = fmt.Sprintf("key(%d)", utf8.RuneCountInString(key))
			}
			parts = append(parts, name+":"+shapeOf(v[key], depth+1))
		}
		if more := len(keys) - mostKeys; more > 0 {
			parts = append(parts, fmt.Sprintf("%d more", more))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return "?"
}
