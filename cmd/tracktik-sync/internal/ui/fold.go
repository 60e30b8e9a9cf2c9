package ui

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// A fold is what has one code, in the order of the first.
type fold struct {
	code   string
	count  int
	people []string
}

func foldBy[T any](rows []T, of func(*T) (code, person string)) []fold {
	var all []fold
	for i := range rows {
		code, person := of(&rows[i])
		at := slices.IndexFunc(all, func(f fold) bool { return f.code == code })
		if at < 0 {
			at = len(all)
			all = append(all, fold{code: code})
		}
		all[at].count++
		all[at].people = append(all[at].people, person)
	}
	return all
}

// folds prints a line a code: how many, and three names.
func (p *printer) folds(all []fold) {
	wide := 0
	for _, f := range all {
		wide = max(wide, len(f.code))
	}
	for _, f := range all {
		p.line(fmt.Sprintf("  %-*s  %5d  ", wide, Safe(f.code), f.count), Names(f.people))
	}
}

// before prints what the last run had already.
func (p *printer) before(s *sifted) {
	if len(s.heldOld) > 0 {
		p.title("Held as in the last run (%d): `tracktik-sync problems --held` shows each", len(s.heldOld))
		p.folds(foldBy(s.heldOld, func(h *plan.Held) (string, string) { return h.Code(), about(&h.Action) }))
	}
	if len(s.oldWrong) > 0 {
		p.title("Problems as in the last run (%d): `tracktik-sync problems` shows each", len(s.oldWrong))
		p.folds(foldBy(s.oldWrong, func(w *plan.Problem) (string, string) { return w.Code, ShortName(w.User) }))
	}
}

// about names whom or what an action is about.
func about(a *plan.Action) string {
	if name := ShortName(a.User); name != "" {
		return name
	}
	if a.Role != nil {
		return Quoted(a.Role.Name)
	}
	return ""
}

// fewWarnings is how many warnings of one code are shown each; more are folded.
const fewWarnings = 3

func (p *printer) warnings(warnings []plan.Warning, full bool) {
	if len(warnings) == 0 {
		return
	}
	p.title("Warnings (%d)", len(warnings))
	byCode := map[string]int{}
	wide := 0
	for i := range warnings {
		byCode[warnings[i].Code]++
		wide = max(wide, len(warnings[i].Code))
	}
	var many []plan.Warning
	for i := range warnings {
		w := &warnings[i]
		if !full && byCode[w.Code] > fewWarnings {
			many = append(many, *w)
			continue
		}
		p.line("  ", p.style.Changed(fmt.Sprintf("%-*s", wide, Safe(w.Code))), "  ", warningText(w))
	}
	for _, f := range foldBy(many, func(w *plan.Warning) (string, string) { return w.Code, ShortName(w.User) }) {
		p.line("  ", p.style.Changed(fmt.Sprintf("%-*s", wide, Safe(f.code))), fmt.Sprintf("  %d of this kind: ", f.count),
			Names(f.people))
	}
	if len(many) > 0 {
		p.line("  `tracktik-sync plan --full` shows each")
	}
}

// gains folds by kind what takes nothing from anybody, and gives back the rest.
func (p *printer) gains(entries []Entry) (rest []Entry) {
	var gains []Entry
	for _, e := range entries {
		if e.Action.Kind.Removes() {
			rest = append(rest, e)
		} else {
			gains = append(gains, e)
		}
	}
	if len(gains) > 0 {
		p.title("To do, and nobody loses anything by it: `tracktik-sync plan` lists each")
		p.folds(foldBy(gains, func(e *Entry) (string, string) { return KindWords(e.Action.Kind), about(e.Action) }))
	}
	return rest
}
