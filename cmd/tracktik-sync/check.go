package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// The results of a check.
const (
	resultOK      = "ok"
	resultWarning = "warning"
	resultFailed  = "failed"
	resultSkipped = "skipped"
)

// A finding is one line of `check`: what was looked at, how it is, and what to do.
type finding struct {
	Name    string `json:"name"`
	Result  string `json:"result"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// A diagnosis is what `check --format json` prints.
type diagnosis struct {
	OK     bool      `json:"ok"`
	Checks []finding `json:"checks"`
}

// A doctor looks at everything that a run needs, and changes nothing.
type doctor struct {
	*app
	cfg      *configs.Config
	findings []finding
	badSetup bool // the configuration itself is bad
	clocks   map[string]time.Duration
}

func newCheck(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at everything that a run needs, and say what to do; changes nothing",
		Long: "Check tries each thing that a run needs, once and without changing anything: the configuration,\n" +
			"the snapshot, the way to both systems, each right, and how the first people would be mapped. It\n" +
			"ends with the size of the plan. Every line says what to do about it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{app: a, clocks: map[string]time.Duration{}}
			d.examine(cmd.Context())
			if err := cmd.Context().Err(); err != nil { // what failed only had no time
				return err
			}
			return d.report(format.value)
		},
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// examine goes from the ground up; what a failure makes pointless is skipped.
func (d *doctor) examine(ctx context.Context) {
	if !d.configuration() {
		return
	}
	ctx, cancel := withLimit(ctx, d.cfg.Schedule.Deadline)
	defer cancel()
	stop := d.watch()
	defer stop()
	waiting, busy := d.snapshot()
	d.reach(ctx)
	okta := d.okta(ctx)
	portal := d.tracktik(ctx, waiting)
	d.endings()
	d.people(okta, portal)
	d.plan(ctx, okta, portal, busy)
}

func (d *doctor) add(name, result, fix, format string, args ...any) {
	d.findings = append(d.findings, finding{name, result, fmt.Sprintf(format, args...), fix})
}

func (d *doctor) ok(name, format string, args ...any) { d.add(name, resultOK, "", format, args...) }

func (d *doctor) warn(name, fix, format string, args ...any) {
	d.add(name, resultWarning, fix, format, args...)
}

func (d *doctor) fail(name, fix, format string, args ...any) {
	d.add(name, resultFailed, fix, format, args...)
}

func (d *doctor) skip(name, why string) {
	d.add(name, resultSkipped, "", "%s", why)
}

// failed is the names of the checks that failed, each once.
func (d *doctor) failed() []string {
	var names []string
	for _, f := range d.findings {
		if f.Result == resultFailed && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// report prints the findings, and answers what they mean for the exit code.
func (d *doctor) report(format string) error {
	failed := d.failed()
	err := d.talk(func(w io.Writer) error {
		if format == "json" {
			return writeJSON(w, diagnosis{len(failed) == 0, d.findings})
		}
		return d.print(w)
	})
	switch {
	case err != nil || len(failed) == 0:
		return err
	case d.badSetup:
		return &verdict{codeUsage, "bad configuration", strings.Join(failed, ", ") + ": see above"}
	}
	return &verdict{codeFailed, "failed", ui.Number(len(failed), "check") + ": " + strings.Join(failed, ", ")}
}

// print writes a row a finding, and what to do below it. -q leaves out what is in
// order.
func (d *doctor) print(w io.Writer) error {
	t := ui.NewTable(w, d.style())
	counts := map[string]int{}
	for _, f := range d.findings {
		counts[f.Result]++
		if d.flags.quiet && (f.Result == resultOK || f.Result == resultSkipped) {
			continue
		}
		row := t.Row
		if f.Result == resultFailed {
			row = t.Alarm
		}
		row(f.Result, f.Name, ui.Safe(f.Message))
		if f.Fix != "" {
			t.Row("", "", "-> "+ui.Safe(f.Fix))
		}
	}
	if err := t.Flush(); err != nil || d.flags.quiet {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d ok, %s, %d failed, %d skipped. %s\n", counts[resultOK], ui.Number(counts[resultWarning], "warning"),
		counts[resultFailed], counts[resultSkipped], d.next(counts[resultFailed]))
	return err
}

func (d *doctor) next(failed int) string {
	switch {
	case failed > 0:
		return "Settle what failed, from the top: what is below may follow from it."
	case d.cfg.Sync.Mode == "observe":
		return "Next: `tracktik-sync plan` shows what would change; sync.mode is observe, so nothing is written."
	}
	return "Next: `tracktik-sync plan` shows what would change."
}

// configuration loads the configuration and answers whether one can go on with it.
func (d *doctor) configuration() bool {
	cfg, warnings, err := configs.Load(configs.Options{Path: d.flags.config, Checks: checks})
	if cfg != nil {
		d.cfg = cfg
		d.setUpLog(cfg.Log)
	} else {
		d.cfg = &configs.Config{}
	}
	var bad configs.Findings
	switch {
	case errors.As(err, &bad):
		for _, f := range bad {
			d.fail("config", "correct it; `tracktik-sync config show` prints every value and where it comes from", "%s", f.String())
		}
	case err != nil:
		d.fail("config", "", "%s", err)
	}
	for _, w := range warnings {
		d.warn("config", "", "%s", w.String())
	}
	if err != nil {
		d.badSetup = true
		return false
	}
	d.ok("config", "%s is valid; sync.mode is %s", d.origin(), cfg.Sync.Mode)
	return true
}

func (d *doctor) origin() string {
	if d.cfg.File() == "" {
		return "the configuration, from the environment alone,"
	}
	return d.cfg.File()
}

// asKeyError notes that the configuration has the wrong state.key, or none.
func (d *doctor) asKeyError(err error) bool {
	var key *state.KeyError
	if !errors.As(err, &key) {
		return false
	}
	d.badSetup = true
	d.fail("state.key", "name the key it was written with in state.key_file; where that is lost, move the snapshot away, then `state restore` a plain backup, or `sync --init`", "%s", err)
	return true
}

// asTokenKeyError is asKeyError for the tokens, which a restored backup may leave under
// another key than its own.
func (d *doctor) asTokenKeyError(err error) bool {
	if !errors.Is(err, state.ErrKey) {
		return false
	}
	d.badSetup = true
	d.fail("tracktik.credentials", "`state rekey --key-file FILE` with the key that the tokens have puts the snapshot under it too; where that is lost, `auth logout`, then log in anew", "%s", err)
	return true
}

// endings warns about what we log in with, or trust, and what ends soon.
func (d *doctor) endings() {
	const name = "credentials.ends"
	ends := credentialEnds(d.cfg)
	soon := false
	for _, c := range ends {
		if c.Ends.Sub(d.now()) < expiryNotice {
			soon = true
			d.warn(name, "replace it before; a refresh token by `auth login`, an authority by putting its next certificate into the file",
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
