package ui

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// Result prints what became of an applied plan.
func Result(out io.Writer, d *plan.Document, style Style, view View) error {
	p := newPrinter(out, style)
	r := d.Result
	if r == nil {
		return nil
	}
	failures := r.Failures
	if view.News {
		failures = slices.DeleteFunc(slices.Clone(failures), func(f plan.Failure) bool { return view.Before.failure(&f) })
	}
	p.failures(failures)
	p.title("Run %s: %s", Safe(d.Run), became(d))
	refused := total(Refused(d))
	parts := []string{fmt.Sprintf("%d failed", r.Failed)}
	if refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused by a guard", refused))
	}
	parts = append(parts, fmt.Sprintf("%d held", max(0, r.Held-refused)), fmt.Sprintf("%d unknown", r.Unknown))
	if n := len(d.Problems); n > 0 {
		parts = append(parts, Number(n, "problem"))
	}
	p.line(strings.Join(parts, ", "), fmt.Sprintf("; %s, %s to Okta and %s to TrackTik",
		duration(r.Duration), Number(r.Requests.Okta, "request"), strconv.Itoa(r.Requests.TrackTik)))
	if r.NewProblems > 0 {
		p.line(Number(r.NewProblems, "new problem"), ": see `tracktik-sync problems --new`")
	}
	if r.Stopped != "" {
		p.line(style.Bad("stopped early: " + Safe(r.Stopped)))
	}
	p.mode(d, false)
	return p.out.Flush()
}

// became says what was done. An observing run has recorded who is who, and the rest would
// be done.
func became(d *plan.Document) string {
	if d.Mode != "observe" {
		return Counts(d.Result.Done) + " done" + foundText(d.Result.Found)
	}
	would := make(map[string]int, len(d.Summary))
	recorded := 0
	for kind, n := range d.Summary {
		would[kind] = n - d.Result.Done[kind]
		recorded += d.Result.Done[kind]
	}
	text := Counts(would) + " would be done"
	if recorded > 0 {
		text += "; " + Counts(d.Result.Done) + " recorded"
	}
	return text
}

// foundText says what the portal had done before: "; 3 found terminated in TrackTik".
func foundText(found map[string]int) string {
	text := ""
	if n := found[string(plan.Terminate)]; n > 0 {
		text = fmt.Sprintf("; %d found terminated in TrackTik", n)
	}
	if n := found[string(plan.RevokeRole)]; n > 0 {
		text += "; " + Number(n, "role") + " found revoked in TrackTik"
	}
	return text
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func (p *printer) failures(failures []plan.Failure) {
	if len(failures) == 0 {
		return
	}
	p.title("Not done (%d)", len(failures))
	for i := range failures {
		f := &failures[i]
		about := who(f.Action.User)
		if f.Action.Role != nil {
			about += Role(f.Action.Role) + ": "
		}
		p.line("  ", p.style.Bad(fmt.Sprintf("%-7s", Safe(f.Outcome))), "  ", KindWords(f.Action.Kind), "  ", about,
			Safe(f.Message))
	}
}
