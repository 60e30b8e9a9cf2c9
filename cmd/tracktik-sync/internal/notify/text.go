package notify

import (
	"cmp"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// maxNamed is how many people one message names; the rest is a number.
const maxNamed = 20

//go:embed messages.tmpl
var messagesText string

var messages = template.Must(template.New("messages").Funcs(template.FuncMap{
	"counts": ui.Counts,
	"number": ui.Number,
	"lag":    ui.LagWords,
	"time":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).Parse(messagesText))

// A writer makes messages.
type writer struct {
	portal   string
	personal bool
	spell    func(string) string // nil: as they are
}

// A page is what a template is given. Its texts are clean.
type page struct {
	Run         string
	Observing   bool
	Cause       string
	LastSuccess time.Time
	Since       time.Time // when things went wrong
	Refusals    []string
	Quarantine  *plan.Quarantine
	Total       int
	People      []string // at most maxNamed
	More        int
	Digest      *Digest
	Neglected   []string
	Last        bool // no more messages for a while
}

// write makes the message about n; t is what its channel knew before.
func (w writer) write(s *Situation, n news, t *told) (Message, error) {
	p := page{Run: s.Run, Observing: s.Mode == "observe", Cause: w.clean(s.Cause), LastSuccess: s.LastSuccess,
		Since:  t.Since,
		Digest: s.Digest, Total: len(n.problems), Last: n.event != Digested && len(t.Sent) == maxADay-1}
	for _, r := range s.Refusals {
		p.Refusals = append(p.Refusals, w.clean(r.Message))
	}
	if s.Quarantine != nil {
		q := *s.Quarantine
		q.System, q.Reason = w.clean(q.System), w.clean(q.Reason)
		p.Quarantine = &q
	}
	for _, text := range s.Neglected {
		p.Neglected = append(p.Neglected, w.clean(text))
	}
	for i := range n.problems[:min(len(n.problems), maxNamed)] {
		p.People = append(p.People, w.person(&n.problems[i]))
	}
	p.More = len(n.problems) - len(p.People)
	m := Message{Event: n.event, Portal: w.portal, Run: s.Run, Counts: s.Counts,
		DedupeKey: ui.Portal(w.portal) + "/" + cmp.Or(n.about, n.event)}
	if n.event == GuardRefused {
		m.Approve = s.approve()
	}
	if m.Counts == nil {
		m.Counts = map[string]int{}
	}
	if n.event == ProblemsNew {
		m.Counts = with(m.Counts, "problems_new", len(n.problems))
	}
	if n.event == Digested {
		m.Counts = digestCounts(s.Digest)
	}
	name := n.event
	if n.event == Recovered && n.about == Housekeeping {
		name, p.Since = "kept_up", t.Neglect
	}
	var b strings.Builder
	if err := messages.ExecuteTemplate(&b, name, p); err != nil {
		return m, fmt.Errorf("writing a message: %w", err)
	}
	m.Text = withoutGaps(b.String())
	if w.spell != nil {
		m.Text = w.spell(m.Text)
	}
	return m, nil
}

// withoutGaps drops the empty lines, which are of what a template left out.
func withoutGaps(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func with(counts map[string]int, key string, n int) map[string]int {
	all := map[string]int{key: n}
	for k, v := range counts {
		all[k] = v
	}
	return all
}

func digestCounts(d *Digest) map[string]int {
	counts := map[string]int{"failed": d.Failed, "runs": d.Runs, "bad_runs": d.BadRuns,
		"managed": d.Managed, "held": d.Held, "problems": d.Problems}
	for _, kind := range plan.Kinds {
		counts[string(kind)] = d.Done[string(kind)]
	}
	return counts
}

// person is one line about a problem: by default the id and the code, and nothing
// that Okta or TrackTik said.
func (w writer) person(t *plan.Trouble) string {
	name := ui.Safe(string(t.Person))
	switch {
	case t.Person == "":
		name = "group " + ui.Safe(string(t.Group))
	case w.personal:
		name = ui.Person(plan.UserRef{ID: t.Person, Login: t.Login})
	}
	text := name + ": " + ui.Safe(t.Code)
	if w.personal && t.Message != "" {
		text += ": " + w.clean(t.Message)
	}
	return text
}

// address matches an e-mail address, or whatever comes near.
var address = regexp.MustCompile(`[^\s<>"'` + "`" + `(),;:=\[\]/]+@[^\s<>"'` + "`" + `(),;:\[\]/]+`)

// clean makes a text from elsewhere fit for one line.
func (w writer) clean(text string) string {
	if !w.personal {
		text = withoutPeople(text)
	}
	return ui.Safe(strings.ReplaceAll(text, "\n", " "))
}

// withoutPeople takes e-mail addresses out of a text, those in URLs too.
func withoutPeople(text string) string {
	const instead = "(e-mail)"
	text = strings.NewReplacer("%40", "@", "%2540", "@").Replace(text)
	return address.ReplaceAllString(text, instead)
}

// head is a message's first line.
func (m *Message) head() string {
	line, _, _ := strings.Cut(m.Text, "\n")
	return line
}

// Subject is one line for a mail: which portal, and what.
func (m *Message) Subject() string { return "tracktik-sync " + ui.Portal(m.Portal) + ": " + m.head() }
