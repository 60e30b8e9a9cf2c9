package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
)

// podConsole is what the chart tells a pod.
var podConsole = map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "TRACKTIK_SYNC_CONSOLE": "guards/acme-console"}

func newConsole(t *testing.T, env map[string]string) *console.Console {
	t.Helper()
	a := newApp(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	a.Console = console.Of(environment(env))
	newRoot(a)
	return a.Console
}

func TestEveryCommandInAMessageCanBeGivenFromOutsideThePod(t *testing.T) {
	const exec = "kubectl exec -n guards deploy/acme-console -- tracktik-sync "
	c := newConsole(t, podConsole)
	for text, want := range map[string]string{
		"say `sync --init` (or `state init`)":     "say `" + exec + "sync --init` (or `" + exec + "state init`)",
		"see `tracktik-sync problems --new`":      "see `" + exec + "problems --new`",
		"`link` settles it":                       "`" + exec + "link` settles it",
		"approve with `auth login`":               "approve with `kubectl exec -it -n guards deploy/acme-console -- tracktik-sync auth login`",
		"`run` ends; \"`ls -l`\" and `sync.mode`": "`run` ends; \"`ls -l`\" and `sync.mode`",
		"nothing to do":                           "nothing to do",
	} {
		got := c.Spell(text)
		if got != want {
			t.Errorf("%q became\n%q, want\n%q", text, got, want)
		}
		if again := c.Spell(got); again != got {
			t.Errorf("spelled twice it is %q", again)
		}
	}
	for _, env := range []map[string]string{{}, {"TRACKTIK_SYNC_CONSOLE": "guards/acme-console"}} {
		if got := newConsole(t, env).Spell("`sync --init`"); got != "`sync --init`" {
			t.Errorf("outside of a pod it is %q", got)
		}
	}
}

func TestACommandIsSpelledHoweverItIsWritten(t *testing.T) {
	const text = "first `status`\nthen `sync\n--init` and `problems`"
	c := newConsole(t, podConsole)
	var b bytes.Buffer
	err := c.Spelled(func(w io.Writer) error {
		for _, piece := range strings.SplitAfter(text, "s") {
			if _, err := io.WriteString(w, piece); err != nil {
				return err
			}
		}
		return nil
	})(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != c.Spell(text) || strings.Count(got, "kubectl") != 2 {
		t.Errorf("written was %q", got)
	}
}

// Whoever gets a message from a cluster has nothing but it.
func TestWhatPeopleAreToldFromAPodCanBeTyped(t *testing.T) {
	for name, value := range podConsole {
		t.Setenv(name, value)
	}
	c := newTown(t, map[string]any{"GUARD_TERMINATE_MAX_COUNT": "0"})
	c.addUser("ana@acme.example", "Ana", "Silva")
	_, told, _ := c.run(t, 3, "sync")
	for _, want := range []string{"`kubectl exec -n guards deploy/acme-console -- tracktik-sync sync --init`", "deploy/acme-console --replicas=1"} {
		if eventsOf(told) != "failed" || !strings.Contains(told[0].Text, want) {
			t.Fatalf("without a snapshot, and no %q: %+v", want, told)
		}
	}
	c.run(t, 0, "sync", "--init")
	c.okta.DeactivateUser(c.users["ana@acme.example"])
	_, told, _ = c.run(t, 3, "sync")
	for _, want := range []string{": kubectl exec -n guards deploy/acme-console -- tracktik-sync sync --approve " + told[0].Approve,
		"`kubectl exec -n guards deploy/acme-console -- tracktik-sync status`", "deploy/acme-console --replicas=1"} {
		if !strings.Contains(told[0].Text, want) {
			t.Errorf("a refusal, and no %q: %+v", want, told)
		}
	}
}
