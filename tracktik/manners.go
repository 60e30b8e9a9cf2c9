package tracktik

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tracktik-sync/sync/plan"
)

// manners are how this portal lets itself be asked, as far as that is not how its document
// has it: what it has refused is not asked for again by this client.
type manners struct {
	mu       sync.Mutex
	plain    bool                // the version of the API is not named
	left     map[string][]string // by resource: the optional parts that are left out
	vain     map[string]bool     // questions that are refused whatever is left out
	warnings []plan.Warning
}

// An optional part of a question is the name of its parameter; `include=language` is one
// field of include, and `limit=100` stands for a page of that size.
const (
	partLimit    = "limit"
	partSort     = "sort"
	partInactive = "includeInactive"
	partInclude  = "include"
)

// smallerPages are tried one after the other where the portal refuses the largest.
var smallerPages = []int{500, 250, defaultPageSize}

// AskedOtherwise are warnings that stay for as long as the client does: what this portal
// refuses to be asked, and how it is asked instead.
func (c *Client) AskedOtherwise() []plan.Warning {
	c.manners.mu.Lock()
	defer c.manners.mu.Unlock()
	return slices.Clone(c.manners.warnings)
}

// ask makes a call about a resource, and again without those optional parts of its query
// that the portal refuses (400). What helped stays left out.
func (c *Client) ask(resource string, query url.Values, call func(url.Values) error) error {
	known := c.manners.leftOut(resource)
	first := call(reduced(query, known))
	without, err := known, first
	for isRefusal(err) {
		part := refusedPart(reduced(query, without), err)
		if part == "" {
			break
		}
		without = append(slices.Clone(without), part)
		err = call(reduced(query, without))
	}
	switch {
	case err == nil:
		c.leaveOut(resource, without, first)
		return nil
	case !isRefusal(err):
		return err
	case namesFilter(query, err):
		return first
	}
	return c.search(resource, query, without, first, call)
}

// search finds out which optional part a refusal is about that names none. Each one is
// left out by itself, and last all of them.
func (c *Client) search(resource string, query url.Values, without []string, first error, call func(url.Values) error) error {
	question := resource + "?" + strings.Join(filters(query), "&")
	if c.manners.isVain(question) {
		return first
	}
	for _, more := range suspects(reduced(query, without)) {
		all := append(slices.Clone(without), more...)
		err := call(reduced(query, all))
		if err == nil && len(more) > 1 {
			all, err = least(all, func(parts []string) error { return call(reduced(query, parts)) })
		}
		if err == nil {
			c.leaveOut(resource, all, first)
			return nil
		}
		if !isRefusal(err) {
			return err
		}
	}
	c.manners.mu.Lock()
	defer c.manners.mu.Unlock()
	c.manners.vain[question] = true
	return first
}

// least puts back what need not be left out, what matters most first. The last call is a
// good one.
func least(without []string, call func(parts []string) error) ([]string, error) {
	good := true
	for _, part := range []string{partInactive, partInclude, partSort, partLimit} {
		fewer := slices.DeleteFunc(slices.Clone(without), func(p string) bool { return p == part })
		if len(fewer) == len(without) {
			continue
		}
		err := call(fewer)
		if err != nil && !isRefusal(err) {
			return without, err
		}
		if good = err == nil; good {
			without = fewer
		}
	}
	if good {
		return without, nil
	}
	return without, call(without)
}

// leaveOut notes what the portal has refused, and says so once.
func (c *Client) leaveOut(resource string, parts []string, refusal error) {
	m := &c.manners
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		smaller := func(later string) bool { return name == partLimit && strings.HasPrefix(later, partLimit) }
		if slices.Contains(m.left[resource], part) || slices.ContainsFunc(parts[i+1:], smaller) {
			continue
		}
		m.left[resource] = append(slices.Clone(m.left[resource]), part)
		c.warn(fmt.Sprintf("tracktik: GET /%s is asked for %s: %s", resource, otherwise(part), saidBy(refusal)))
	}
}

// warn keeps a warning. The manners must be locked.
func (c *Client) warn(message string) {
	c.manners.warnings = append(c.manners.warnings, plan.Warning{Code: plan.WarningAskedOtherwise, Message: message})
	c.log.WithField("detail", message).Warn("this portal is asked otherwise")
}

// otherwise says how a question is put without a part, and what that means.
func otherwise(part string) string {
	name, value, one := strings.Cut(part, "=")
	switch {
	case name == partLimit && one:
		return "pages of " + value
	case name == partLimit:
		return "pages of its own size"
	case name == partSort:
		return "in its own order"
	case name == partInactive:
		return "without includeInactive: whoever is not active is seen only by their id"
	case one:
		return "without " + value + " in include, which is not compared"
	}
	return "without include: what it would show is not compared"
}

func saidBy(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Text != "" {
		return e.Text
	}
	return "the portal refuses it"
}

func (m *manners) leftOut(resource string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left[resource]
}

func (m *manners) isVain(question string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.vain[question]
}

// isRefusal reports a 400 of the portal to how it was asked.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Method == http.MethodGet && e.status == http.StatusBadRequest && !e.broken
}

// reduced is query without the parts.
func reduced(query url.Values, parts []string) url.Values {
	out := url.Values{}
	for key, values := range query {
		out[key] = values
	}
	for _, part := range parts {
		name, value, one := strings.Cut(part, "=")
		switch {
		case name == partInclude && one:
			rest := slices.DeleteFunc(strings.Split(out.Get(partInclude), ","), func(field string) bool { return field == value })
			out.Set(partInclude, strings.Join(rest, ","))
		case one:
			out.Set(name, value)
		default:
			out.Del(name)
		}
	}
	if out.Get(partInclude) == "" {
		out.Del(partInclude)
	}
	return out
}

// refusedPart is the optional part of query that a refusal names; empty: none.
func refusedPart(query url.Values, err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	if field := includeRefused(e, query.Get(partInclude)); field != "" {
		return partInclude + "=" + field
	}
	for _, part := range []string{partInactive, partInclude, partSort, partLimit} {
		if query.Has(part) && namesPart(e.Text, part) {
			if part == partLimit {
				return smallerPage(query)
			}
			return part
		}
	}
	return ""
}

// smallerPage is the part that asks for less than query does.
func smallerPage(query url.Values) string {
	now, _ := strconv.Atoi(query.Get(partLimit)) // ours: a number
	for _, size := range smallerPages {
		if size < now {
			return partLimit + "=" + strconv.Itoa(size)
		}
	}
	return partLimit
}

// suspects are what may be left out of query, the single parts first, those that matter
// least before those that matter more.
func suspects(query url.Values) (out [][]string) {
	var all []string
	for _, field := range strings.Split(query.Get(partInclude), ",") {
		if field != "" {
			out = append(out, []string{partInclude + "=" + field})
		}
	}
	for _, part := range []string{partLimit, partSort, partInclude, partInactive} {
		if query.Has(part) {
			out = append(out, []string{part})
			all = append(all, part)
		}
	}
	if len(all) > 1 {
		out = append(out, all)
	}
	return out
}

// filters are the parameters of query that are no optional parts: what is asked.
func filters(query url.Values) (keys []string) {
	for key := range query {
		if !slices.Contains([]string{partLimit, partSort, partInactive, partInclude, "offset"}, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// namesFilter reports a refusal that is about what is asked, not about how.
func namesFilter(query url.Values, err error) bool {
	text := strings.ToLower(saidBy(err))
	return slices.ContainsFunc(filters(query), func(key string) bool { return strings.Contains(text, strings.ToLower(key)) })
}
