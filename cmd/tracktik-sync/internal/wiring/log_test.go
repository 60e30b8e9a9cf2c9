package wiring

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
)

func TestEveryLineOfARunCarriesTheRun(t *testing.T) {
	var log bytes.Buffer
	i := &Invocation{Log: logrus.New()}
	i.Log.SetOutput(&log)
	i.Log.AddHook(&i.RunField)
	i.SetUpLog(configs.Log{Level: "info", Format: "json"})
	i.Log.Info("before")
	i.RunField.Set("20261124T060000Z-000001")
	i.Log.WithError(errors.New("x")).Warn("from a client")
	i.Log.WithField("run", "its own").Info("from the engine")
	i.RunField.Set("")
	i.Log.Info("after")
	var runs []any
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		runs = append(runs, fields["run"])
	}
	if len(runs) != 4 || runs[0] != nil || runs[1] != "20261124T060000Z-000001" || runs[2] != "its own" || runs[3] != nil {
		t.Errorf("the lines carry %v", runs)
	}
}

func TestFlagsRuleTheLog(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*Logging)
		want string
	}{
		"the configuration":     {func(*Logging) {}, "warning"},
		"--log-level":           {func(l *Logging) { l.Level = "debug" }, "debug"},
		"-q":                    {func(l *Logging) { l.Quiet = true }, "error"},
		"--log-level before -q": {func(l *Logging) { l.Quiet, l.Level = true, "info" }, "info"},
	} {
		i := &Invocation{Log: logrus.New()}
		test.set(&i.Logging)
		i.SetUpLog(configs.Log{Level: "warn", Format: "text"})
		if got := i.Log.GetLevel().String(); got != test.want {
			t.Errorf("%s: level %s, want %s", name, got, test.want)
		}
	}
}

func TestTheLogIsInUTC(t *testing.T) {
	at := time.Date(2026, 3, 1, 21, 0, 0, 0, time.FixedZone("", -5*3600))
	for _, format := range []string{"text", "json"} {
		var log bytes.Buffer
		i := &Invocation{Log: logrus.New()}
		i.Log.SetOutput(&log)
		i.SetUpLog(configs.Log{Level: "info", Format: format})
		i.Log.WithTime(at).Info("late in the evening")
		if !strings.Contains(log.String(), `"2026-03-02T02:00:00Z"`) {
			t.Errorf("%s: %s", format, log.String())
		}
	}
}
