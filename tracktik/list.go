package tracktik

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"
)

// pageSize is the largest that the portal serves (support article
// 23794537688471).
const pageSize = 1000

// defaultPageSize is what it serves when it is not told. A page without meta that
// holds fewer is taken to be the whole list.
const defaultPageSize = 100

// A decoder makes a value of one record of a list. A record with no place in the
// result has keep false.
type decoder[T any] func(record gjson.Result) (value T, id int64, keep bool, err error)

// A listing is a list that is being read. Pages go by key: "what comes after the
// last id", which no record that comes or goes meanwhile can shift. Where the
// portal does not know that filter they go by offset, and what comes twice is
// dropped. Either way the distinct records are counted against the portal's own
// count.
type listing struct {
	path  string
	query url.Values

	keyed   bool
	newer   bool  // only what comes after the id that it began with, which an offset cannot tell
	last    int64 // keyed: the greatest id so far
	offset  int   // not keyed: how many records were read
	pages   int
	seen    map[int64]bool
	total   int  // by the first page's meta; -1: the portal does not say
	tail    bool // the end was read once more, since records were missing
	done    bool
	unsized bool // how many records the portal puts on a page is not known
}

// readList reads the whole list, hands on its values page by page, and returns
// how many records it has. An error of page is returned as it is.
func readList[T any](ctx context.Context, c *Client, path string, query url.Values, decode decoder[T], page func([]T) error) (int, error) {
	return readOn(ctx, c, newListing(c, path, query), decode, page)
}

// readNewer reads the part of a list that comes after an id. A portal that cannot be asked
// for it gives an Error that is Unfiltered.
func readNewer[T any](ctx context.Context, c *Client, path string, query url.Values, after int64, decode decoder[T], page func([]T) error) error {
	l := newListing(c, path, query)
	l.newer, l.last = after > 0, after
	if l.newer && !l.keyed {
		return errUnkeyed(path)
	}
	_, err := readOn(ctx, c, l, decode, page)
	return err
}

func newListing(c *Client, path string, query url.Values) *listing {
	return &listing{path: path, query: query, keyed: !c.noKeyFilter.Load(), seen: map[int64]bool{}, total: -1}
}

func readOn[T any](ctx context.Context, c *Client, l *listing, decode decoder[T], page func([]T) error) (int, error) {
	for !l.done {
		values, err := nextPage(ctx, c, l, decode)
		if err != nil {
			return len(l.seen), err
		}
		if len(values) == 0 {
			continue
		}
		if err := page(values); err != nil {
			return len(l.seen), err
		}
	}
	return len(l.seen), nil
}

// nextPage reads one page and moves l on. It may return no values.
func nextPage[T any](ctx context.Context, c *Client, l *listing, decode decoder[T]) ([]T, error) {
	var p parsedPage[T]
	var req *http.Request
	err := c.ask(l.path, l.next(), func(query url.Values) (err error) {
		l.unsized = !query.Has(partLimit)
		if req, err = c.newRequest(ctx, http.MethodGet, query, nil, l.path); err != nil {
			return err
		}
		return c.do(req, func(body []byte) (err error) {
			if p, err = parsePage(body, decode); err == nil {
				err = l.check(p.ids, p.meta)
			}
			return err
		})
	})
	if l.keyed && l.last > 0 && statusOf(err) == http.StatusBadRequest {
		return nil, c.pageByOffset(l, "the filter is refused")
	}
	if err != nil {
		return nil, err
	}
	if l.keyed && !ascending(p.ids, l.last) {
		if err := c.pageByOffset(l, "the filter or the order is ignored"); err != nil || l.last > 0 {
			return nil, err
		}
	}
	values, fresh := take(l, p)
	if err := l.advance(len(p.ids), fresh); err != nil {
		e := c.newError(req, err.Error())
		e.broken, e.cause = true, err
		return nil, e
	}
	return values, nil
}

// parsedPage is a page with its records decoded.
type parsedPage[T any] struct {
	ids    []int64
	values []T
	keep   []bool
	meta   *listMeta
}

