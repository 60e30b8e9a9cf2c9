package main

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

func asked(t *testing.T, answer, format string) (j *job, yes bool, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	j = &job{app: newApp(strings.NewReader(answer), stdout, stderr), format: format}
	yes = j.confirm(t.Context())(planOf(plan.Create))
	return j, yes, stdout, stderr
}

func planOf(kinds ...plan.Kind) *plan.Document {
	d := &plan.Document{Mode: "apply", TrackTik: plan.TrackTikID{Portal: "https://acme.staffr.net"}}
	for _, k := range kinds {
		d.Actions = append(d.Actions, plan.Action{Kind: k, User: plan.UserRef{ID: "00u1", Login: "ana@acme.example"}, Reason: "assigned"})
	}
	d.Seal()
	return d
}

func TestOnlyYesIsYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "Yes\n": true, "n\n": false, "\n": false, "": false, "yikes\n": false} {
		if _, got, _, _ := asked(t, answer, "text"); got != want {
			t.Errorf("%q counts as %v", answer, got)
		}
	}
}

func TestThePlanIsShownBeforeTheQuestionAndNotAgain(t *testing.T) {
	j, _, stdout, stderr := asked(t, "y\n", "text")
	if !strings.Contains(stdout.String(), "ana@acme.example") || !strings.Contains(stderr.String(), "1 create in https://acme.staffr.net.\nGo on? [y/N] ") {
		t.Errorf("asked without telling:\n%s%s", stdout, stderr)
	}
	stdout.Reset()
	d := planOf(plan.Create)
	d.Run, d.Result = "r1", &plan.Result{Done: map[string]int{"create": 1}}
	if err := j.print(d); err != nil || strings.Contains(stdout.String(), "ana@") || !strings.Contains(stdout.String(), "1 create done") {
		t.Errorf("afterwards it prints (%v):\n%s", err, stdout)
	}
}

// TestAQuestionAboutThousandsNamesWhoLosesSomething: nobody reads thousands of lines before a question.
func TestAQuestionAboutThousandsNamesWhoLosesSomething(t *testing.T) {
	d := planOf()
	for i := range 3000 {
		d.Actions = append(d.Actions, plan.Action{Kind: plan.Create, User: plan.UserRef{ID: plan.PersonID(strconv.Itoa(i)), Name: "New Guard " + strconv.Itoa(i)}})
	}
	d.Actions = append(d.Actions, plan.Action{Kind: plan.Terminate, User: plan.UserRef{ID: "00u9", Name: "Bob Stone"}, Employee: 9, Reason: "deactivated in Okta"})
	d.Seal()
	var stdout bytes.Buffer
	j := &job{app: newApp(strings.NewReader("y\n"), &stdout, io.Discard), format: "text"}
	if !j.confirm(t.Context())(d) {
		t.Fatal("yes is no")
	}
	text := stdout.String()
	for _, want := range []string{"create   3000  New Guard 0, New Guard 1, New Guard 2 and 2997 more", "terminate  Bob Stone", "deactivated in Okta", "3000 create"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(text, "\n"); n > 24 {
		t.Errorf("%d lines stand before the question:\n%s", n, text)
	}
}

func TestStdoutStaysJSONWhenSomebodyIsAsked(t *testing.T) {
	_, _, stdout, _ := asked(t, "y\n", "json")
	if stdout.Len() != 0 {
		t.Errorf("stdout has %q", stdout)
	}
}

func TestNobodyIsAskedAboutARunThatWritesNothing(t *testing.T) {
	j := &job{app: newApp(strings.NewReader(""), io.Discard, io.Discard), format: "text"}
	observing := planOf(plan.Create)
	observing.Mode = "observe"
	for _, d := range []*plan.Document{planOf(), observing} {
		if !j.confirm(t.Context())(d) || j.declined {
			t.Errorf("somebody was asked about %d actions in mode %s", len(d.Actions), d.Mode)
		}
	}
}

func TestASignalAnswersNo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, keep := io.Pipe() // nobody ever types
	defer keep.Close()
	j := &job{app: newApp(in, io.Discard, io.Discard), format: "text"}
	if j.confirm(ctx)(planOf(plan.Terminate)) {
		t.Error("a signal counts as yes")
	}
}
