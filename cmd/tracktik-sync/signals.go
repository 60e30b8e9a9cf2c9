package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	tsync "tracktik-sync/sync"
)

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
