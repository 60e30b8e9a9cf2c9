package ui

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"tracktik-sync/sync/plan"
)

// Result prints what became of an applied plan.
func Result(out io.Writer, d *plan.Document, style Style) error {
	p := newPrinter(out, style)
	r := d.Result
	if r == nil {
		return nil
	}
	p.failures(r.Failures)
	verb := "done"
	if d.Mode == "observe" {
		verb = "would be done"
	}
	p.title("Run %s: %s %s", Safe(d.Run), Counts(r.Done), verb)
	p.line(fmt.Sprintf("%d failed, %d held, %d unknown; %s, %s to Okta and %s to TrackTik",
		r.Failed, r.Held, r.Unknown, duration(r.Duration), Number(r.Requests.Okta, "request"), strconv.Itoa(r.Requests.TrackTik)))
	if r.NewProblems > 0 {
		p.line(Number(r.NewProblems, "new problem"), ": see `tracktik-sync problems --new`")
	}
	if r.Stopped != "" {
		p.line(style.Bad("stopped early: " + Safe(r.Stopped)))
	}
	p.line(ModeLine(d, false))
	return p.out.Flush()
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
		p.line("  ", p.style.Bad(fmt.Sprintf("%-7s", Safe(f.Outcome))), "  ", KindWords(f.Action.Kind), "  ", about, Safe(f.Message))
	}
}
