package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// saveMemory makes garbage be collected earlier: a run waits for two servers most of the
// time, and shares its machine with others. GOGC and GOMEMLIMIT of the environment count
// instead.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		limitMemory()
	}
}

const (
	garbagePercent = 50
	// fromHere is the memory, in bytes, from which on garbage is collected as often as is
	// needed to stay below it: a run that changes nothing is far from it.
	fromHere = 176 << 20
	// leeway is what a run that needs more may have beside what is alive, in bytes: with less,
	// the collector would do nothing else.
	leeway = 16 << 20
)

// limitMemory sets the limit, and sets it anew after each collection.
func limitMemory() {
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(alive)
	debug.SetMemoryLimit(memoryLimit(alive[0].Value.Uint64()))
	runtime.SetFinalizer(new(*int), func(**int) { limitMemory() })
}

func memoryLimit(alive uint64) int64 {
	return int64(max(fromHere, alive+alive/8+leeway)) //nolint:gosec // no machine has so much
}
