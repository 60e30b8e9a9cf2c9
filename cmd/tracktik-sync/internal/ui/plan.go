// Package ui shows plans, results and progress to people. What it prints of the
// two systems is made harmless first: a display name may hold control characters
// that would move the cursor, colour the screen or turn the direction of a line.
package ui

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

const kindWidth = 12 // of "create role " and the rest

// Plan prints a plan for people: what happens to whom and why, old -> new, what is
// held, what is wrong, and in the end the summary, as far as the view shows it.
func Plan(out io.Writer, d *plan.Document, style Style, view View) error {
	p := newPrinter(out, style)
	p.head(d, view.Planned)
	p.guard(d.Guard, &view)
	if !view.Summary {
		s := view.sift(d)
		list := p.long
		if s.short {
			list = p.short
		}
		list("Refused roles: due, and not done", "Refused: due, and not done", s.refused)
		if s.short && view.Asking {
			s.due = p.gains(s.due)
		}
		list("Roles", "People", s.due)
		list("Held roles: due, and not done", "Held: due, and not done", s.held)
		p.stopped(s.stopped)
		p.problems(s.problems)
		if !view.News {
			p.before(s)
		}
		if len(view.Kinds) == 0 && !view.News {
			p.warnings(d.Warnings, view.Full)
		}
		if s.short {
			p.line()
			p.line("one line a person, because there are many: `tracktik-sync plan --full` shows all fields and ids, " +
				"`--format csv` makes a table")
		}
	}
	p.title("%s", Summary(d))
	if view.Planned || d.Result == nil { // else Result ends with it
		p.mode(d, view.Planned)
	}
	return p.out.Flush()
}

// long prints a person with all fields.
func (p *printer) long(rolesTitle, title string, entries []Entry) {
	people, roles := ByPerson(entries)
	p.roles(rolesTitle, roles)
	p.people(title, people)
}

// stopped counts what waits since a refusal stops everything.
func (p *printer) stopped(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	counts := map[string]int{}
	people := make([]string, len(entries))
	for i, e := range entries {
		counts[string(e.Action.Kind)]++
		people[i] = about(e.Action)
	}
	p.title("Held, since the refusal stops everything (%d)", len(entries))
	p.line("  ", Counts(counts), ": ", Names(people))
}

// A printer writes lines; the writer keeps the first error.
type printer struct {
	out   *bufio.Writer
	style Style
}

func newPrinter(out io.Writer, style Style) *printer {
	return &printer{bufio.NewWriterSize(out, 64<<10), style}
}

// line writes texts and ends the line.
func (p *printer) line(texts ...string) {
	for _, t := range texts {
		_, _ = p.out.WriteString(t) // Flush has the error
	}
	_ = p.out.WriteByte('\n')
}

func (p *printer) title(format string, args ...any) {
	p.line()
	p.line(p.style.Bold(fmt.Sprintf(format, args...)))
}

func (p *printer) head(d *plan.Document, planned bool) {
	p.line(p.style.Bold("Plan "+Safe(d.Hash)), " of ", d.Created.UTC().Format(time.RFC3339), " for ",
		strconv.Itoa(d.Managed), " managed employees")
	p.line(Safe(d.Okta.Org), " app ", Safe(d.Okta.App), " -> ", Safe(d.TrackTik.Portal),
		fmt.Sprintf("; read %s and %s from Okta", Number(d.Source.Users, "user"), Number(d.Source.Groups, "group")))
	p.mode(d, planned)
	if len(d.Options.User) > 0 {
		p.line("only for ", Safe(strings.Join(d.Options.User, ", ")))
	}
	if d.Options.NoRemovals {
		p.line("without removals")
	}
}

func (p *printer) mode(d *plan.Document, planned bool) {
	p.line(ModeLine(d, planned))
	p.line(ReadLine(d))
}

func (p *printer) roles(title string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	p.title("%s (%d)", title, len(entries))
	for _, e := range entries {
		p.entry(e)
	}
}

func (p *printer) people(title string, people []PersonGroup) {
	if len(people) == 0 {
		return
	}
	p.title("%s (%d)", title, len(people))
	for i := range people {
		p.person(&people[i])
	}
}

func (p *printer) person(g *PersonGroup) {
	name := Person(g.User)
	if g.Employee != 0 {
		name += ", employee " + strconv.FormatInt(int64(g.Employee), 10)
	}
	p.line("  ", p.style.Bold(name))
	for _, e := range g.Entries {
		p.entry(e)
	}
}

// entry writes one action: its kind, then what changes, each on a line of its own,
// then why.
func (p *printer) entry(e Entry) {
	details := Subject(e.Action)
	if e.Again {
		details = append(details, "held: "+Safe(e.Why))
	} else {
		details = append(details, aligned(Changes(e.Action), e.Action.Kind == plan.Create)...)
		details = append(details, Reasons(e.Action, e.Why)...)
	}
	if len(details) == 0 {
		details = []string{""}
	}
	kind := KindWords(e.Action.Kind)
	pad := strings.Repeat(" ", max(0, kindWidth-len(kind)))
	p.line("    ", p.paint(e.Action.Kind, kind), pad, " ", details[0])
	for _, text := range details[1:] {
		p.line("    ", strings.Repeat(" ", kindWidth), " ", text)
	}
}

