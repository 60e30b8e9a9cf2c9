package oktatest

import (
	"slices"
	"strings"
)

// An element is something that Okta lists.
type element interface {
	comparable
	key() string // an id; the order of a listing
}

// An ordered holds the elements of one listing in the order of their keys. New ones
// are mostly at the end, because ids count up, so adding is cheap; after any other
// change the order is restored by the next listing.
type ordered[T element] struct {
	live  func(T) bool // whether an element still belongs here
	items []T
	stale bool
}

func (o *ordered[T]) add(v T) {
	if n := len(o.items); n > 0 && o.items[n-1].key() >= v.key() {
		o.stale = true
	}
	o.items = append(o.items, v)
}

// changed says that an element is no longer live.
func (o *ordered[T]) changed() { o.stale = true }

func (o *ordered[T]) all() []T {
	if !o.stale {
		return o.items
	}
	o.items = slices.DeleteFunc(o.items, func(v T) bool { return !o.live(v) })
	slices.SortFunc(o.items, func(a, b T) int { return strings.Compare(a.key(), b.key()) })
	o.items = slices.Compact(o.items) // what was removed and added again is there twice
	o.stale = false
	return o.items
}

// page returns up to limit elements behind the key after for which match holds, and
// whether there are more.
func (o *ordered[T]) page(after string, limit int, match func(T) bool) (items []T, more bool) {
	all := o.all()
	start, found := slices.BinarySearchFunc(all, after, func(v T, key string) int { return strings.Compare(v.key(), key) })
	if found {
		start++
	}
	for _, v := range all[start:] {
		if match != nil && !match(v) {
			continue
		}
		if len(items) == limit {
			return items, true
		}
		items = append(items, v)
	}
	return items, false
}
