package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// An observedGroup is one list of what came of observing.
type observedGroup struct {
	ID    string // of CSV
	Title string
	Rows  []plan.ObservedChange
	Says  string
}

func observedGroups(o *plan.Observation) []observedGroup {
	if o == nil {
		return nil
	}
	return []observedGroup{
		{"observed_agreed", "Agreed", o.Agreed, "due, and done by the portal's other provisioner or by hand as well"},
		{"observed_only_we", "Only we", o.OnlyWe, "due and not done there: a run that writes does it"},
		{"observed_only_they", "Only they", o.OnlyThey, "done there while observing, and nothing in Okta asks for it"},
	}
}

// observingLine says how long was observed, and how much of it is known.
func observingLine(c *plan.Comparison) string {
	o := c.Observed
	if o == nil {
		return ""
	}
	text := fmt.Sprintf("since %s (%s); a change counts once, also when several runs planned it", o.Since.UTC().
		Format(time.RFC3339), days(c.Created.Sub(o.Since)))
	switch {
	case o.PortalRead == nil:
		text += "; new employees and grants of theirs are not known before a run has read the portal whole"
	case o.PortalRead.After(o.Since):
		text += "; new employees and grants of theirs since " + o.PortalRead.UTC().Format(time.RFC3339)
	}
	if o.Lapsed > 0 {
		text += "; of what we planned, " + strconv.Itoa(o.Lapsed) +
			" lapsed: Okta changed back before anybody did it, so nobody is counted for it"
	}
	return text
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.Round(time.Minute).String()
	}
	return Number(int(d/day), "day")
}

// observedTable is the sum of observing, a row a kind.
func (p *printer) observedTable(c *plan.Comparison) {
	if c.Observed == nil {
		return
	}
	p.title("While observing")
	p.line("  ", observingLine(c))
	p.line(fmt.Sprintf("%14s  %7s  %7s  %9s", "", "agreed", "only we", "only they"))
	for _, row := range c.Observed.Table {
		p.line(fmt.Sprintf("%14s  %7d  %7d  %9d", KindWords(row.Kind), row.Agreed, row.OnlyWe, row.OnlyThey))
	}
}

// observed lists what the two did not agree in; what they did is only counted.
func (p *printer) observed(o *plan.Observation) {
	for _, g := range observedGroups(o) {
		if len(g.Rows) == 0 || g.ID == "observed_agreed" {
			continue
		}
		p.title("%s (%d): %s", g.Title, len(g.Rows), g.Says)
		for _, rows := range folded(g.Rows) {
			p.observedChange(&rows[0])
			if len(rows) > 1 {
				p.line("    and ", strconv.Itoa(len(rows)-1), " more of that kind: ", someOf(rows[1:]))
			}
		}
	}
}

// listed is how many changes are listed one by one; of more, those that say the same are
// folded into one.
const listed = 50

// folded puts changes together that say the same of different people, in the order of the
// first of each.
func folded(rows []plan.ObservedChange) [][]plan.ObservedChange {
	var all [][]plan.ObservedChange
	at := map[string]int{}
	for i := range rows {
		r := &rows[i]
		role := plan.RoleRef{}
		if r.Role != nil {
			role = *r.Role
		}
		key := fmt.Sprint(r.Kind, "|", r.Field, "|", role.ID, role.Group, "|", r.Note)
		if r.Field == "" {
			key += "|" + r.Okta + "|" + r.TrackTik
		}
		j, known := at[key]
		if !known || len(rows) <= listed {
			at[key] = len(all)
			all = append(all, []plan.ObservedChange{*r})
			continue
		}
		all[j] = append(all[j], *r)
	}
	return all
}

// someOf names three of them.
func someOf(rows []plan.ObservedChange) string {
	const few = 3
	var names []string
	for i := range rows[:min(few, len(rows))] {
		name := Safe(rows[i].User.Login)
		if name == "" {
			name = "employee " + ID(int64(rows[i].Employee))
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if len(rows) > few {
		text += ", …; --format csv has each"
	}
	return text
}

func (p *printer) observedChange(row *plan.ObservedChange) {
	var who []string
	if row.User != (plan.UserRef{}) {
		who = append(who, Person(row.User))
	}
	if row.Employee != 0 {
		who = append(who, "employee "+ID(int64(row.Employee)))
	}
	if row.Role != nil {
		who = append(who, Role(row.Role))
	}
	p.line("  ", p.style.Bold(KindWords(row.Kind)), "  ", strings.Join(who, ", "))
	if row.Field != "" {
		p.line("    ", Safe(row.Field), "  ", Quoted(row.TrackTik), " in TrackTik, ", Quoted(row.Okta), " in Okta")
	}
	if row.Field == "" && row.Okta+row.TrackTik != "" {
		p.line("    Okta: ", Safe(row.Okta), "; TrackTik: ", Safe(row.TrackTik))
	}
	if row.Planned != nil {
		p.line("    due since ", row.Planned.UTC().Format(time.RFC3339))
	}
	if row.Note != "" {
		p.line("    ", Safe(row.Note))
	}
}

// observedRow is a row of CSV.
func observedRow(write func(...string) error, group string, row *plan.ObservedChange) error {
	var role plan.RoleRef
	if row.Role != nil {
		role = *row.Role
	}
	return write(group, string(row.User.ID), row.User.Login, ID(int64(row.Employee)), "", "", "", "", "", "", "",
		row.Field, row.Okta, row.TrackTik, ID(int64(role.ID)), role.Name, string(role.Group), "", row.Note, string(row.Kind),
		"")
}
