package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

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
		a.OutTerminal = test.terminal
		a.SetColours(test.flag, environment(test.env))
		if got := bool(a.Style()); got != test.want {
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
		a.ErrTerminal, a.Logging.Level = test.terminal, test.flag
		a.SetUpLog(configs.Log{Level: "info", Format: "text"})
		stop := a.showProgress()
		during := a.Log.GetLevel().String()
		stop()
		if after := a.Log.GetLevel().String(); during != test.during || after != "info" || a.Progress != nil {
			t.Errorf("%s: level %s, afterwards %s; want %s, afterwards info", name, during, after, test.during)
		}
	}
}

// TestAPagerKeepsNoRunWaiting: what is read is read before the first of it is shown.
func TestAPagerKeepsNoRunWaiting(t *testing.T) {
	a, cfg := newApp(strings.NewReader(""), io.Discard, io.Discard), wiringtest.Load(t, wiring.Checks)
	db, err := a.Create(cfg)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	db, err = a.OpenRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a long history\n", 10_000)
	var shown strings.Builder
	a.Stdout = writerFunc(func(p []byte) (int, error) {
		other, err := state.Open(cfg.State.Path, state.Options{})
		if err != nil {
			t.Error("a run cannot begin:", err)
		} else if err := other.Close(); err != nil {
			t.Error(err)
		}
		return shown.Write(p)
	})
	if err := a.writeClosed(db, a.Data, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil || shown.String() != text {
		t.Errorf("%d of %d bytes are shown (%v)", shown.Len(), len(text), err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
