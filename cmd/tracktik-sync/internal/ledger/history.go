package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// How logins and logouts are called in the history.
const (
	AuthLoginKind  = "auth login"
	AuthLogoutKind = "auth logout"
)

// AuditKinds are the kinds of entries that there are: actions, and what else people and
// the program record.
var AuditKinds = func() []string {
	kinds := []string{"approve", "link", "unlink", "relink", "retry", "forget", "restore", "rebind", AuthLoginKind,
		AuthLogoutKind}
	for _, k := range plan.Kinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return kinds
}()

// Outcomes are those that entries have.
var Outcomes = []string{plan.Done, plan.Found, plan.Failed, plan.Unknown, plan.Withheld, plan.Would}

// A HistoryLine is one entry as `history --format json` prints it.
type HistoryLine struct {
	Time     time.Time       `json:"time"`
	Run      string          `json:"run,omitempty"`
	By       string          `json:"by"`
	Kind     string          `json:"kind"`
	User     plan.UserRef    `json:"user,omitzero"`
	Employee plan.EmployeeID `json:"employee_id,omitempty"`
	Role     *plan.RoleRef   `json:"role,omitempty"`
	Changes  []plan.Change   `json:"changes,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Outcome  string          `json:"outcome"`
	Approved bool            `json:"approved,omitempty"`
	Attempts int             `json:"attempts"`
	Request  string          `json:"request_id,omitempty"`
	Message  string          `json:"message,omitempty"`
}

// A Trail is the part of the audit trail that a query names, the oldest entry first.
type Trail struct {
	DB     *state.DB
	Query  state.Query
	Redact bool // without what the history leaves out by state.redact_history
	Shown  int  // entries, once they are written

	names *Names
}

// WriteJSON writes an entry a line.
func (t *Trail) WriteJSON(w io.Writer) error {
	return t.each(func(a plan.Audit, name string) error {
		line := lineOf(a)
		line.User.Name = name
		return ui.WriteJSON(w, line)
	})
}

// manyEntries are so many of one run that they are a line each, or counted where nobody
// has asked for that run or for a kind.
const manyEntries = 50

// WriteText writes the entries for people, a line each unless all of them is wanted; a line a
// person of one run with many. What was held stands apart from what was done: a run of the
// same is one line.
func (t *Trail) WriteText(w io.Writer, style ui.Style, full bool) error {
	p := &trailPrinter{w: w, style: style, full: full, held: map[heldSet]*heldCount{}, all: len(t.Query.Outcomes) > 0 ||
		t.Query.Person != ""}
	var err error
	if p.many, err = t.largeRuns(); err != nil {
		return err
	}
	q := &t.Query
	p.full = full || q.Person != "" || q.Run != "" && len(p.many) == 0
	p.fold = !full && q.Run == "" && q.Person == "" && len(q.Kinds)+len(q.Outcomes) == 0
	if !p.full && q.Run != "" && p.many[q.Run] {
		p.list = &runList{byPerson: map[personKey]*personRow{}}
	}
	if err := t.each(p.entry); err != nil {
		return err
	}
	if p.list != nil {
		return errors.Join(p.list.print(w, style), p.end())
	}
	return errors.Join(p.counts(), p.end())
}

// largeRuns are the runs with many entries that were not held.
func (t *Trail) largeRuns() (map[string]bool, error) {
	many, entries := map[string]bool{}, map[string]int{}
	for entry, err := range t.DB.Audits(t.Query) {
		if err != nil {
			return nil, err
		}
		if entries[entry.Run]++; entry.Run != "" && entry.Outcome != plan.Withheld && entries[entry.Run] > manyEntries {
			many[entry.Run] = true
		}
	}
	return many, nil
}

// WriteCSV writes an entry a row.
func (t *Trail) WriteCSV(w io.Writer) error {
	return ui.CSV(w, historyHeader, func(write func(...string) error) error {
		return t.each(func(a plan.Audit, name string) error { return write(append(historyCells(a), name)...) })
	})
}

// A trailPrinter prints entries as they come, and in the end what was held.
type trailPrinter struct {
	w     io.Writer
	style ui.Style
	all   bool // held ones too, each
	full  bool // all of an entry; else a line
	fold  bool // and of a run with many entries their counts
	many  map[string]bool
	run   *runCount // that is being counted; nil: none
	list  *runList  // of the one run that was asked for, where it has many; nil: it has few
	held  map[heldSet]*heldCount
	order []heldSet
}

type heldSet struct{ kind, code string }

type heldCount struct {
	entries int
	people  map[string]bool
	names   []string
}

// A runCount is what one run did, counted.
type runCount struct {
	last     plan.Audit
	outcomes []string
	kinds    map[string]map[string]int // by outcome
	names    []string
}

// count adds an entry to its run's counts.
func (p *trailPrinter) count(a plan.Audit, name string) {
	if p.run == nil {
		p.run = &runCount{kinds: map[string]map[string]int{}}
	}
	r := p.run
	if r.last = a; r.kinds[a.Outcome] == nil {
		r.kinds[a.Outcome], r.outcomes = map[string]int{}, append(r.outcomes, a.Outcome)
	}
	r.kinds[a.Outcome][a.Kind]++
	r.names = append(r.names, ui.ShortName(plan.UserRef{ID: a.Person, Login: a.Login, Name: name}))
}

// counts writes the counts of the run that was counted last.
func (p *trailPrinter) counts() error {
	r := p.run
	if r == nil {
		return nil
	}
	p.run = nil
	for _, outcome := range r.outcomes {
		if _, err := fmt.Fprintf(p.w, "%s  %s  %s\n", r.last.Time.UTC().Format(time.RFC3339), outcomeText(outcome, p.style),
			ui.Counts(r.kinds[outcome])); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(p.w, "    %s: `tracktik-sync history --run %s` shows each\n", ui.Names(r.names),
		ui.Safe(r.last.Run))
	return err
}

func (p *trailPrinter) entry(a plan.Audit, name string) error {
	if p.run != nil && p.run.last.Run != a.Run {
		if err := p.counts(); err != nil {
			return err
		}
	}
	if p.fold && p.many[a.Run] && a.Outcome != plan.Withheld && slices.Contains(plan.Kinds, plan.Kind(a.Kind)) {
		p.count(a, name)
		return nil
	}
	if a.Outcome != plan.Withheld || p.all {
		text := historyText(a, name, p.style, p.full)
		if p.list != nil {
			p.list.add(a, name, text)
			return nil
		}
		_, err := io.WriteString(p.w, text)
		return err
	}
	set := heldSet{a.Kind, plan.Held{Why: a.Message}.Code()}
	count := p.held[set]
	if count == nil {
		count = &heldCount{people: map[string]bool{}}
		p.held[set], p.order = count, append(p.order, set)
	}
	count.entries++
	who := ui.ShortName(plan.UserRef{ID: a.Person, Login: a.Login, Name: name})
	if !count.people[who] {
		count.people[who] = true
		count.names = append(count.names, who)
	}
	return nil
}

// end prints what was held, folded.
func (p *trailPrinter) end() error {
	if len(p.order) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(p.w, "\n%s\n", p.style.Bold("Held, and not done (`--outcome held` shows each)")); err != nil {
		return err
	}
	t := ui.NewTable(p.w, p.style)
	for _, set := range p.order {
		count := p.held[set]
		t.Row("  "+ui.KindWords(plan.Kind(ui.Safe(set.kind))), ui.Safe(set.code), ui.Number(count.entries, "time"),
			ui.Names(count.names))
	}
	return t.Flush()
}

func (t *Trail) each(show func(a plan.Audit, name string) error) error {
	if t.names == nil {
		t.names = NewNames(t.DB)
	}
	for entry, err := range t.DB.Audits(t.Query) {
		if err != nil {
			return err
		}
		t.Shown++
		name := ""
		if t.Redact {
			entry = redactEntry(entry)
		} else if name, err = t.names.Of(entry.Person); err != nil {
			return err
		}
		if err := show(entry, name); err != nil {
			return err
		}
	}
	return nil
}

// lineOf is an entry as it is printed.
func lineOf(a plan.Audit) HistoryLine {
	return HistoryLine{a.Time.UTC(), a.Run, a.By, a.Kind, plan.UserRef{ID: a.Person, Login: a.Login}, a.Employee, a.Role,
		a.Changes, a.Reason, a.Outcome, a.Approved, a.Attempts, a.Request, a.Message}
}

func outcomeText(outcome string, style ui.Style) string {
	text := fmt.Sprintf("%-7s", ui.Safe(outcome))
	switch outcome {
	case plan.Failed, plan.Unknown:
		return style.Bad(text)
	case plan.Withheld, plan.Would:
		return style.Changed(text)
	}
	return style.Good(text)
}

// historyText is one entry in as many lines as it has changes.
func historyText(a plan.Audit, name string, style ui.Style, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %-12s", a.Time.UTC().Format(time.RFC3339), outcomeText(a.Outcome, style),
		ui.KindWords(plan.Kind(ui.Safe(a.Kind))))
	if u := (plan.UserRef{ID: a.Person, Login: a.Login, Name: name}); u != (plan.UserRef{}) {
		if !full && u.Login != "" {
			u.ID = ""
		}
		b.WriteString("  " + style.Bold(ui.Person(u)))
	}
	if a.Employee != 0 {
		fmt.Fprintf(&b, ", employee %d", a.Employee)
	}
	if a.Role != nil {
		role := *a.Role
		if !full && role.Name != "" {
			role.ID, role.Group = 0, ""
		}
		b.WriteString("  " + ui.Role(&role))
	}
	if !full {
		if fields := ui.FieldsOf(a.Changes); fields != "" && a.Kind != string(plan.Create) {
			b.WriteString("  " + fields)
		}
		why := cmp.Or(a.Message, a.Reason)
		if a.Outcome == plan.Done && (a.Kind == string(plan.Create) || a.Kind == string(plan.GrantRole)) {
			why = "" // the most frequent ones, and what one expects
		}
		if why != "" {
			b.WriteString("  " + ui.Safe(why))
		}
		if a.Run != "" {
			b.WriteString("  " + style.Faint("run "+ui.Safe(a.Run)))
		}
		return b.String() + "\n"
	}
	b.WriteByte('\n')
	for _, change := range a.Changes {
		b.WriteString("    " + ui.ChangeText(change) + "\n")
	}
	for _, text := range []string{a.Reason, a.Message} {
		if text != "" {
			b.WriteString("    " + ui.Safe(text) + "\n")
		}
	}
	b.WriteString("    " + style.Faint(historyOrigin(a)) + "\n")
	return b.String()
}

// historyOrigin says by whom, in which run and with which call.
func historyOrigin(a plan.Audit) string {
	text := "by " + ui.Safe(a.By)
	if a.Run != "" {
		text += ", run " + ui.Safe(a.Run)
	}
	if a.Request != "" {
		text += ", request " + ui.Safe(a.Request)
	}
	if a.Attempts > 1 {
		text += ", " + strconv.Itoa(a.Attempts) + " calls"
	}
	if a.Approved {
		text += ", approved"
	}
	return text
}

var historyHeader = []string{"time", "run", "by", "kind", "okta_id", "login", "employee_id", "role_id", "role",
	"group_id", "changes", "reason", "outcome", "attempts", "request_id", "message", "name"}

func historyCells(a plan.Audit) []string {
	var role plan.RoleRef
	if a.Role != nil {
		role = *a.Role
	}
	changes := make([]string, len(a.Changes))
	for i, change := range a.Changes {
		changes[i] = ui.ChangeText(change)
	}
	return []string{a.Time.UTC().Format(time.RFC3339), a.Run, a.By, a.Kind, string(a.Person), a.Login,
		ui.ID(int64(a.Employee)),
		ui.ID(int64(role.ID)), role.Name, string(role.Group), strings.Join(changes, "; "), a.Reason, a.Outcome,
		strconv.Itoa(a.Attempts), a.Request, a.Message}
}
