package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// head is the upper part of the page: what it is about, how it ended, how much of what.
func (r *Report) head() *view {
	d, program := r.Document, r.program()
	v := &view{Mode: ui.ModeLine(d, r.Planned), Read: ui.ReadLine(d), Foot: "made " + moment(r.Made) + " by tracktik-sync"}
	if r.Record == nil {
		v.Title, v.Lead = "Plan "+d.Hash, "What would be done in TrackTik, and why"
		v.All = program + " plan --format json"
		v.Facts = append(v.Facts, fact{"made", moment(d.Created)})
		if r.File != "" {
			v.Approve, v.All = program+" apply "+r.File, program+" report "+r.File+" --format json"
		}
	} else {
		v.Title, v.Lead = "Run "+r.Record.ID, "What was done in TrackTik, and why"
		if d.Mode == "observe" {
			v.Lead = "What would have been done in TrackTik, and why"
		}
		v.All = program + " report " + r.Record.ID + " --format json"
		r.ending(v)
	}
	v.Facts = append(v.Facts, fact{"Okta", d.Okta.Org + ", app " + d.Okta.App}, fact{"TrackTik", d.TrackTik.Portal},
		fact{"read", ui.Number(d.Source.Users, "user") + " and " + ui.Number(d.Source.Groups, "group") + "; " +
			ui.Number(d.Managed, "managed employee")})
	if text := r.options(); text != "" {
		v.Facts = append(v.Facts, fact{"only", text})
	}
	r.tiles(v)
	r.refusals(v)
	return v
}

func (r *Report) ending(v *view) {
	rec := r.Record
	v.Ending, v.EndingClass = r.Ending, "good"
	switch rec.ExitCode {
	case 0:
	case 3, 4:
		v.EndingClass = "warn"
	default:
		v.EndingClass = "bad"
	}
	v.Facts = append(v.Facts, fact{"began", moment(rec.Started)},
		fact{"ended", moment(rec.Ended) + ", after " + lasting(rec.Ended.Sub(rec.Started))},
		fact{"by", rec.By},
		fact{"calls", ui.Count(rec.OktaCalls) + " to Okta, " + ui.Count(rec.TTCalls) + " to TrackTik"})
	if lag := r.Trail.Lag(); lag.Count > 0 {
		v.Facts = append(v.Facts, fact{"leavers", ui.LagWords(lag)})
	}
	v.Message, _, _ = strings.Cut(rec.Message, "\n")
	switch res := r.Document.Result; {
	case res != nil && res.Stopped != "":
		v.Message = res.Stopped
	case len(r.Document.Guard.Refusals) > 0 && rec.ExitCode == 3:
		v.Message = "" // the refusals say it
	}
}

func (r *Report) options() string {
	var parts []string
	if users := r.Document.Options.User; len(users) > 0 {
		parts = append(parts, strings.Join(users, ", "))
	}
	if r.Document.Options.NoRemovals {
		parts = append(parts, "without removals")
	}
	return strings.Join(parts, "; ")
}

// tiles are the counts. What was done counts in a run, what is due in a plan.
func (r *Report) tiles(v *view) {
	d := r.Document
	counts := d.Summary
	if d.Result != nil && d.Mode != "observe" {
		counts = d.Result.Done
	}
	for _, k := range plan.Kinds {
		n := counts[string(k)]
		planned := d.Summary[string(k)]
		if n == 0 && planned == 0 {
			continue
		}
		t := tile{Count: ui.Count(n), Label: ui.KindWords(k), Class: "good"}
		if k.Removes() {
			t.Class = "bad"
		}
		if n != planned {
			t.Label += " of " + ui.Count(planned)
		}
		v.Tiles = append(v.Tiles, t)
	}
	if len(v.Tiles) == 0 {
		v.Tiles = append(v.Tiles, tile{Count: "0", Label: "to do"})
	}
	if res := d.Result; res != nil && sum(res.Found) > 0 {
		v.Tiles = append(v.Tiles, tile{ui.Count(sum(res.Found)), "found done already", ""})
	}
	if res := d.Result; res != nil && res.Failed > 0 {
		v.Tiles = append(v.Tiles, tile{ui.Count(res.Failed), "failed", "bad"})
	}
	if res := d.Result; res != nil && res.Unknown > 0 {
		v.Tiles = append(v.Tiles, tile{ui.Count(res.Unknown), "unknown", "bad"})
	}
	for _, t := range []struct {
		n     int
		label string
	}{{len(d.Held), "held"}, {len(d.Problems), "problems"}, {len(d.Warnings), "warnings"}} {
		class := "warn"
		if t.n == 0 {
			class = ""
		}
		v.Tiles = append(v.Tiles, tile{ui.Count(t.n), t.label, class})
	}
}

// A refusal is one of a guard, with the command that lets it pass.
type refusal struct {
	Kind    plan.Kind
	Effect  string
	Text    string
	Command string
}

// approval is the command at the end of a refusal's message; that of a run in a cluster
// goes by kubectl.
var approval = regexp.MustCompile(`: (?:kubectl [^:` + "`" + `]* )?tracktik-sync [^` + "`" + `]*--approve [0-9a-f]+$`)

func (r *Report) program() string { return cmp.Or(r.Program, "tracktik-sync") }

func (r *Report) refusals(v *view) {
	for _, g := range r.Document.Guard.Refusals {
		out := refusal{Kind: g.Kind, Effect: "this kind waits, the rest goes on",
			Text: strings.TrimPrefix(g.Message, "guard refused: ")}
		if g.Stops {
			out.Effect = "nothing at all is done"
		}
		if g.Approve != "" {
			out.Command = r.program() + " sync --approve " + g.Approve
		}
		if at := approval.FindStringIndex(out.Text); at != nil {
			out.Text, out.Command = out.Text[:at[0]], out.Text[at[0]+2:]
		}
		v.Refusals = append(v.Refusals, out)
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// lasting is a duration as people say it: "1.5s", "2m3s".
func lasting(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Millisecond).String()
}
