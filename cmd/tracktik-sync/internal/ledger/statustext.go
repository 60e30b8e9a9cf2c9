package ledger

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// Print prints a status for people.
func (d *Status) Print(w io.Writer, style ui.Style, now time.Time) error {
	t := ui.NewTable(w, style)
	if q := d.Quarantine; q != nil {
		t.Alarm("quarantine", fmt.Sprintf("%s since %s: %s; next try %s", ui.Safe(q.System),
			q.Since.UTC().Format(time.RFC3339), ui.Safe(q.Reason), q.NextTry.UTC().Format(time.RFC3339)))
	}
	if d.Mode == "observe" {
		t.Row("mode", style.Changed(ui.Observing))
		if d.ObservingSince != nil {
			t.Row("", "since "+ui.Ago(*d.ObservingSince, now)+"; `tracktik-sync compare` shows who did what")
		}
	} else {
		t.Row("mode", ui.Safe(d.Mode))
	}
	if d.Lock != nil {
		t.Row("active", d.Lock.String())
	}
	if r := d.LastRun; r != nil {
		t.Row("last run", fmt.Sprintf("%s, ended %s with %s", ui.Safe(r.ID), ui.Ago(r.Ended, now),
			style.Ended(r.ExitCode, EndingWords(r.ExitCode))))
		for _, line := range ui.SafeLines(r.Message) {
			if line != "" && len(d.Guard.Refusals) == 0 &&
				(d.Quarantine == nil || !strings.Contains(line, d.Quarantine.Reason)) {
				// which say it below
				t.Row("", line)
			}
		}
		if planned := ui.Counts(r.Summary); planned != ui.Counts(nil) || r.ExitCode == tsync.ExitDone ||
			r.ExitCode == tsync.ExitProblems {
			t.Row("", planned+" planned") // of a run that failed or was refused, nothing is no plan
		}
	} else {
		t.Row("last run", "none")
	}
	success := "never"
	if d.LastSuccess != nil {
		success = ui.Ago(*d.LastSuccess, now)
	}
	t.Row("last success", success)
	t.Row("next run", d.nextText(now))
	t.Row("managed", ui.Number(d.Managed, "employee"))
	if d.UnmanagedActive != nil {
		t.Row("unmanaged", fmt.Sprintf("%d active in TrackTik without anyone in Okta", *d.UnmanagedActive))
		if d.Unmanaged != nil && *d.UnmanagedActive > 0 {
			t.Row("", ui.Classes(d.Unmanaged))
		}
	}
	if e := d.Events; e != nil && e.Error == "" {
		t.Row("system log", "read "+ui.Ago(e.Polled, now))
	}
	if b := d.Backup; b != nil && b.Error == "" && b.Last != nil {
		t.Row("backup", "copied "+ui.Ago(*b.Last, now))
	}
	if d.Roleless != nil && *d.Roleless > 0 {
		t.Row("without a role", fmt.Sprintf("%d in scope; TrackTik shows them nothing (`access`)", *d.Roleless))
	}
	if lag := d.LeaverLag; lag != nil {
		t.Row("leavers", fmt.Sprintf("in %d days %s", lagDays,
			ui.LagWords(plan.Lag{Count: lag.Count, Median: inSeconds(lag.Median), Longest: inSeconds(lag.Longest)})))
	}
	t.Row("problems", style.Some(d.Problems, pointed(d.Problems, "problems")))
	t.Row("held", pointed(d.Held, "problems --held"))
	if d.Guard.OK {
		t.Row("guard", "refused nothing in the last run")
	}
	d.alarms(t, style, now)
	return t.Flush()
}

