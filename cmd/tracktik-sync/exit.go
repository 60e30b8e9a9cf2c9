package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

// The exit codes. Schedulers and scripts rely on them.
const (
	codeDone     = 0
	codeFailed   = 1  // failed, or cut short with work left
	codeUsage    = 2  // bad usage or configuration
	codeRefused  = 3  // a guard, a stale plan, no snapshot, other systems
	codeProblems = 4  // finished, some persons have problems
	codeActive   = 5  // another run has the snapshot
	codePending  = 10 // with --detailed-exitcode: changes are pending
)

// precedence says which code wins where several fit.
var precedence = []int{codeUsage, codeFailed, codeActive, codeRefused, codePending, codeProblems, codeDone}

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

// A missingError says that a command that needs a snapshot found none.
type missingError struct {
	path    string
	command string // what was to be done
}

func (e *missingError) Error() string {
	return fmt.Sprintf("`%s` needs the snapshot and there is none at %s: for a first run say `sync --init` (or `state init`); "+
		"if it was lost, `state restore FILE`, or `sync --init` to match everybody anew", e.command, e.path)
}

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
		all = []ending{{codeFailed, "failed", err}}
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
		return ending{codeUsage, "bad usage", err}, true
	case configs.Findings:
		return ending{codeUsage, "bad configuration", errors.New(strings.TrimPrefix(err.Error(), "configuration: "))}, true
	case *state.KeyError:
		return ending{codeUsage, "bad configuration", err}, true
	case *state.LockedError:
		if e.Readers {
			return ending{codeActive, "the snapshot is being read", err}, true
		}
		return ending{codeActive, "another run is active", err}, true
	case *tsync.RefusedError:
		return ending{codeRefused, refusalWords(e.Code), errors.New(strings.TrimPrefix(e.Message, "guard refused: "))}, true
	case *state.BindingError:
		return ending{codeRefused, "refused: the snapshot belongs to other systems", err}, true
	case *missingError:
		return ending{codeRefused, "refused: no snapshot", err}, true
	case *verdict:
		return ending{e.code, e.words, errors.New(e.detail)}, true
	case *tsync.QuarantineError:
		return ending{codeFailed, "in quarantine", err}, true
	case *tsync.StoppedError:
		return ending{codeFailed, "cut short", err}, true
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
	case tsync.RefusedRebind:
		return "refused: the snapshot is not bound anew"
	case tsync.RefusedApproval:
		return "refused: the approval does not fit"
	}
	return "refused"
}

// lines are what is said on stderr: what does not decide, then a long text in
// full, then the last line, which says the code in words.
func (r report) lines() []string {
	var lines []string
	for _, e := range r.endings[:len(r.endings)-1] {
		if text := e.text(); e.code != codeProblems && e.code != codePending {
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