func (p *printer) paint(k plan.Kind, text string) string {
	switch {
	case k.Removes():
		return p.style.Bad(text)
	case k == plan.Update || k == plan.RenameRole:
		return p.style.Changed(text)
	}
	return p.style.Good(text)
}

// Subject is what an action is about besides the person.
func Subject(a *plan.Action) []string {
	var lines []string
	if a.Role != nil {
		text := Role(a.Role)
		if a.Replaces {
			text += ", one for the other"
		}
		lines = append(lines, text)
	}
	x := a.Extras()
	if x.Retires != nil {
		lines = append(lines, Safe(x.Retires.Link.Pushed.FullName()))
	}
	if x.Key != "" {
		lines = append(lines, "matched by "+Safe(x.Key))
	}
	return lines
}

// Changes are those worth a line: the name of a new role is its subject already.
func Changes(a *plan.Action) []plan.Change {
	if a.Kind == plan.CreateRole {
		return nil
	}
	return a.FieldChanges()
}

// aligned writes the changes of one action in columns. Fields' names are ASCII.
// fresh says that there was nothing before.
func aligned(changes []plan.Change, fresh bool) []string {
	width := 0
	for _, c := range changes {
		width = max(width, len(c.Field.String()))
	}
	lines := make([]string, len(changes))
	for i, c := range changes {
		name := c.Field.String()
		if c.Old == "" && c.New == "" { // the values were left out
			lines[i] = name
			continue
		}
		lines[i] = name + strings.Repeat(" ", width-len(name)) + "  " + oldText(c, fresh) + Quoted(c.New)
	}
	return lines
}

func oldText(c plan.Change, fresh bool) string {
	if fresh {
		return ""
	}
	return Quoted(c.Old) + " -> "
}

// Reasons say why an action is due, how that is known, and why it is held, if it is.
func Reasons(a *plan.Action, held string) []string {
	text := Safe(a.Reason)
	if x := a.Extras(); x.Evidence != "" {
		text += " (evidence: " + Safe(x.Evidence) + ")"
	}
	if a.Drift {
		text += " (drift)"
	}
	var lines []string
	if text = strings.TrimSpace(text); text != "" {
		lines = append(lines, text)
	}
	if held != "" {
		lines = append(lines, "held: "+Safe(held))
	}
	return lines
}

func (p *printer) problems(problems []plan.Problem) {
	if len(problems) == 0 {
		return
	}
	width := 0
	for _, problem := range problems {
		width = max(width, len(problem.Code))
	}
	p.title("Problems (%d): nothing is written for these people until it is settled", len(problems))
	for _, problem := range problems {
		code := fmt.Sprintf("%-*s", width, Safe(problem.Code))
		p.line("  ", p.style.Bad(code), "  ", begin(Whose(&problem)), Safe(problem.Message))
	}
}

// warningText is a warning in one line.
func warningText(w *plan.Warning) string {
	field := ""
	if w.Field != "" && !strings.Contains(w.Message, w.Field) {
		field = Safe(w.Field) + ": "
	}
	return who(w.User) + field + Safe(w.Message)
}

// who begins a sentence about a person, or about nobody.
func who(u plan.UserRef) string { return begin(Person(u)) }

func begin(who string) string {
	if who == "" {
		return ""
	}
	return who + ": "
}

func (p *printer) guard(g plan.GuardReport, view *View) {
	refusals := g.Refusals
	if view.News && !view.Lasting {
		refusals = slices.DeleteFunc(slices.Clone(refusals), func(r plan.Refusal) bool { return view.Before.refusal(&r) })
	}
	if len(refusals) == 0 {
		return
	}
	p.title("Refused by a guard")
	for _, text := range RefusalLines(refusals) {
		p.line("  ", p.style.Bad("refused"), ": ", text)
	}
	for i := range refusals {
		if r := &refusals[i]; r.Approve != "" && !strings.Contains(r.Message, r.Approve) {
			p.line("    to let exactly these pass: tracktik-sync sync --approve ", Safe(r.Approve))
		}
	}
}

// RefusalLines say each fact of refusals once, harmless, and behind the last of those that share it what
// waits and the way out.
func RefusalLines(refusals []plan.Refusal) []string {
	var lines []string
	for i := range refusals {
		text := refusalText(&refusals[i])
		fact, tail, _ := strings.Cut(text, "; ")
		if i < len(refusals)-1 {
			if _, next, _ := strings.Cut(refusalText(&refusals[i+1]), "; "); next == tail {
				text = fact
			}
		}
		lines = append(lines, text)
	}
	return lines
}

func refusalText(r *plan.Refusal) string {
	return strings.Join(SafeLines(strings.TrimPrefix(r.Message, "guard refused: ")), " ")
}
