package main

import "testing"

// The limit leaves room beside what is alive: without any, the collector would do nothing
// else.
func TestMemoryLimitLeavesRoom(t *testing.T) {
	for alive, want := range map[uint64]int64{0: fromHere, 100 << 20: fromHere, 800 << 20: (900 + 16) << 20} {
		if got := memoryLimit(alive); got != want {
			t.Errorf("%d bytes alive: %d, want %d", alive, got, want)
		}
	}
	for alive := uint64(0); alive < 4<<30; alive += 1 << 20 {
		if limit := memoryLimit(alive); limit < int64(alive)+leeway {
			t.Fatalf("%d bytes alive leave no room below %d", alive, limit)
		}
	}
}
