package tracktiktest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Manners are ways in which a portal may not let itself be asked as its own document
// has it. The zero value is a portal that keeps to the document.
type Manners struct {
	// RefusedParts are the optional parts of a read that are answered with 400: limit,
	// sort, includeInactive, include, or one field of it as include=username.
	RefusedParts []string
	// LargestPage refuses a limit above it. Zero: 1,000, as a support article has it.
	LargestPage int
	// Wordless leaves out of such a refusal what it is about.
	Wordless bool
	// Unversioned answers 406 to whoever accepts the versioned media type alone.
	Unversioned bool
}

// refusal is the answer to a read that is not asked as the portal wants it; nil: it is.
func (m *Manners) refusal(params url.Values) *refusal {
	for _, part := range m.RefusedParts {
		name, field, one := strings.Cut(part, "=")
		if !params.Has(name) || one && !slices.Contains(names(params.Get(name)), field) {
			continue
		}
		if one {
			name = field
		}
		return m.invalid("%s cannot be asked for here", name)
	}
	if limit, err := strconv.Atoi(params.Get("limit")); err == nil && m.LargestPage > 0 && limit > m.LargestPage {
		return m.invalid("limit must be a number from 1 to %d", m.LargestPage)
	}
	return nil
}

func (m *Manners) invalid(format string, args ...any) *refusal {
	if m.Wordless {
		return invalid("the request is not valid")
	}
	return invalid(format, args...)
}

// accepted reports whether the portal can answer in a form that the caller takes.
func (m *Manners) accepted(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return !m.Unversioned || accept == "" || strings.Contains(accept, "application/json") || strings.Contains(accept, "*/*")
}
