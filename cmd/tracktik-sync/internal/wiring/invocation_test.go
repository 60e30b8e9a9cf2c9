package wiring

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func environ(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestTheAuditTrailSaysWhatStartedARun(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"pod":    {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "INVOCATION_ID": "x"},
		"timer":  {"INVOCATION_ID": "x"},
		"manual": {},
	} {
		if got := trigger(environ(env)); got != want {
			t.Errorf("with %v it was %q, want %q", env, got, want)
		}
	}
}

func TestByIsUserHostAndTrigger(t *testing.T) {
	a := &Invocation{Getenv: environ(map[string]string{"INVOCATION_ID": "x"})}
	if got := a.By(); !regexp.MustCompile(`^[^@ ]+@[^@ ]+ \(timer\)$`).MatchString(got) {
		t.Errorf("by is %q", got)
	}
}

func TestWhatADaemonDoesIsByItsSchedule(t *testing.T) {
	due := time.Now()
	for want, env := range map[string]map[string]string{"pod": {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "timer": {"INVOCATION_ID": "x"}, "cron": {}} {
		a := &Invocation{Getenv: environ(env), Scheduled: &due}
		if got := a.By(); !strings.HasSuffix(got, "("+want+")") {
			t.Errorf("with %v it was by %q, want %q", env, got, want)
		}
	}
}

func TestOurOwnParentIsFound(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc")
	}
	name, parent := process(os.Getpid())
	if name == "" || parent != os.Getppid() {
		t.Errorf("we are %q, child of %d; want child of %d", name, parent, os.Getppid())
	}
	if belowCron(os.Getpid()) {
		t.Error("a test is no cron job")
	}
}
