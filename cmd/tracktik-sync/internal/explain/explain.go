// Package explain shows what a sync makes of one person, step by step.
package explain

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/explain"
	"tracktik-sync/sync/plan"
)

// An Person is what `explain --format json` prints: what the engine found out, and
// what is on record.
type Person struct {
	*explain.Explanation
	Known ledger.Record `json:"known"`
}

var stepTitles = map[string]string{
	explain.StepOkta: "found in Okta", explain.StepScope: "in scope", explain.StepMatch: "matched",
	explain.StepMap: "mapped", explain.StepPlan: "would do",
}

// A sheet prints lines of text; the writer keeps the first error.
type sheet struct {
	w     io.Writer
	style ui.Style
	err   error
}

func (s *sheet) line(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format+"\n", args...)
	}
}

// Print prints an explanation for people: the answers first, the small print
// below each.
func (x *Person) Print(w io.Writer, style ui.Style, now time.Time) error {
	s := &sheet{w: w, style: style}
	s.line("%s", s.style.Bold(cmp.Or(ui.Person(x.User), "nobody")))
	for i := range x.Steps {
		step := &x.Steps[i]
		mark := s.style.Good("yes")
		if !step.OK {
			mark = s.style.Bad("no ")
		}
		s.line("%d. %-13s  %s  %s", i+1, stepTitles[step.Name], mark, ui.Safe(step.Summary))
		for _, note := range step.Notes {
			s.line("       %s", s.style.Faint(ui.Safe(note)))
		}
		s.fields(step.Fields)
		if step.Name == explain.StepPlan {
			s.actions(x)
		}
	}
	s.roles(x.Roles)
	s.known(x, now)
	return s.err
}

// fields is a table of what has a value, and below it what has none, by why.
func (s *sheet) fields(fields []explain.ExplainedField) {
	if s.err != nil || len(fields) == 0 {
		return
	}
	t := ui.NewTable(s.w, s.style)
	var whys []string
	without := map[string][]string{}
	for _, f := range fields {
		if f.Value == "" && f.Pushed == "" {
			if without[f.Why] == nil {
				whys = append(whys, f.Why)
			}
			without[f.Why] = append(without[f.Why], f.Field)
			continue
		}
		t.Row("      ", f.Field, ui.Quoted(f.Value), fieldText(f))
	}
	s.err = t.Flush()
	for _, why := range whys {
		s.line("         %s: %s", s.style.Faint("none for "+strings.Join(without[why], ", ")), ui.Safe(why))
	}
}

// fieldText says where a value came from, and what TrackTik was told before.
func fieldText(f explain.ExplainedField) string {
	var parts []string
	if f.Source != "" {
		parts = append(parts, "from "+ui.Safe(f.Source))
	}
	if f.Normalised {
		parts = append(parts, "there "+ui.Quoted(f.Raw))
	}
	if f.Pushed != "" && f.Pushed != f.Value {
		parts = append(parts, "pushed "+ui.Quoted(f.Pushed))
	}
	if f.Why != "" {
		parts = append(parts, ui.Safe(f.Why))
	}
	return strings.Join(parts, "; ")
}

func (s *sheet) actions(x *Person) {
	for i := range x.Actions {
		a := &x.Actions[i]
		text := s.style.Bold("would "+ui.KindWords(a.Kind)) + roleText(a)
		if a.Reason != "" {
			text += ": " + ui.Safe(a.Reason)
		}
		s.line("       %s", text)
		if a.Kind == plan.Create {
			continue // all of it stands in the mapping
		}
		for _, change := range a.FieldChanges() {
			s.line("         %s", ui.ChangeText(change))
		}
	}
	for i := range x.Held {
		h := &x.Held[i]
		s.line("       %s%s: %s", s.style.Changed("held "+ui.KindWords(h.Kind)), roleText(&h.Action), ui.Safe(h.Why))
		s.line("         way out: %s", ui.Safe(ui.WayOut(h.Code())))
	}
	for _, p := range x.Problems {
		s.line("       %s: %s", s.style.Bad("problem "+ui.Safe(p.Code)), ui.Safe(p.Message))
		s.line("         way out: %s", ui.Safe(ui.WayOut(p.Code)))
	}
	for _, w := range x.Warnings {
		if w.User.ID != "" && w.Field != "" {
			continue // stands beside the field
		}
		s.line("       %s: %s", s.style.Changed("warning "+ui.Safe(w.Code)), ui.Safe(w.Message))
	}
}

