package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/cmd/internal/chaos"
)

var (
	chaosRounds = flag.Int("chaos", 0, "rounds of random lives; 0: the lives of every day")
	chaosSeed   = flag.Uint64("chaos.seed", 0, "seed of one life to live again; 0: draw them")
	chaosKind   = flag.String("chaos.kind", "", "only lives of this kind")
)

const roundsOfALife = 15

// everyDay are the seeds of the lives of every day: what a random life finds is for
// whoever looks for it, and holds up nobody else's change.
var everyDay = []uint64{1, 2, 3, 4, 5, 6, 7, 8}

// Random lives of companies, under hand edits, single runs beside whole ones, wrong
// clocks, late answers, narrowed rights and kills, judged by the contract alone.
func TestChaosOfLives(t *testing.T) {
	var mu sync.Mutex
	var all chaos.Tally
	seeds := seedsOfLives()
	t.Cleanup(func() { t.Logf("%d lives: %v", len(seeds), all) })
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			l := chaos.New(seed, t.TempDir(), programOfALife)
			defer l.Close()
			faults := l.Live(t.Context(), roundsOfALife)
			t.Logf("a life with %s: %v", chaos.Describe(l.Kinds), l.Tally)
			mu.Lock()
			all.Add(l.Tally)
			mu.Unlock()
			if len(faults) > 0 || testing.Verbose() {
				t.Logf("it went so:\n%s", strings.Join(l.Steps(), "\n"))
			}
			for _, fault := range faults {
				t.Error(fault)
			}
			if len(faults) > 0 {
				t.Errorf("live it again with -run TestChaosOfLives -chaos.seed %d", seed)
			}
		})
	}
}

// seedsOfLives are the seeds that the flags ask for.
func seedsOfLives() []uint64 {
	switch {
	case *chaosSeed != 0:
		return []uint64{*chaosSeed}
	case *chaosRounds == 0:
		return everyDay
	}
	seeds := make([]uint64, (*chaosRounds+roundsOfALife-1)/roundsOfALife)
	for i := range seeds {
		seeds[i] = drawSeed()
	}
	return seeds
}

// drawSeed is the seed of a life of the kind that is asked for.
func drawSeed() uint64 {
	for {
		seed := rand.Uint64()
		if *chaosKind == "" || strings.Contains(chaos.Describe(chaos.KindsOf(seed)), *chaosKind) {
			return seed
		}
	}
}

// programOfALife runs a command here, or as a process that can be killed.
func programOfALife(ctx context.Context, c chaos.Command) chaos.Result {
	var stdout, stderr bytes.Buffer
	if c.Process {
		cmd := exec.CommandContext(ctx, elsewhen, c.Args...)
		cmd.Env = append(os.Environ(), "GORACE="+raceOptions, "TEST_NOW="+c.Now().Format(time.RFC3339Nano))
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if cmd.ProcessState == nil {
			panic(fmt.Sprintf("%s cannot be started: %v", elsewhen, err))
		}
		return chaos.Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	}
	none := strings.NewReader("")
	a := newApp(none, &stdout, &stderr)
	a.Now, a.Sleep = c.Now, c.Sleep
	code := a.run(ctx, c.Args, none, &stdout, &stderr)
	return chaos.Result{Code: code, Stdout: stdout.String(), Stderr: stderr.String()}
}

// elsewhen is the program in a process with a clock of its own, which stands at TEST_NOW
// and moves when the program waits.
const elsewhen = "tracktik-sync-elsewhen"

func programElsewhen() {
	at, err := time.Parse(time.RFC3339Nano, os.Getenv("TEST_NOW"))
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	a.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	a.Sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(d)
		return ctx.Err()
	}
	os.Exit(a.run(untilAsked(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
