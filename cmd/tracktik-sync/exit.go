package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/probe"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
)

// precedence says which exit code wins where several fit.
var precedence = []int{tsync.ExitUsage, tsync.ExitFailed, tsync.ExitLocked, tsync.ExitRefused, tsync.ExitPending,
	tsync.ExitProblems, tsync.ExitDone}

// A usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// A verdict is an exit code of a command that did what it was told.
type verdict struct {
	code   int
	words  string
	detail string
}

func (v *verdict) Error() string { return v.words }

// An ending is one error, with what it means for the exit code.
type ending struct {
	code  int
	words string
	err   error
}

// A report is how an invocation ended.
type report struct {
	code    int
	endings []ending // the one that decides is the last
}

// judge takes an error apart and lets the code that counts most decide.
func judge(err error) report {
	all := endings(err)
	slices.Reverse(all) // of equals the first decides
	slices.SortStableFunc(all, byPrecedence)
	return report{all[len(all)-1].code, all}
}

// endings lists what joined errors mean, each by the outermost type that is known.
func endings(err error) []ending {
	if e, ok := known(err); ok {
		return []ending{e}
	}
	var all []ending
	switch wrapped := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range wrapped.Unwrap() {
			all = append(all, endings(part)...)
		}
		if len(all) > 1 && !strings.Contains(err.Error(), "\n") { // one error with several causes
			slices.SortStableFunc(all, byPrecedence)
			all = all[len(all)-1:]
			all[0].err = err
		}
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); inner != nil {
			all = endings(inner)
		}
		if len(all) == 1 { // the wrapping says more
			all[0].err = err
		}
	}
	if len(all) == 0 {
		all = []ending{{tsync.ExitFailed, "failed", err}}
	}
	return all
}

// byPrecedence sorts the one that decides to the end.
func byPrecedence(a, b ending) int {
	return slices.Index(precedence, b.code) - slices.Index(precedence, a.code)
}

// known is the table of errors and exit codes.
func known(err error) (ending, bool) {
	switch e := err.(type) {
	case *usageError:
		return ending{tsync.ExitUsage, "bad usage", err}, true
	case configs.Findings:
		return ending{tsync.ExitUsage, "bad configuration", errors.New(strings.TrimPrefix(err.Error(), "configuration: "))},
			true
	case *tsync.ManagedError:
		return ending{tsync.ExitUsage, "bad usage", err}, true
	case *tsync.ConfigError:
		return ending{tsync.ExitUsage, "bad configuration", err}, true
	case *state.KeyError:
		return ending{tsync.ExitUsage, "bad configuration", err}, true
	case *state.LockedError:
		if e.Readers {
			return ending{tsync.ExitLocked, "the snapshot is being read", err}, true
		}
		return ending{tsync.ExitLocked, "another run is active", err}, true
	case *state.ProbingError:
		return ending{tsync.ExitLocked, "another probe is active", err}, true
	case *tsync.RefusedError:
		return ending{tsync.ExitRefused, refusalWords(e.Code), errors.New(strings.TrimPrefix(e.Message, "guard refused: "))},
			true
	case *probe.RefusedError:
		return ending{tsync.ExitRefused, "refused: nothing was probed", err}, true
	case *state.BindingError:
		return ending{tsync.ExitRefused, "refused: the snapshot belongs to other systems", err}, true
	case *wiring.MissingError:
		return ending{tsync.ExitRefused, "refused: no snapshot", err}, true
	case *verdict:
		return ending{e.code, e.words, errors.New(e.detail)}, true
	case *tsync.QuarantineError:
		return ending{tsync.ExitFailed, "in quarantine", err}, true
	case *tsync.StoppedError:
		return ending{tsync.ExitFailed, "cut short", err}, true
	}
	return ending{}, false
}

func refusalWords(code string) string {
	switch code {
	case tsync.RefusedGuard:
		return "refused by a guard"
	case tsync.RefusedStale:
		return "refused: a stale plan"
	case tsync.RefusedApp:
		return "refused: the Okta app is not active"
	case tsync.RefusedSecond:
		return "refused: a second provisioner"
	case tsync.RefusedConnection:
		return "refused: a second connection"
	case links.RefusedRebind:
		return "refused: the snapshot is not bound anew"
	case tsync.RefusedRetire:
		return "refused: nobody may be retired"
	case tsync.RefusedApproval:
		return "refused: the approval does not fit"
	}
	return "refused"
}

// giveReason adds to a document why its command failed or was refused, in the words of
// the last line on stderr.
func giveReason(d *plan.Document, err error) {
	if err == nil || d.Error != "" {
		return
	}
	switch report := judge(err); report.code {
	case tsync.ExitDone, tsync.ExitProblems, tsync.ExitPending:
	default:
		d.Error = report.reason()
	}
}

// lines are what is said on stderr: what does not decide, then a long text in
// full, then the last line, which says the code in words.
func (r report) lines() []string {
	var lines []string
	for _, e := range r.endings[:len(r.endings)-1] {
		if text := e.text(); e.code != tsync.ExitProblems && e.code != tsync.ExitPending {
			lines = append(lines, ui.SafeLines(text)...)
		}
	}
	last := r.endings[len(r.endings)-1]
	text := last.text()
	parts := ui.SafeLines(text)
	if len(parts) > 1 {
		lines = append(lines, parts...)
	}
	return append(lines, fmt.Sprintf("exit %d: %s", r.code, r.reason()))
}

// brief leaves of what a guard refuses the facts and the command, where all of it was shown
// already.
func (r report) brief() {
	for i := range r.endings {
		e := &r.endings[i]
		if e.words != refusalWords(tsync.RefusedGuard) {
			continue
		}
		var facts, commands []string
		for _, line := range ui.SafeLines(e.text()) {
			fact, _, _ := strings.Cut(strings.TrimPrefix(line, "guard refused: "), "; ")
			facts = append(facts, fact)
			if _, command, found := strings.Cut(line, "within 24 hours: "); found && !slices.Contains(commands, command) {
				commands = append(commands, command)
			}
		}
		e.err = errors.New(strings.TrimSuffix(strings.Join(facts, "; ")+": "+strings.Join(commands, "; "), ": "))
	}
}

// reason is what decided in words: "refused by a guard (…)".
func (r report) reason() string {
	last := r.endings[len(r.endings)-1]
	words := last.words
	if parts := ui.SafeLines(last.text()); len(parts) > 0 && parts[0] != "" {
		words += " (" + parts[0] + ")"
	}
	return words
}

func (e ending) text() string { return strings.TrimSpace(e.err.Error()) }