func roleText(a *plan.Action) string {
	if a.Role == nil {
		return ""
	}
	return " " + ui.Role(a.Role)
}

var roleStates = map[string]string{
	explain.RoleHas: "has", explain.RoleGranted: "would be granted", explain.RoleRevoked: "would be revoked",
	explain.RoleWithheld: "not granted",
}

func (s *sheet) roles(roles []explain.ExplainedRole) {
	s.line("")
	if len(roles) == 0 {
		s.line("%s", s.style.Bold("Roles: none by us"))
		return
	}
	s.line("%s", s.style.Bold("Roles ("+strconv.Itoa(len(roles))+")"))
	for i := range roles {
		r := &roles[i]
		text := fmt.Sprintf("  %-16s  %s: %s", roleStates[r.State],
			ui.Role(&plan.RoleRef{ID: r.ID, Name: r.Name, Group: r.Group}), ui.Safe(r.Why))
		if r.Since != nil {
			text += fmt.Sprintf(", since %s (%s", r.Since.Format(time.RFC3339), ui.Safe(r.How))
			if r.Run != "" {
				text += " by run " + ui.Safe(r.Run)
			}
			text += ")"
		}
		s.line("%s", text)
	}
}

func (s *sheet) known(x *Person, now time.Time) {
	k := &x.Known
	if len(k.Problems) > 0 {
		s.line("")
		s.line("%s", s.style.Bold("Problems on record"))
		for _, p := range k.Problems {
			next := "judged anew in every run"
			switch {
			case p.Code == plan.ProblemGivenUp:
				next = "not tried again"
			case p.NextTry != nil:
				next = "next try " + p.NextTry.UTC().Format(time.RFC3339)
			}
			s.line("  %s since %s, %s, %s: %s", s.style.Bad(ui.Safe(p.Code)), p.Since.UTC().Format(time.RFC3339),
				ui.Number(p.Attempts, "try"), next, ui.Safe(p.Message))
			s.line("    way out: %s", ui.Safe(p.WayOut))
		}
	}
	if len(k.LastHeld) > 0 {
		s.line("")
		s.line("%s", s.style.Bold("Held by the last run about everybody ("+ui.Safe(k.LastRun.ID)+")"))
		for i := range k.LastHeld {
			h := &k.LastHeld[i]
			s.line("  %s%s: %s", ui.KindWords(h.Kind), roleText(&h.Action), ui.Safe(h.Why))
		}
	}
	s.line("")
	if len(k.History) == 0 {
		s.line("%s", s.style.Bold("History: nothing"))
	} else {
		s.line("%s", s.style.Bold("History, the latest last"))
	}
	for _, h := range k.History {
		about := ""
		if h.Role != nil {
			about = " " + ui.Role(h.Role)
		}
		fields := make([]string, len(h.Changes))
		for i, change := range h.Changes {
			fields[i] = change.Field.String()
		}
		if len(fields) > 0 && h.Kind != string(plan.Create) {
			about += " " + strings.Join(fields, ", ")
		}
		text := fmt.Sprintf("  %s  %-7s  %s%s", h.Time.Format(time.RFC3339), ui.Safe(h.Outcome),
			ui.KindWords(plan.Kind(ui.Safe(h.Kind))), about)
		if why := cmp.Or(h.Message, h.Reason); why != "" {
			text += ": " + ui.Safe(why)
		}
		s.line("%s", text)
	}
	if r := k.LastRun; r != nil {
		s.line("")
		text := fmt.Sprintf("The last run about everybody, %s, ended %s ago with exit code %d", ui.Safe(r.ID),
			now.Sub(r.Ended).Round(time.Second), r.ExitCode)
		if r.Message != "" {
			text += ": " + ui.SafeLines(r.Message)[0]
		}
		s.line("%s", s.style.Faint(text))
	}
}
