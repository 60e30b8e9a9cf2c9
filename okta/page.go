package okta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

const (
	maxPages = 100_000 // fifty million assignments
	maxEmpty = 10      // pages without an element, one after the other
)

// A listing is a collection that Okta hands out page by page.
type listing struct {
	route
	path  string
	key   string     // what names an element; "": id
	query url.Values // without limit
	limit int        // the largest page that the endpoint documents
	least int        // the smallest
}

// A page is the elements of one answer. They are parts of one text of their own:
// nothing of another page is in them, and nothing overwrites them.
type page struct {
	elements []element
	request  string     // Okta's id of the request, for errors
	next     url.Values // what asks for the page after it; nil: it is the last
}

type element struct {
	id  string
	raw string // a valid JSON object
}

// list reads all pages and hands each one over as soon as it is there. An error
// of each ends the listing, and is returned as it is.
func (s *Source) list(ctx context.Context, l listing, each func(page) error) error {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("limit", strconv.Itoa(l.limit))
	var past trail
	for query != nil {
		p, err := s.page(ctx, &l, query, past.check)
		if err != nil {
			return err
		}
		past.add(query, p)
		if err := each(p); err != nil {
			return err
		}
		query = p.next
	}
	return nil
}

// page reads one page. Okta answers 500 when a page takes it too long, so a page
// that fails that way twice is asked for with half as many elements, and the pages
// after it too. The tries of all lengths count together. check says why a page cannot be
// believed.
func (s *Source) page(
	ctx context.Context, l *listing, query url.Values, check func(url.Values, page) error,
) (p page, err error) {
	c := &call{route: l.route, shape: '['}
	c.inspect = func() (err error) {
		if p, err = s.inspect(c, l, query); err == nil {
			err = check(query, p)
		}
		return err
	}
	if most := s.pages.of(l); most < l.limit {
		l.limit = most
		query.Set("limit", strconv.Itoa(most))
	}
	for halvings := 0; ; halvings++ {
		c.patient = halvings == 2 || l.limit/2 < l.least
		err := s.do(ctx, c, l.path, query)
		var failure *Error
		if errors.As(err, &failure) && s.pages.shorten(l, failure) {
			query.Set("limit", strconv.Itoa(l.limit))
			s.transport.config.Log.WithField("route", l.name).WithField("limit", l.limit).
				Warn("okta refuses so long a page, asking for a shorter one")
			halvings--
			continue
		}
		if err == nil || c.patient || !errors.As(err, &failure) || failure.StatusCode != http.StatusInternalServerError {
			return p, err
		}
		l.limit /= 2
		query.Set("limit", strconv.Itoa(l.limit))
		c.past.serverErrors = 0
		s.transport.config.Log.WithField("route", l.name).WithField("limit", l.limit).
			Warn("okta fails on a page, asking for a shorter one")
	}
}

// inspect takes a page apart.
func (s *Source) inspect(c *call, l *listing, query url.Values) (page, error) {
	p := page{request: c.request}
	var err error
	if p.elements, err = split(c.body, cmp.Or(l.key, "id")); err != nil {
		return p, err
	}
	if c.next != "" {
		if p.next, err = s.advance(l, query, c.next); err != nil {
			return p, err
		}
	}
	return p, nil
}

// advance returns the query of the page that link, found on the page of query,
// leads to.
func (s *Source) advance(l *listing, query url.Values, link string) (url.Values, error) {
	current, err := url.Parse(s.transport.config.OrgURL + l.path + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	next, err := follow(current, link)
	if err != nil {
		return nil, err
	}
	if limit, err := strconv.Atoi(next.Get("limit")); err != nil || limit > l.limit {
		next.Set("limit", strconv.Itoa(l.limit))
	}
	return next, nil
}

// split takes the array of a page apart. Every element must be an object with an id, which
// is its member of the name key.
func split(body, key string) (elements []element, err error) {
	gjson.Parse(body).ForEach(func(_, value gjson.Result) bool {
		id := value.Get(key)
		if !value.IsObject() || id.Type != gjson.String || id.Str == "" {
			err = fmt.Errorf("element %d of the page is not an object with an %s", len(elements)+1, key)
			return false
		}
		elements = append(elements, element{id.Str, value.Raw})
		return true
	})
	return elements, err
}

// A trail tells a listing that goes round in circles from a long one.
type trail struct {
	asked map[string]bool   // the queries so far, without limit
	pages map[[2]string]int // the lengths of the pages by their first and last id
	empty int               // pages without an element, in a row
}

// check refuses a page that was there before, and one that leads to where the
// listing has been.
func (t *trail) check(query url.Values, p page) error {
	next := withoutLimit(p.next)
	switch {
	case p.next != nil && (t.asked[next] || next == withoutLimit(query)):
		return errors.New("the listing goes round in circles: the next page is said to be one that was read already")
	case p.next != nil && len(t.asked) >= maxPages:
		return fmt.Errorf("the listing has no end: it is longer than %d pages", maxPages)
	case p.next != nil && len(p.elements) == 0 && t.empty >= maxEmpty:
		return errors.New("the listing has no end: one empty page follows another")
	case len(p.elements) > 0 && t.pages[p.ends()] == len(p.elements):
		return errors.New("the listing repeats itself: a page came twice")
	}
	return nil
}

// add takes note of a page.
func (t *trail) add(query url.Values, p page) {
	if t.asked == nil {
		t.asked, t.pages = map[string]bool{}, map[[2]string]int{}
	}
	t.asked[withoutLimit(query)] = true
	t.empty++
	if len(p.elements) > 0 {
		t.empty = 0
		t.pages[p.ends()] = len(p.elements)
	}
}

// ends is the first and the last id, in memory of their own.
func (p page) ends() [2]string {
	return [2]string{strings.Clone(p.elements[0].id), strings.Clone(p.elements[len(p.elements)-1].id)}
}

func withoutLimit(query url.Values) string {
	rest := maps.Clone(query)
	rest.Del("limit")
	return rest.Encode()
}