func parsePage[T any](body []byte, decode decoder[T]) (parsedPage[T], error) {
	records, meta, err := parseList(body)
	if err != nil {
		return parsedPage[T]{}, err
	}
	n := len(records)
	p := parsedPage[T]{ids: make([]int64, 0, n), values: make([]T, 0, n), keep: make([]bool, 0, n), meta: meta}
	for i, record := range records {
		value, id, keep, err := decode(record)
		if err == nil && id <= 0 {
			err = errNoID
		}
		if err != nil {
			return parsedPage[T]{}, fmt.Errorf("reading record %d of the page: %w", i+1, err)
		}
		p.ids, p.values, p.keep = append(p.ids, id), append(p.values, value), append(p.keep, keep)
	}
	return p, nil
}

// take returns the values of the records that are new, in the place of p's, and how many those are.
func take[T any](l *listing, p parsedPage[T]) (values []T, fresh int) {
	l.pages++
	values = p.values[:0]
	if l.pages == 1 && p.meta != nil && p.meta.Count != nil {
		l.total = int(*p.meta.Count)
	}
	for i, id := range p.ids {
		l.last = max(l.last, id)
		if l.seen[id] {
			continue
		}
		l.seen[id] = true
		fresh++
		if p.keep[i] {
			values = append(values, p.values[i])
		}
	}
	l.offset += len(p.ids)
	return values, fresh
}

// next is the query of the next page.
func (l *listing) next() url.Values {
	query := url.Values{"sort": {"id"}, "limit": {strconv.Itoa(pageSize)}}
	for key, values := range l.query {
		query[key] = values
	}
	switch {
	case l.keyed && l.last > 0:
		query.Set(keyFilter, strconv.FormatInt(l.last, 10))
	case !l.keyed && l.offset > 0:
		query.Set("offset", strconv.Itoa(l.offset))
	}
	return query
}

// check refuses a page that cannot be right by itself.
func (l *listing) check(ids []int64, meta *listMeta) error {
	if len(ids) == 0 && meta == nil && (l.pages == 0 || l.total >= 0) {
		return errors.New("the list is empty and has no meta, which the portal always sends")
	}
	here := make(map[int64]bool, len(ids))
	for _, id := range ids {
		if here[id] {
			return fmt.Errorf("record %d comes twice on one page", id)
		}
		here[id] = true
	}
	return nil
}

// advance decides what follows a page of n records, fresh of them new.
func (l *listing) advance(n, fresh int) error {
	silent := l.total < 0 // the portal does not say how many there are
	switch {
	case !silent && len(l.seen) >= l.total, silent && n == 0, silent && l.pages == 1 && n < defaultPageSize && !l.unsized:
		l.done = true
	case fresh > 0:
		l.tail = false
	case silent:
		return errors.New("the portal repeats a page of the list")
	case !l.tail:
		l.tail = true
		l.offset = max(0, l.offset-pageSize)
	default:
		return fmt.Errorf("the portal counts %d records and serves %d of them", l.total, len(l.seen))
	}
	return nil
}

// pageByOffset gives up paging by key, for this list and all that follow.
func (c *Client) pageByOffset(l *listing, why string) error {
	if !c.noKeyFilter.Swap(true) {
		c.manners.mu.Lock()
		defer c.manners.mu.Unlock()
		c.warn(fmt.Sprintf("tracktik: lists are read by offset, not by id, where people come and go: GET /%s: %s", l.path, why))
	}
	l.keyed, l.offset = false, len(l.seen)
	if l.newer {
		return errUnkeyed(l.path)
	}
	return nil
}

func errUnkeyed(path string) *Error {
	return &Error{Method: http.MethodGet, Path: "/" + path, unfiltered: true, Text: "this portal does not list what is newer than an id"}
}

// ascending reports whether ids rise from after on.
func ascending(ids []int64, after int64) bool {
	for _, id := range ids {
		if id <= after {
			return false
		}
		after = id
	}
	return true
}

// collect is a page function that appends to all.
func collect[T any](all *[]T) func([]T) error {
	return func(values []T) error {
		*all = append(*all, values...)
		return nil
	}
}

func statusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.status
	}
	return 0
}
