package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

func TestEachFailureHasItsExitCode(t *testing.T) {
	guard := &tsync.RefusedError{Code: tsync.RefusedGuard, Message: "60 terminations, 50 are allowed"}
	problems := problemsVerdict(3, 0)
	pending := &verdict{tsync.ExitPending, "changes are pending", "1 create to do"}
	locked := &state.LockedError{Path: "x.db"}
	broken := errors.New("okta: no answer")
	for _, test := range []struct {
		name string
		err  error
		code int
		last string
	}{
		{"anything else", broken, 1, "exit 1: failed (okta: no answer)"},
		{"usage", usage("no such flag"), 2, "exit 2: bad usage (no such flag)"},
		{"one finding", configs.Findings{{Key: "okta.org_url", Message: "is required"}}, 2, "exit 2: bad configuration (okta.org_url: is required)"},
		{"two findings", configs.Findings{{Message: "a"}, {Message: "b"}}, 2, "exit 2: bad configuration (2 findings)"},
		{"guard", guard, 3, "exit 3: refused by a guard (60 terminations, 50 are allowed)"},
		{"wrapped", fmt.Errorf("syncing: %w", guard), 3, "exit 3: refused by a guard (syncing: 60 terminations, 50 are allowed)"},
		{"other systems", fmt.Errorf("%w; correct okta.org_url", &state.BindingError{Path: "x.db"}), 3, "exit 3: refused: the snapshot belongs to other systems"},
		{"no snapshot", (&wiring.Invocation{Command: "sync"}).Missing(&configs.Config{State: configs.State{Path: "x.db"}}), 3, "exit 3: refused: no snapshot"},
		{"problems", problems, 4, "exit 4: finished, some persons have problems (3 problems: see `tracktik-sync problems`)"},
		{"a call that is open", problemsVerdict(0, 1), 4, "exit 4: finished, some persons have problems (what became of 1 call is not known yet: the next run looks it up)"},
		{"both", problemsVerdict(2, 3), 4, "exit 4: finished, some persons have problems (2 problems: see `tracktik-sync problems`; what became of 3 calls is not known yet: the next run looks it up)"},
		{"locked", locked, 5, "exit 5: another run is active"},
		{"pending", pending, 10, "exit 10: changes are pending (1 create to do)"},
		{"cut short", &tsync.StoppedError{Message: "2 of 9 done", Cause: context.Canceled}, 1, "exit 1: cut short (2 of 9 done)"},

		{"2 before 1", errors.Join(broken, usage("x")), 2, "exit 2"},
		{"1 before 5", errors.Join(locked, broken), 1, "exit 1"},
		{"5 before 3", errors.Join(guard, locked), 5, "exit 5"},
		{"3 before 10", errors.Join(pending, guard), 3, "exit 3"},
		{"10 before 4", errors.Join(problems, pending), 10, "exit 10"},
		{"3 before 4, deep", fmt.Errorf("run: %w", errors.Join(problems, errors.Join(guard, nil))), 3, "exit 3"},
		{"of equals the first", errors.Join(errors.New("first"), errors.New("second")), 1, "exit 1: failed (first)"},
		{"two causes in one line", fmt.Errorf("%w, and %w", problems, broken), 1, "exit 1: failed (finished"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := judge(test.err)
			lines := r.lines()
			if last := lines[len(lines)-1]; r.code != test.code || !strings.HasPrefix(last, test.last) {
				t.Errorf("code %d, last line %q; want %d, %q", r.code, last, test.code, test.last)
			}
		})
	}
}

func TestEverythingThatWentWrongIsSaid(t *testing.T) {
	text := strings.Join(judge(errors.Join(errors.New("the disk is full"), &tsync.RefusedError{Code: tsync.RefusedStale, Message: "Okta moved"},
		configs.Findings{{Key: "a", Message: "one"}, {Key: "b", Message: "two"}})).lines(), "\n")
	for _, want := range []string{"the disk is full", "Okta moved", "a: one", "b: two"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestAnErrorCannotControlTheTerminal(t *testing.T) {
	for _, line := range judge(errors.New("tracktik: refused \x1b[2J\u202e")).lines() {
		if strings.ContainsAny(line, "\x1b\u202e") {
			t.Errorf("line %q", line)
		}
	}
}

func TestARunThatWasToldToEndSaysSo(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	read := fmt.Errorf("okta: no answer: %w", context.Canceled)
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want string
	}{
		"told to end":         {canceled, read, "exit 1: cut short (the run was told to end while it was reading"},
		"failed by itself":    {canceled, errors.New("the disk is full"), "exit 1: failed (the disk is full)"},
		"a call was canceled": {t.Context(), read, "exit 1: failed (okta: no answer"},
		"while applying":      {canceled, &tsync.StoppedError{Message: "2 of 9", Cause: context.Canceled}, "exit 1: cut short (2 of 9)"},
	} {
		lines := judge(interrupted(test.ctx, test.err)).lines()
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, test.want) {
			t.Errorf("%s: %q, want %q", name, last, test.want)
		}
	}
	if interrupted(canceled, nil) != nil {
		t.Error("a run that was done in time has failed")
	}
}
