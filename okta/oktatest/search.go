package oktatest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Okta's filter and search expressions, as far as a provisioning client needs them:
// comparisons joined by and, or and parentheses.

// A predicate tells whether an object, known by its attributes, is one of those
// looked for. An attribute may have several values, of which one has to fit.
type predicate func(attribute func(string) []string) bool

// single is the attributes of an object that have one value each.
func single(attribute func(string) string) func(string) []string {
	return func(name string) []string { return []string{attribute(name)} }
}

var (
	errSearch = errors.New("the expression is malformed")
	token     = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|[()]|[^\s()"]+)`)
)

type searchParser struct {
	tokens []string
	known  func(attribute string) bool
}

// parseSearch reads an expression over the attributes for which known holds.
func parseSearch(s string, known func(string) bool) (predicate, error) {
	p := &searchParser{known: known}
	for rest := strings.TrimSpace(s); rest != ""; {
		m := token.FindStringSubmatch(rest)
		if m == nil {
			return nil, errSearch
		}
		p.tokens = append(p.tokens, m[1])
		rest = strings.TrimSpace(rest[len(m[0]):])
	}
	whole, err := p.either()
	if err == nil && len(p.tokens) > 0 {
		err = errSearch
	}
	return whole, err
}

func (p *searchParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// follows takes the next token if it is the word.
func (p *searchParser) follows(word string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], word) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *searchParser) either() (predicate, error) {
	left, err := p.both()
	for err == nil && p.follows("or") {
		var right predicate
		l := left
		right, err = p.both()
		left = func(a func(string) []string) bool { return l(a) || right(a) }
	}
	return left, err
}

func (p *searchParser) both() (predicate, error) {
	left, err := p.term()
	for err == nil && p.follows("and") {
		var right predicate
		l := left
		right, err = p.term()
		left = func(a func(string) []string) bool { return l(a) && right(a) }
	}
	return left, err
}

func (p *searchParser) term() (predicate, error) {
	if p.follows("(") {
		inner, err := p.either()
		if err == nil && !p.follows(")") {
			err = errSearch
		}
		return inner, err
	}
	name, operator := p.next(), strings.ToLower(p.next())
	if !p.known(name) {
		return nil, fmt.Errorf("the attribute %q cannot be searched", name)
	}
	if operator == "pr" {
		return anyOf(name, func(v string) bool { return v != "" }), nil
	}
	value := p.next()
	if len(value) < 2 || value[0] != '"' {
		return nil, errSearch
	}
	value = strings.ReplaceAll(strings.ReplaceAll(value[1:len(value)-1], `\"`, `"`), `\\`, `\`)
	return comparison(name, operator, value)
}

func comparison(name, operator, value string) (predicate, error) {
	switch operator {
	case "eq":
		return anyOf(name, func(v string) bool { return strings.EqualFold(v, value) }), nil
	case "sw":
		return anyOf(name, func(v string) bool { return beginsWith(v, value) }), nil
	}
	holds, ok := map[string]func(int) bool{
		"gt": func(c int) bool { return c > 0 }, "ge": func(c int) bool { return c >= 0 },
		"lt": func(c int) bool { return c < 0 }, "le": func(c int) bool { return c <= 0 },
	}[operator]
	if !ok {
		return nil, fmt.Errorf("the operator %q is not known", operator)
	}
	bound, err := parseStamp(value)
	if err != nil {
		return nil, fmt.Errorf("%q is no point in time", value)
	}
	return anyOf(name, func(v string) bool {
		at, err := parseStamp(v)
		return err == nil && holds(cmp.Compare(at.UnixNano(), bound.UnixNano()))
	}), nil
}

// anyOf holds when one value of the attribute fits.
func anyOf(name string, fits func(string) bool) predicate {
	return func(a func(string) []string) bool { return slices.ContainsFunc(a(name), fits) }
}
