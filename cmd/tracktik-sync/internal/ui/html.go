package ui

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"tracktik-sync/sync/plan"
)

//go:embed page.html
var pageText string

//go:embed style.html
var styleText string

// page escapes everything that comes from the two systems: html/template knows
// text, attributes and addresses from one another.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"words":  KindWords,
	"safe":   Safe,
	"quoted": Quoted,
	"number": Number,
}).Parse(styleText + pageText))

// A pageData is what the template shows.
type pageData struct {
	*plan.Document
	Title       string
	ModeText    string
	ReadText    string
	SummaryText string
	When        string
	Kinds       []kindCount
	RoleWork    []pageAction
	People      []pagePerson
	HeldRoles   []pageAction
	HeldPeople  []pagePerson
}

type kindCount struct {
	Kind  plan.Kind
	Count int
}

type pagePerson struct {
	Name     string
	Employee plan.EmployeeID
	Actions  []pageAction
}

type pageAction struct {
	Kind    plan.Kind
	Removes bool
	Fresh   bool // there was nothing before
	Subject []string
	Changes []plan.Change
	Notes   []string
}

// HTML prints a document as one page that needs nothing else: a plan, or with its
// result a report.
func HTML(out io.Writer, d *plan.Document, planned bool) error {
	people, roles := byPerson(actionEntries(d.Actions))
	heldPeople, heldRoles := byPerson(heldEntries(d.Held))
	data := pageData{
		Document:    d,
		Title:       "Plan " + d.Hash,
		ModeText:    ModeLine(d, planned),
		ReadText:    ReadLine(d),
		SummaryText: Summary(d),
		When:        d.Created.UTC().Format(time.RFC3339),
		RoleWork:    pageActions(roles),
		People:      pagePeople(people),
		HeldRoles:   pageActions(heldRoles),
		HeldPeople:  pagePeople(heldPeople),
	}
	if d.Run != "" {
		data.Title = "Run " + d.Run
	}
	for _, k := range plan.Kinds {
		if n := d.Summary[string(k)]; n > 0 {
			data.Kinds = append(data.Kinds, kindCount{k, n})
		}
	}
	return page.Execute(out, data)
}

func pagePeople(groups []personGroup) []pagePerson {
	people := make([]pagePerson, len(groups))
	for i, g := range groups {
		people[i] = pagePerson{Person(g.user), g.employee, pageActions(g.entries)}
	}
	return people
}

func pageActions(entries []entry) []pageAction {
	actions := make([]pageAction, len(entries))
	for i, e := range entries {
		actions[i] = pageAction{e.action.Kind, e.action.Kind.Removes(), e.action.Kind == plan.Create, subject(e.action), e.action.FieldChanges(), reason(e)}
	}
	return actions
}
