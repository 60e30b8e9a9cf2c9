// Package graph looks for circles in what waits for what.
package graph

import (
	"cmp"
	"maps"
	"slices"
)

// Circles returns the strongly connected components of a graph, sorted, each after all
// that can be reached from it (Tarjan, "Depth-first search and linear graph
// algorithms", 1972). A component of several is a circle.
func Circles[K cmp.Ordered](after map[K][]K) [][]K {
	var found [][]K
	var stack []K
	index, low, open := map[K]int{}, map[K]int{}, map[K]bool{}
	var visit func(K)
	visit = func(id K) {
		index[id] = len(index) + 1
		low[id] = index[id]
		stack, open[id] = append(stack, id), true
		for _, next := range after[id] {
			if index[next] == 0 {
				visit(next)
				low[id] = min(low[id], low[next])
			} else if open[next] {
				low[id] = min(low[id], index[next])
			}
		}
		if low[id] != index[id] {
			return
		}
		at := len(stack) - 1
		for stack[at] != id {
			at--
		}
		together := slices.Clone(stack[at:])
		stack = stack[:at]
		for _, member := range together {
			open[member] = false
		}
		slices.Sort(together)
		found = append(found, together)
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if index[id] == 0 {
			visit(id)
		}
	}
	return found
}
