package world

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A Disagreement is something that a sync, run to its end, would not have left.
type Disagreement struct {
	User     string `json:"user,omitempty"`     // Okta id
	Employee int64  `json:"employee,omitempty"` // TrackTik id
	Text     string `json:"text"`
}

// An auditor holds TrackTik's side while it is compared.
type auditor struct {
	active  map[string]tracktiktest.Employee // by folded username
	byMail  map[string]string                // folded username by folded e-mail
	regions map[string]int64                 // by folded name
	roles   map[string]int64                 // by name
	posts   map[int64]*Group                 // pushed groups by role
	held    map[int64]map[int64]bool         // roles by employee
	known   map[int64]bool                   // active employees who may be
	found   []Disagreement
}

// Audit compares both sides by the rules that the generated configuration has, and
// knows nothing of how a sync works. Ordinary people are compared in full; of those
// who are broken on purpose it says only what must not happen to the employees who
// were there before. Changes made by hand in TrackTik are disagreements until a
// refresh repairs them.
func (w *World) Audit() []Disagreement {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.auditor()
	for _, p := range w.people {
		w.judge(a, p)
	}
	for _, before := range w.bystanders {
		a.known[before.ID] = true
		now, _ := w.TrackTik.Employee(before.ID)
		if now.Status == tracktiktest.Terminated && w.incumbent != nil && w.incumbent.why[before.ID] == deactivated {
			continue // who left long ago may be retired
		}
		if now.Status != before.Status || now.Username != before.Username || now.Email != before.Email {
			a.find("", before.ID, "is %s as %q, and was %s as %q: this employee is not ours to touch", now.Status, now.Username, before.Status, before.Username)
		}
	}
	for _, e := range a.active {
		if !a.known[e.ID] {
			a.find("", e.ID, "is ACTIVE as %q, and nobody in scope is that", e.Username)
		}
	}
	return a.found
}

func (a *auditor) find(user string, employee int64, format string, args ...any) {
	a.found = append(a.found, Disagreement{user, employee, fmt.Sprintf(format, args...)})
}

func (w *World) auditor() *auditor {
	a := &auditor{active: map[string]tracktiktest.Employee{}, byMail: map[string]string{}, regions: map[string]int64{},
		roles: map[string]int64{}, posts: map[int64]*Group{}, held: map[int64]map[int64]bool{}, known: map[int64]bool{tracktiktest.IntegrationEmployee: true}}
	for _, e := range w.TrackTik.Employees() {
		if e.Status == tracktiktest.Active {
			name := cmp.Or(fold(e.Username), fmt.Sprintf("#%d", e.ID)) // a reactivated one may have none
			a.active[name] = e
			a.byMail[fold(e.Email)] = name
		}
	}
	for _, r := range w.TrackTik.Regions() {
		a.regions[fold(r.Name)] = r.ID
	}
	for _, r := range w.TrackTik.Roles() {
		a.roles[norm.NFC.String(r.Name)] = r.ID
	}
	for _, g := range w.posts {
		if role, made := a.roles[norm.NFC.String(g.Name)]; made {
			a.posts[role] = g
		}
	}
	for _, g := range w.TrackTik.Grants() {
		if a.held[g.Employee] == nil {
			a.held[g.Employee] = map[int64]bool{}
		}
		a.held[g.Employee][g.Role] = true
	}
	return a
}

// judge compares one person with their employee.
func (w *World) judge(a *auditor, p *Person) {
	e, there := a.active[fold(cmp.Or(p.userName, p.Login))]
	switch {
	case !p.judged, p.Status == oktatest.StatusSuspended, p.Status == oktatest.StatusStaged:
		a.allow(p)
	case p.Status == oktatest.StatusDeprovisioned || p.Status == Deleted || !p.Assigned():
		if !p.left {
			a.allow(p) // never was in scope
		}
	case !there:
		a.find(p.ID, 0, "%s is in scope as %s, and no active employee has that username", quoted(p.Name()), p.userName)
	default:
		a.known[e.ID] = true
		w.compare(a, p, e)
	}
}

// allow says that a person's employee may be active, or not.
func (a *auditor) allow(p *Person) {
	for _, name := range []string{fold(p.userName), fold(p.Login), a.byMail[fold(p.Email)]} {
		if e, there := a.active[name]; there {
			a.known[e.ID] = true
		}
	}
}

func (w *World) compare(a *auditor, p *Person, e tracktiktest.Employee) {
	type pair struct{ field, want, got string }
	pairs := []pair{{"firstName", p.First, e.FirstName}, {"lastName", p.Last, e.LastName}, {"email", strings.ToLower(p.Email), strings.ToLower(e.Email)},
		{"jobTitle", w.title(p), e.JobTitle}}
	if utf8.RuneCountInString(p.Phone) <= 20 {
		pairs = append(pairs, pair{"primaryPhone", p.Phone, e.PrimaryPhone})
	}
	if !p.unplaced || p.byHand != 0 {
		pairs = append(pairs, pair{"region", strconv.FormatInt(cmp.Or(p.byHand, a.regionOf(p)), 10), strconv.FormatInt(e.Region, 10)})
	}
	for _, x := range pairs {
		if clean(x.want) != clean(x.got) {
			a.find(p.ID, e.ID, "%s of %s is %q, and should be %q", x.field, p.userName, x.got, strings.TrimSpace(x.want))
		}
	}
	for _, g := range p.posts() {
		if role, made := a.roles[norm.NFC.String(g.Name)]; !made || !a.held[e.ID][role] {
			a.find(p.ID, e.ID, "%s is a member of %s, and does not hold that role", p.userName, g.Name)
		}
	}
	for role := range a.held[e.ID] {
		if g := a.posts[role]; g != nil && !p.in(g) && !w.givenByHand(e.ID, role) {
			a.find(p.ID, e.ID, "%s holds the role %s, and is not a member of that group", p.userName, g.Name)
		}
	}
}

// clean is how values are compared: what differs in space around it and in
// composition alone is equal.
func clean(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// title is the job title that counts: of the assignment, else of the profile.
func (w *World) title(p *Person) string {
	if title := p.app["title"]; title != "" {
		return title
	}
	if p.via != nil {
		if title, ok := p.via.profile["title"].(string); ok {
			return title
		}
	}
	return p.Title
}

// regionOf looks a division up, by name, then by number; none is HQ.
func (a *auditor) regionOf(p *Person) int64 {
	if division := fold(p.Division); division != "" {
		if id, named := a.regions[division]; named {
			return id
		}
		if id, err := strconv.ParseInt(division, 10, 64); err == nil {
			return id
		}
	}
	return tracktiktest.HQ
}