// alarms are the rows that ask somebody to do something.
func (d *Status) alarms(t *ui.Table, style ui.Style, now time.Time) {
	if d.Overdue > 0 {
		t.Alarm("overdue", ui.Number(d.Overdue, "removal")+
			" that TrackTik refused: somebody keeps what they should have lost; see `tracktik-sync problems`")
	}
	if e := d.Events; e != nil && e.Error != "" {
		t.Alarm("system log", ui.Safe(e.Error)+"; until it can be read, only whole runs see a change")
	}
	if b := d.Backup; b != nil && b.Error != "" {
		last := "no copy is known"
		if b.Last != nil {
			last = "the last copy is of " + ui.Ago(*b.Last, now)
		}
		t.Alarm("backup", ui.Safe(b.Error)+"; "+last)
	}
	if m := d.Metrics; m != nil && m.Error != "" {
		t.Alarm("metrics", "the last run could not leave them: "+ui.Safe(m.Error))
	}
	for _, c := range d.Credentials {
		if rest := c.Ends.Sub(now); rest < wiring.ExpiryNotice {
			t.Alarm("credential", fmt.Sprintf("the %s of %s ends at %s", ui.Safe(c.What), ui.Safe(c.System), c.Ends.UTC().
				Format(time.RFC3339)))
		} else {
			t.Row("credential", fmt.Sprintf("the %s of %s is good until %s", ui.Safe(c.What), ui.Safe(c.System), c.Ends.UTC().
				Format(time.RFC3339)))
		}
	}
	if p := d.Probe; p != nil {
		t.Row("probe", ui.Ago(p.Time, now)+", "+p.Words())
		for _, a := range p.Differ {
			t.Row("", ui.Safe(a.Name+": "+a.Observed))
		}
	}
	for _, text := range d.AskedOtherwise {
		t.Row("asked otherwise", ui.Safe(text))
	}
	for _, text := range ui.RefusalLines(d.Guard.Refusals) {
		t.Alarm("guard", "refused: "+text)
	}
	for _, w := range d.Guard.Approvals {
		if w.Approved != nil {
			t.Row("approved", fmt.Sprintf("%s: %s left, until %s", ui.Safe(w.Hash), ui.Number(w.Actions, "action"),
				w.Until.UTC().Format(time.RFC3339)))
			continue
		}
		t.Row("to approve", style.Changed(fmt.Sprintf("%s: %s, until %s (`approve %s`)", ui.Safe(w.Hash),
			ui.Number(w.Actions, "action"),
			w.Until.UTC().Format(time.RFC3339), ui.Safe(w.Hash))))
	}
	d.restoredRows(t)
}

// restoredRows name the first of those whom `restore` brought back.
func (d *Status) restoredRows(t *ui.Table) {
	const most = 10
	for i, id := range d.Restored {
		if i == most {
			t.Row("", fmt.Sprintf("and %d more (`status --format json` lists them)", len(d.Restored)-most))
			break
		}
		u := plan.UserRef{ID: id}
		if i < len(d.RestoredPeople) {
			u = d.RestoredPeople[i]
		}
		t.Row("restored", ui.Person(u)+": not terminated until Okta shows them in scope, or `forget --restored`")
	}
}

// Words say how a probe ended.
func (p *ProbeStatus) Words() string {
	switch {
	case !p.Ended:
		return fmt.Sprintf("not everything was tried, %d assumptions differ", p.Differs)
	case p.Differs == 0:
		return "all as expected"
	}
	return ui.Number(p.Differs, "assumption") + " otherwise than expected"
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// pointed is a count, with the command that shows what is counted.
func pointed(n int, command string) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: see `tracktik-sync %s`", n, command)
}

func (d *Status) nextText(now time.Time) string {
	switch {
	case d.NextRun == nil:
		return "nobody has a schedule"
	case d.NextBy == byRun:
		return fmt.Sprintf("%s, in %s", d.NextRun.UTC().Format(time.RFC3339), d.NextRun.Sub(now).Round(time.Second))
	}
	return fmt.Sprintf("%s by schedule.cron, if cron, a timer or a CronJob keeps to it", d.NextRun.UTC().
		Format(time.RFC3339))
}
