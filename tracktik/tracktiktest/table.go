package tracktiktest

import (
	"slices"
	"sort"
	"strings"
)

// record is a row of a table.
type record interface{ key() int64 }

// table keeps records in the order of their ids.
type table[T record] struct {
	byID  map[int64]T
	order []T
	last  int64 // the greatest id ever given
}

func (t *table[T]) get(id int64) (T, bool) {
	r, ok := t.byID[id]
	return r, ok
}

// next is the id of the next new record. No id is used twice.
func (t *table[T]) next() int64 { return t.last + 1 }

func (t *table[T]) add(r T) {
	if t.byID == nil {
		t.byID = map[int64]T{}
	}
	id := r.key()
	t.byID[id] = r
	t.order = slices.Insert(t.order, t.after(id), r)
	t.last = max(t.last, id)
}

func (t *table[T]) remove(id int64) {
	if _, ok := t.byID[id]; !ok {
		return
	}
	delete(t.byID, id)
	i := t.after(id) - 1
	t.order = slices.Delete(t.order, i, i+1)
}

// after is the position of the first record with a greater id.
func (t *table[T]) after(id int64) int {
	return sort.Search(len(t.order), func(i int) bool { return t.order[i].key() > id })
}

// index finds employees by a text, without regard to case.
type index map[string][]*employee

func (x index) put(text string, e *employee) {
	if text != "" {
		x[fold(text)] = append(x[fold(text)], e)
	}
}

func (x index) drop(text string, e *employee) {
	if text == "" {
		return
	}
	rest := slices.DeleteFunc(x[fold(text)], func(o *employee) bool { return o == e })
	if len(rest) == 0 {
		delete(x, fold(text))
		return
	}
	x[fold(text)] = rest
}

func (x index) find(text string) []*employee { return x[fold(text)] }

// fold makes texts comparable without regard to case.
func fold(s string) string { return strings.ToLower(s) }
