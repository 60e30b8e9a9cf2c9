package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"tracktik-sync/configs"
)

func TestEveryLineOfARunCarriesTheRun(t *testing.T) {
	var log bytes.Buffer
	a := newApp(strings.NewReader(""), io.Discard, &log)
	a.setUpLog(configs.Log{Level: "info", Format: "json"})
	a.log.Info("before")
	a.runField.set("20261124T060000Z-000001")
	a.log.WithError(errors.New("x")).Warn("from a client")
	a.log.WithField("run", "its own").Info("from the engine")
	a.runField.set("")
	a.log.Info("after")
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
		set  func(*logging)
		want string
	}{
		"the configuration":     {func(*logging) {}, "warning"},
		"--log-level":           {func(l *logging) { l.level = "debug" }, "debug"},
		"-q":                    {func(l *logging) { l.quiet = true }, "error"},
		"--log-level before -q": {func(l *logging) { l.quiet, l.level = true, "info" }, "info"},
	} {
		a := newApp(strings.NewReader(""), io.Discard, io.Discard)
		test.set(&a.logging)
		a.setUpLog(configs.Log{Level: "warn", Format: "text"})
		if got := a.log.GetLevel().String(); got != test.want {
			t.Errorf("%s: level %s, want %s", name, got, test.want)
		}
	}
}

func TestColoursOnlyOnATerminalAndNeverWithNoColor(t *testing.T) {
	for name, test := range map[string]struct {
		terminal, flag bool
		env            map[string]string
		want           bool
	}{
		"terminal":   {true, false, nil, true},
		"pipe":       {false, false, nil, false},
		"--no-color": {true, true, nil, false},
		"NO_COLOR":   {true, false, map[string]string{"NO_COLOR": "1"}, false},
		"dumb":       {true, false, map[string]string{"TERM": "dumb"}, false},
	} {
		a := newApp(strings.NewReader(""), io.Discard, io.Discard)
		a.outTerminal = test.terminal
		a.setColours(test.flag, environment(test.env))
		if got := bool(a.style()); got != test.want {
			t.Errorf("%s: colours %v", name, got)
		}
	}
}

func TestTheBarTakesThePlaceOfRoutineLines(t *testing.T) {
	for name, test := range map[string]struct {
		terminal bool
		flag     string
		during   string
	}{
		"terminal":                  {true, "", "warning"},
		"terminal with --log-level": {true, "info", "info"},
		"pipe":                      {false, "", "info"},
	} {
		a := newApp(strings.NewReader(""), io.Discard, io.Discard)
		a.errTerminal, a.logging.level = test.terminal, test.flag
		a.setUpLog(configs.Log{Level: "info", Format: "text"})
		stop := a.showProgress()
		during := a.log.GetLevel().String()
		stop()
		if after := a.log.GetLevel().String(); during != test.during || after != "info" || a.progress != nil {
			t.Errorf("%s: level %s, afterwards %s; want %s, afterwards info", name, during, after, test.during)
		}
	}
}
