// Package doctor looks at everything that a run needs, once and without changing anything,
// and says what to do about what it finds.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// The results of a check.
const (
	ResultOK      = "ok"
	ResultWarning = "warning"
	ResultFailed  = "failed"
	ResultSkipped = "skipped"
)

// A Finding is one line of `check`: what was looked at, how it is, and what to do.
type Finding struct {
	Name    string `json:"name"`
	Result  string `json:"result"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// Diagnosis is what was found.
func (d *Doctor) Diagnosis() Diagnosis { return Diagnosis{len(d.Failed()) == 0, d.findings} }

// A Diagnosis is what `check --format json` prints.
type Diagnosis struct {
	OK     bool      `json:"ok"`
	Checks []Finding `json:"checks"`
}

// A Doctor looks at everything that a run needs, and changes nothing.
type Doctor struct {
	*wiring.Invocation
	notes
	cfg      *configs.Config
	BadSetup bool // the configuration itself is bad

	ServiceFile string                                      // where the service has its configuration
	Free        func(dir string) (bytes uint64, known bool) // on a directory's disk
	clocks      map[string]time.Duration
	polls       bool // the System Log was read between the runs
	refused     []plan.Answer
}

// RefusedAnswers are those of both systems that were refusals, or could not be read.
func (d *Doctor) RefusedAnswers() []plan.Answer { return d.refused }

// notes are the findings, in the order in which they were made.
type notes struct{ findings []Finding }

func (n *notes) add(name, result, fix, format string, args ...any) {
	n.findings = append(n.findings, Finding{name, result, fmt.Sprintf(format, args...), fix})
}

func (n *notes) ok(name, format string, args ...any) { n.add(name, ResultOK, "", format, args...) }

func (n *notes) warn(name, fix, format string, args ...any) {
	n.add(name, ResultWarning, fix, format, args...)
}

func (n *notes) fail(name, fix, format string, args ...any) {
	n.add(name, ResultFailed, fix, format, args...)
}

func (n *notes) skip(name, why string) {
	n.add(name, ResultSkipped, "", "%s", why)
}

// Failed is the names of the checks that failed, each once.
func (n *notes) Failed() []string {
	var names []string
	for _, f := range n.findings {
		if f.Result == ResultFailed && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// NewDoctor examines nothing yet.
func NewDoctor(i *wiring.Invocation) *Doctor {
	return &Doctor{Invocation: i, clocks: map[string]time.Duration{}, ServiceFile: configs.SystemFile, Free: disk.Free}
}

// Examine goes from the ground up, with a configuration that is in order; what a failure
// makes pointless is skipped.
func (d *Doctor) Examine(ctx context.Context) {
	ctx, cancel := wiring.WithLimit(ctx, d.cfg.Schedule.Deadline)
	defer cancel()
	waiting, busy := d.snapshot()
	d.reach(ctx)
	okta := d.okta(ctx)
	portal := d.tracktik(ctx, waiting)
	d.endings(ctx, portal)
	d.people(okta, portal)
	d.plan(ctx, okta, portal, busy)
	d.asked(okta, portal)
	d.refused = append(okta.refusedAnswers(), portal.refusedAnswers()...)
	d.probed()
}

// Print writes a row a finding, and what to do below it. -q leaves out what is in
// order.
func (d *Doctor) Print(w io.Writer, style ui.Style, quiet bool) error {
	t := ui.NewTable(w, style)
	counts := map[string]int{}
	for _, f := range d.findings {
		counts[f.Result]++
		if quiet && (f.Result == ResultOK || f.Result == ResultSkipped) {
			continue
		}
		switch message := ui.Safe(f.Message); f.Result {
		case ResultFailed:
			t.Alarm(f.Result, f.Name, message)
		case ResultWarning:
			t.Row(style.Changed(f.Result), f.Name, message)
		case ResultSkipped:
			t.Row(style.Faint(f.Result), f.Name, message)
		default:
			t.Row(style.Good(f.Result), f.Name, message)
		}
		if f.Fix != "" {
			t.Row("", "", "-> "+ui.Safe(f.Fix))
		}
	}
	if err := t.Flush(); err != nil || quiet {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d ok, %s, %d failed, %d skipped. %s\n", counts[ResultOK],
		ui.Number(counts[ResultWarning], "warning"),
		counts[ResultFailed], counts[ResultSkipped], d.next(counts[ResultFailed]))
	return err
}

func (d *Doctor) next(failed int) string {
	switch {
	case failed > 0:
		return "Settle what failed, from the top: what is below may follow from it."
	case d.cfg.Sync.Mode == "observe":
		return "Next: `tracktik-sync plan` shows what would change; sync.mode is observe, so nothing is written."
	}
	return "Next: `tracktik-sync plan` shows what would change."
}

// Configured loads the configuration and answers whether one can go on with it.
func (d *Doctor) Configured() bool {
	cfg, warnings, err := d.Configuration()
	if d.cfg = cfg; cfg == nil {
		d.cfg = &configs.Config{}
	}
	var bad configs.Findings
	switch {
	case errors.As(err, &bad):
		for _, f := range bad {
			d.fail("config", "correct it; `tracktik-sync config show` prints every value and where it comes from", "%s",
				f.String())
		}
	case err != nil:
		d.fail("config", "", "%s", err)
	}
	for _, w := range warnings {
		d.warn("config", "", "%s", w.String())
	}
	if err != nil {
		d.BadSetup = true
		return false
	}
	d.ok("config", "%s is valid; sync.mode is %s", d.origin(), cfg.Sync.Mode)
	(&places{d}).second()
	return true
}

func (d *Doctor) origin() string {
	if d.cfg.File() == "" {
		return "the configuration, from the environment alone,"
	}
	return d.cfg.File()
}

// asKeyError notes that the configuration has the wrong state.key, or none.
func (d *Doctor) asKeyError(err error) bool {
	var key *state.KeyError
	if !errors.As(err, &key) {
		return false
	}
	d.BadSetup = true
	d.fail("state.key", "name the key it was written with in state.key_file; where that is lost, move the snapshot "+
		"away, then `state restore` a plain backup, or `sync --init`", "%s", err)
	return true
}

// asTokenKeyError is asKeyError for the tokens, which a restored backup may leave under
// another key than its own.
func (d *Doctor) asTokenKeyError(err error) bool {
	if !errors.Is(err, state.ErrKey) {
		return false
	}
	d.BadSetup = true
	d.fail("tracktik.credentials", "`state rekey --key-file FILE` with the key that the tokens have puts the snapshot "+
		"under it too; where that is lost, `auth logout`, then log in anew", "%s", err)
	return true
}

// endings warns about credentials and authorities that end soon.
func (d *Doctor) endings(ctx context.Context, portal *portalSide) {
	const name = "credentials.ends"
	ends := wiring.CredentialEnds(d.cfg)
	if end, known := portal.refreshTokenEnd(ctx, d.cfg.TrackTik.Auth.Grant); known {
		ends = append(ends, wiring.CredentialEnd{System: "tracktik", What: "refresh token", Ends: end})
	}
	soon := false
	for _, c := range ends {
		if c.Ends.Sub(d.Now()) < wiring.ExpiryNotice {
			soon = true
			d.warn(name, "replace it before; a refresh token by `auth login`, an authority by putting its next certificate "+
				"into the file",
				"the %s of %s ends %s", c.What, c.System, c.Ends.UTC().Format(time.RFC3339))
		}
	}
	switch {
	case len(ends) == 0:
		d.skip(name, "nothing that is used says when it ends")
	case !soon:
		d.ok(name, "nothing that is used ends within two weeks, as far as it says so")
	}
}
