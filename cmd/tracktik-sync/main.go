// Tracktik-sync keeps a TrackTik portal in step with an Okta org: people who are
// assigned to the TrackTik app in Okta become employees, changes follow, and who
// leaves is terminated. `tracktik-sync help` lists what it can be told to do.
package main

import (
	"os"
	_ "time/tzdata" // so that a time zone is known in a container without any

	// An image that holds nothing but this program has no certificate authorities. These
	// are used only where the system has none of its own.
	"context"
	"errors"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback"

	tsync "tracktik-sync/sync"
)

func main() {
	ctx := untilAsked() // first of all: before it, a signal ends the program without a word
	saveMemory()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

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
	fromHere = 200 << 20
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

// askedToEnd are the signals that ask a program to end: a scheduler's, that of a closed
// session or terminal, and the two of the keyboard.
var askedToEnd = []os.Signal{syscall.SIGTERM, syscall.SIGHUP, os.Interrupt, syscall.SIGQUIT}

// untilAsked returns a context that ends when the program is asked to end. Who asks from
// the keyboard a second time does not get to wait. The others are repeated by machines:
// a closed session is told of by the system and by the shell, `timeout` signals the
// process and its group, and systemd sends SIGHUP on the heels of SIGTERM.
func untilAsked() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	// nohup, and a shell that puts a job into the background, want some not to be heard.
	heard := slices.DeleteFunc(slices.Clone(askedToEnd), signal.Ignored)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, heard...)
	go func() {
		cancel(&askedError{<-asked})
		for _, s := range heard {
			if s == os.Interrupt || s == syscall.SIGQUIT {
				signal.Reset(s)
			}
		}
	}()
	// Without a listener the first line of the log that nobody takes any more would end a
	// run between two calls. Like this the write fails, and nothing else.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ctx
}

// An askedError is why a context of untilAsked ended.
type askedError struct{ signal os.Signal }

func (e *askedError) Error() string { return "asked to end by the signal " + e.signal.String() }

// Is makes it what a cancelled context answers.
func (e *askedError) Is(target error) bool { return target == context.Canceled }

// sayWhenAsked logs that the program was asked to end, since it may take a moment.
// stop returns when it is said, or will not be said any more.
func (a *app) sayWhenAsked(ctx context.Context) (stop func()) {
	said := make(chan struct{})
	unsaid := context.AfterFunc(ctx, func() {
		defer close(said)
		a.Log.WithError(context.Cause(ctx)).Info("nothing new is begun, and what is in flight is finished")
	})
	return func() {
		if !unsaid() {
			<-said
		}
	}
}

// cutShort says of a command that failed since it was asked to end just that.
func cutShort(ctx context.Context, err error) error {
	var stopped *tsync.StoppedError
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) || errors.As(err, &stopped) {
		return err
	}
	return &tsync.StoppedError{Message: "the command was told to end before it was done", Cause: err}
}

// interrupted says of a run that failed because it was told to end just that.
func interrupted(ctx context.Context, err error) error {
	var stopped *tsync.StoppedError
	if err == nil || ctx.Err() == nil || errors.As(err, &stopped) || !errors.Is(err, ctx.Err()) {
		return err
	}
	why := "the run was told to end"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "the deadline ended the run"
	}
	return &tsync.StoppedError{Message: why + " while it was reading; nothing was written to TrackTik", Cause: err}
}
