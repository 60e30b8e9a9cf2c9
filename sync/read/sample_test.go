package read

import (
	"slices"
	"strconv"
	"testing"
)

// TestNobodyCanGuessWhoIsLookedUp shows that a sample follows the run, and is of people in
// their order, each of them once.
func TestNobodyCanGuessWhoIsLookedUp(t *testing.T) {
	all := make([]int, 500)
	for i := range all {
		all[i] = i
	}
	one, again, other := Sample("run-1", all, strconv.Itoa), Sample("run-1", all, strconv.Itoa), Sample("run-2", all, strconv.Itoa)
	if len(one) != SampleSize || !slices.IsSorted(one) || len(slices.Compact(slices.Clone(one))) != SampleSize {
		t.Errorf("a sample of 500 is %v", one)
	}
	if !slices.Equal(one, again) {
		t.Errorf("one run draws %v, then %v", one, again)
	}
	if slices.Equal(one, other) || slices.Equal(one, all[:SampleSize]) {
		t.Errorf("two runs draw the same people: %v", one)
	}
	if few := Sample("run-1", all[:3], strconv.Itoa); !slices.Equal(few, all[:3]) {
		t.Errorf("of three people %v are drawn", few)
	}
}
