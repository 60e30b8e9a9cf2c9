// Package report makes one page of HTML about a plan or a run: for whoever approves
// the one, and for whoever asks about the other. The page needs nothing besides
// itself: no network, and its script only for the search.
//
// Everything in it that comes from Okta or TrackTik is shown by html/template, which
// escapes by context, after ui.Safe, which shows what is invisible. A policy in the page
// (Content-Security-Policy) forbids every script but its own.
package report

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// Most is how many entries of a list a page shows; the rest is counted.
const Most = 2000

// A Report is what there is to say about a plan or a run.
type Report struct {
	Document *plan.Document
	// Planned says that nothing is written by it: a plan.
	Planned bool
	// File is where a saved plan lies; empty: it was not saved.
	File string

	Record *plan.RunRecord  // of a run; nil: it is a plan
	Ending string           // its exit code in words: "exit 3: refused by a guard"
	Trail  *Trail           // its audit trail; nil: there is none
	Trend  []plan.RunRecord // the last runs up to this one, the oldest first

	WayOut func(code string) string // what settles a problem or a held action
	// Program is how tracktik-sync is called from where the page is read; empty: so.
	Program string
	Made    time.Time
}

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	styleText string
)

// page escapes everything that comes from the two systems: html/template knows
// text, attributes and addresses from one another.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"words": ui.KindWords, "safe": ui.Safe, "quoted": ui.Quoted, "count": ui.Count,
}).Parse(pageText))

// A view is what the template shows.
type view struct {
	Title, Lead string
	Ending      string
	EndingClass string
	Mode, Read  string
	Facts       []fact
	Tiles       []tile
	Approve     string // the command that carries a plan out
	All         string // the command that shows everything
	Message     string
	Refusals    []refusal
	Failures    list[item]

	Lanes           []lane
	LaneFrom, Lasts string
	Charts          []chart
	Runs            []trendRow

	Done, Held         string // titles of the two lists
	Roles, HeldRoles   list[action]
	People, HeldPeople list[person]
	Problems, Warnings list[item]

	// Rest is how many entries are not on the page, and where they are.
	Rest  int
	Foot  string
	Style template.CSS
	Code  template.JS
	Rules string
}

type fact struct{ Label, Value string }

type tile struct {
	Count        string
	Label, Class string
}

// A list is what is shown of something that may be long.
type list[T any] struct {
	Shown []T
	Total int    // of what is counted in the title
	More  int    // entries that are not shown
	All   string // the command that shows them
}

// Open reports a list that is short enough to stand open; a long one is folded until somebody
// opens it, or searches.
func (l list[T]) Open() bool { return l.Total <= ui.OpenRows }

// HTML writes the page.
func (r *Report) HTML(w io.Writer) error {
	v := r.head()
	r.charts(v)
	r.lists(v)
	v.Rest = v.Roles.More + v.People.More + v.HeldRoles.More + v.HeldPeople.More + v.Problems.More + v.Warnings.More
	v.Style, v.Code, v.Rules = template.CSS(styleText), template.JS(ui.SearchScript), ui.PageRules() //nolint:gosec // both are our own files
	return page.Execute(w, v)
}
