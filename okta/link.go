package okta

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

var errLink = errors.New("the Link header is malformed, so it cannot be known whether there is another page")

// nextLink returns the target of the one link with relation "next" among the
// lines of a Link header (RFC 8288, section 3), or "" when there is none. Several
// links may share a line, as proxies fold them. A header that cannot be parsed is
// an error, not the end of the listing.
func nextLink(lines []string) (string, error) {
	next := ""
	for _, rest := range lines {
		for rest = skipEmpty(rest); rest != ""; rest = skipEmpty(rest) {
			var target, relation string
			var err error
			if target, relation, rest, err = cutLink(rest); err != nil {
				return "", err
			}
			if !hasRelation(relation, "next") {
				continue
			}
			if target == "" || next != "" && next != target {
				return "", fmt.Errorf("%w: it names no next page, or two", errLink)
			}
			next = target
		}
	}
	return next, nil
}

// cutLink takes the first link off s: its target, its rel parameter, and what
// comes after it.
func cutLink(s string) (target, relation, rest string, err error) {
	target, rest, found := strings.Cut(strings.TrimPrefix(s, "<"), ">")
	if !found || s[0] != '<' || strings.ContainsAny(target, " \t<\"") {
		return "", "", "", errLink
	}
	for seen := false; ; {
		rest = trimSpace(rest)
		if rest == "" || rest[0] == ',' {
			return target, relation, rest, nil
		}
		if rest[0] != ';' {
			return "", "", "", errLink
		}
		var name, value string
		if name, value, rest, err = cutParameter(trimSpace(rest[1:])); err != nil {
			return "", "", "", err
		}
		if strings.EqualFold(name, "rel") && !seen { // the first one counts: section 3.3
			relation, seen = value, true
		}
	}
}

// cutParameter takes the first parameter off s: a name, which may have a value,
// which may be quoted.
func cutParameter(s string) (name, value, rest string, err error) {
	end := strings.IndexAny(s, "=;, \t")
	if end < 0 {
		return s, "", "", nil
	}
	name, rest = s[:end], trimSpace(s[end:])
	if !strings.HasPrefix(rest, "=") {
		return name, "", rest, nil
	}
	rest = trimSpace(rest[1:])
	if strings.HasPrefix(rest, `"`) {
		value, rest, err = cutQuoted(rest)
		return name, value, rest, err
	}
	if end = strings.IndexAny(rest, ";, \t"); end < 0 {
		end = len(rest)
	}
	return name, rest[:end], rest[end:], nil
}

// cutQuoted takes a quoted-string (RFC 9110, section 5.6.4) off s.
func cutQuoted(s string) (value, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) {
				return "", "", errLink
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errLink
}

func hasRelation(relations, want string) bool {
	for _, r := range strings.Fields(relations) {
		if strings.EqualFold(r, want) {
			return true
		}
	}
	return false
}

// skipEmpty skips the empty elements that a list in a header may have.
func skipEmpty(s string) string { return strings.TrimLeft(s, " \t,") }

func trimSpace(s string) string { return strings.TrimLeft(s, " \t") }

// follow returns what to send for the next page: the target's query, on the path
// of the current request, with whatever parameter the target left out. Only a
// target on the same host and path is followed, and the host is never taken from it.
func follow(current *url.URL, target string) (url.Values, error) {
	next, err := current.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no address", errLink, printable(target, 100))
	}
	if !sameHost(current, next) {
		return nil, fmt.Errorf("the next page is said to be on another host, %q; "+
			"if that is the org's own address, make it okta.org_url", printable(next.Host, 100))
	}
	if next.Path != current.Path {
		return nil, fmt.Errorf("the next page is said to be at another path, %q", printable(next.Path, 100))
	}
	query, err := url.ParseQuery(next.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no query", errLink, printable(next.RawQuery, 100))
	}
	for name, values := range current.Query() {
		if name != "after" && !query.Has(name) {
			query[name] = values
		}
	}
	return query, nil
}

// sameHost compares the authorities of a and b. Schemes may differ: a proxy that
// ends TLS makes Okta's own links http ones.
func sameHost(a, b *url.URL) bool {
	same := strings.EqualFold(a.Hostname(), b.Hostname()) || isLoopback(a.Hostname()) && isLoopback(b.Hostname())
	return same && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); p {
	case "80", "443":
		return ""
	default:
		return p
	}
}
