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
	text := fmt.Sprintf("since %s (%s); a thing counts once, however many runs planned it", o.Since.UTC().Format(time.RFC3339), days(c.Created.Sub(o.Since)))
	switch {
	case o.PortalRead == nil:
		text += "; new employees and grants of theirs are not known before a run has read the portal whole"
	case o.PortalRead.After(o.Since):
		text += "; new employees and grants of theirs since " + o.PortalRead.UTC().Format(time.RFC3339)
	}
	if o.Lapsed > 0 {
		text += "; " + strconv.Itoa(o.Lapsed) + " planned once, neither done nor due any more"
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
		for i := range g.Rows {
			p.observedChange(&g.Rows[i])
		}
	}
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
		row.Field, row.Okta, row.TrackTik, ID(int64(role.ID)), role.Name, string(role.Group), "", row.Note, string(row.Kind))
}
