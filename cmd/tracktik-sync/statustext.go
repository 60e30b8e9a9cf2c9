package main

import (
	"fmt"
	"io"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// printStatus prints a status for people.
func (a *app) printStatus(w io.Writer, d *statusDocument) error {
	t := ui.NewTable(w, a.style())
	if d.Mode == "observe" {
		t.Row("mode", ui.Observing)
	} else {
		t.Row("mode", ui.Safe(d.Mode))
	}
	if d.Lock != nil {
		t.Row("active", d.Lock.String())
	}
	if r := d.LastRun; r != nil {
		t.Row("last run", fmt.Sprintf("%s, ended %s with exit code %d", ui.Safe(r.ID), a.ago(r.Ended), r.ExitCode))
		if r.Message != "" {
			t.Row("", ui.Safe(r.Message))
		}
		t.Row("", ui.Counts(r.Summary)+" planned")
	} else {
		t.Row("last run", "none")
	}
	t.Row("last success", a.when(d.LastSuccess, "never"))
	if d.NextRun != nil {
		t.Row("next run", d.NextRun.UTC().Format(time.RFC3339))
	} else {
		t.Row("next run", "not by this program's own schedule")
	}
	t.Row("managed", ui.Number(d.Managed, "employee"))
	if d.UnmanagedActive != nil {
		t.Row("unmanaged", fmt.Sprintf("%d active in TrackTik without anyone in Okta", *d.UnmanagedActive))
	}
	t.Row("problems", fmt.Sprint(d.Problems))
	t.Row("held", fmt.Sprint(d.Held))
	a.statusAlarms(t, d)
	return t.Flush()
}

// statusAlarms are the rows that ask somebody to do something.
func (a *app) statusAlarms(t *ui.Table, d *statusDocument) {
	if q := d.Quarantine; q != nil {
		t.Alarm("quarantine", fmt.Sprintf("%s since %s: %s; next try %s", ui.Safe(q.System),
			q.Since.UTC().Format(time.RFC3339), ui.Safe(q.Reason), q.NextTry.UTC().Format(time.RFC3339)))
	}
	for _, r := range d.Guard.Refusals {
		t.Alarm("guard", ui.Safe(r.Message))
	}
	for _, w := range d.Guard.Approvals {
		t.Row("to approve", fmt.Sprintf("%s: %s, until %s (sync --approve %s)", ui.Safe(w.Hash), ui.Number(w.Actions, "action"),
			w.Until.UTC().Format(time.RFC3339), ui.Safe(w.Hash)))
	}
	for _, id := range d.Restored {
		t.Row("restored", ui.Safe(string(id))+": not terminated until Okta shows them in scope, or `forget --restored`")
	}
}

func (a *app) when(t *time.Time, never string) string {
	if t == nil {
		return never
	}
	return a.ago(*t)
}

// ago is a moment and how long ago it was.
func (a *app) ago(t time.Time) string {
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(time.RFC3339), a.now().Sub(t).Round(time.Second))
}
