package ui

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

//go:embed compare.html
var compareText string

// styleText is the style of pages, as a template of its own.
//
//go:embed style.html
var styleText string

var comparePage = template.Must(template.New("compare").Funcs(template.FuncMap{
	"safe":   Safe,
	"words":  KindWords,
	"quoted": Quoted,
	"number": Number,
	"count":  Count,
	"person": Person,
	"role":   Role,
}).Parse(styleText + compareText))

// A compareGroup is one of the groups of people, with what to say of it.
type compareGroup struct {
	ID    string // as in JSON and CSV
	Title string
	Rows  []plan.Compared
	Says  string // what a run makes of them
}

func compareGroups(c *plan.Comparison) []compareGroup {
	groups := []compareGroup{
		{"equal", "Matched and equal", c.Equal, "nothing is done"},
		{"different", "Matched and different", c.Different,
			"sync.on_adopt says whether a first run updates them; the region of an adopted employee is never moved"},
		{"only_okta", "In Okta without an employee", c.OnlyOkta, "a run creates them, where nothing is wrong with them"},
		{"only_tracktik", "Active employees without anyone in Okta", c.OnlyTrackTik,
			"no run touches who is not managed: `retire` ends those who left Okta, and HR decides about the others"},
		{"outside_group", "Hold a role outside its group", c.OutsideGroup,
			"a role that was not granted by this program is not revoked by it"},
		{"terminated", "Terminated in TrackTik, still assigned in Okta", c.Terminated,
			"a managed one is held; for a terminated one who never was, a new employee is created: deactivate in Okta " +
				"whoever has left"},
	}
	if x := c.ExternalIDs; x != nil {
		for _, g := range []compareGroup{
			{ProposedPairs, "Paired by Okta's external id alone", x.Proposed,
				"held as doubtful: check each, then `link` it; `link --file` takes these rows of the CSV"},
			{"external_id_differs", "Whose external id in Okta names another employee", x.Differ,
				"one of the two is not them, or is a double"},
			{"external_id_silent", "Whose external id in Okta says nothing", x.Silent, "the other keys of sync.match decide"},
			{"push_failed", "On whom the portal's own integration failed", x.Failed, "look at what differs"},
		} {
			if len(g.Rows) > 0 {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// A foldedGroup is a group of people on a page; what is long is folded.
type foldedGroup struct {
	compareGroup
	Open bool
}

// OpenRows is how many rows a list on a page may have and stand open.
const OpenRows = 50

// foldedGroups begin with what differs; who is equal comes last.
func foldedGroups(c *plan.Comparison) []foldedGroup {
	groups := compareGroups(c)
	slices.SortStableFunc(groups, func(a, b compareGroup) int {
		return cmp.Compare(strings.Count(a.ID, "equal"), strings.Count(b.ID, "equal"))
	})
	all := make([]foldedGroup, len(groups))
	for i, g := range groups {
		all[i] = foldedGroup{g, g.ID != "equal" && len(g.Rows) <= OpenRows}
	}
	return all
}

// ProposedPairs is the group of CSV whose rows `link --file` reads.
const ProposedPairs = "proposed"

// externalIDs says what Okta's own links are worth; empty: nobody has one.
func externalIDs(x *plan.ComparedExternals) string {
	if x == nil || x.Agree+len(x.Differ)+len(x.Silent) == 0 {
		return ""
	}
	text := fmt.Sprintf("Okta's external id names the right employee for %d of %d people whom another key finds", x.Agree,
		x.Agree+len(x.Differ))
	if x.Agree+len(x.Differ) == 0 {
		text = "Okta's external id: nobody whom another key finds tells what it is worth"
	}
	if len(x.Silent) > 0 {
		text += fmt.Sprintf(", and says nothing of %d more", len(x.Silent))
	}
	if !x.Believed {
		text += ": nobody is matched by it"
	}
	return text
}

// CompareText prints a comparison for people. Who is equal is only counted.
func CompareText(out io.Writer, c *plan.Comparison, style Style) error {
	p := newPrinter(out, style)
	p.line(style.Bold("Comparison"), " of ", c.Created.UTC().Format(time.RFC3339),
		"; both sides were read whole, nothing was written")
	p.line(Safe(c.Okta.Org), " app ", Safe(c.Okta.App), " (", Number(c.Users, "user"), ") -> ", Safe(c.TrackTik.Portal),
		" (", Number(c.Employees, "employee"), ")")
	p.line()
	groups := compareGroups(c)
	for _, g := range groups {
		p.line(fmt.Sprintf("%7d  %s", len(g.Rows), g.Title))
		if g.ID == "only_tracktik" && len(g.Rows) > 0 {
			p.line("         ", Classes(c.Summary.Unmanaged))
		}
	}
	if text := externalIDs(c.ExternalIDs); text != "" {
		p.line()
		p.line(text)
	}
	p.fields(c.Summary.Fields)
	p.observedTable(c)
	for _, g := range groups {
		if len(g.Rows) == 0 || g.ID == "equal" {
			continue
		}
		p.title("%s (%d): %s", g.Title, len(g.Rows), g.Says)
		for i := range g.Rows {
			p.compared(&g.Rows[i])
		}
	}
	p.observed(c.Observed)
	p.warnings(c.Warnings, false)
	return p.out.Flush()
}

// fields counts the differences field by field, the most frequent first.
func (p *printer) fields(counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	p.title("Differences by field")
	for _, name := range ByCount(counts) {
		p.line(fmt.Sprintf("%7d  %s", counts[name], Safe(name)))
	}
}

func (p *printer) compared(row *plan.Compared) {
	p.line("  ", p.style.Bold(whoIs(row)))
	if row.Role != nil {
		p.line("    holds ", Role(row.Role), ", and is not in ", Quoted(row.Group))
	}
	width := 0
	for _, d := range row.Differences {
		width = max(width, len(d.Field))
	}
	for _, d := range row.Differences {
		p.line(fmt.Sprintf("    %-*s  ", width, Safe(d.Field)), Quoted(d.TrackTik), " in TrackTik, ", Quoted(d.Okta),
			" in Okta")
	}
	if text := begin(string(row.Class)) + Safe(row.Note); text != "" {
		p.line("    ", text)
	}
}

// whoIs names a person on both sides.
func whoIs(row *plan.Compared) string {
	var parts []string
	if row.User != (plan.UserRef{}) {
		parts = append(parts, Person(row.User))
	}
	if e := row.Employee; e.ID != 0 {
		text := "employee " + strconv.FormatInt(int64(e.ID), 10)
		if row.User == (plan.UserRef{}) {
			for _, name := range []string{e.Name, e.Username, e.Email, e.Region} {
				if name != "" {
					text += ", " + Safe(name)
				}
			}
		}
		if e.Status != "ACTIVE" {
			text += ", " + Safe(e.Status)
		}
		if row.Match != "" {
			text += " (by " + Safe(row.Match) + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

var compareHeader = []string{"group", "okta_id", "login", "employee_id", "custom_id", "username", "name", "email",
	"status", "region", "match",
	"field", "in_okta", "in_tracktik", "role_id", "role", "group_id", "okta_group", "note", "action", "class"}

// CompareCSV writes a row a person, and of those who differ a row a field.
func CompareCSV(out io.Writer, c *plan.Comparison) error {
	return CSV(out, compareHeader, func(row func(...string) error) error {
		for _, g := range compareGroups(c) {
			for i := range g.Rows {
				if err := compareRows(row, g.ID, &g.Rows[i]); err != nil {
					return err
				}
			}
		}
		for _, g := range observedGroups(c.Observed) {
			for i := range g.Rows {
				if err := observedRow(row, g.ID, &g.Rows[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func compareRows(write func(...string) error, group string, row *plan.Compared) error {
	e := row.Employee
	person := []string{group, string(row.User.ID), row.User.Login, ID(int64(e.ID)), e.CustomID, e.Username,
		cmp.Or(e.Name, row.User.Name), e.Email, e.Status, e.Region, row.Match}
	var role plan.RoleRef
	if row.Role != nil {
		role = *row.Role
	}
	differences := row.Differences
	if len(differences) == 0 {
		differences = []plan.Difference{{}}
	}
	for _, d := range differences {
		cells := append(slices.Clone(person), d.Field, d.Okta, d.TrackTik, ID(int64(role.ID)), role.Name, string(role.Group),
			row.Group, row.Note, "", string(row.Class))
		if err := write(cells...); err != nil {
			return err
		}
	}
	return nil
}

// CompareHTML prints a comparison as one page that needs nothing else.
func CompareHTML(out io.Writer, c *plan.Comparison) error {
	return comparePage.Execute(out, struct {
		*plan.Comparison
		When, Observing, External, Rules string
		Groups                           []compareGroup
		Folded                           []foldedGroup
		Lists                            []observedGroup
		Code                             template.JS
		Fields                           []string // the most frequent first
	}{c, c.Created.UTC().Format(time.RFC3339), observingLine(c), externalIDs(c.ExternalIDs), PageRules(), compareGroups(c),
		foldedGroups(c), observedGroups(c.Observed), searchCode(), ByCount(c.Summary.Fields)})
}
