package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// An AccessRow is one managed person, with what they may do and why.
type AccessRow struct {
	User     plan.UserRef    `json:"user"`
	Email    string          `json:"email,omitempty"`
	Employee plan.EmployeeID `json:"employee_id"`
	Region   string          `json:"region,omitempty"` // its name in TrackTik, else as Okta's division has it
	RegionID plan.RegionID   `json:"region_id,omitempty"`
	How      string          `json:"how"`
	Since    time.Time       `json:"since"`
	Run      string          `json:"run,omitempty"`
	Roles    []accessRole    `json:"roles"`
}

type accessRole struct {
	ID    plan.RoleID  `json:"id"`
	Name  string       `json:"name,omitempty"`
	Group plan.GroupID `json:"group_id,omitempty"`
	From  string       `json:"group,omitempty"`
	How   string       `json:"how"`
	Since time.Time    `json:"since"`
	Run   string       `json:"run,omitempty"`
}

// An AccessQuery chooses from those who are managed. Empty fields choose everybody.
type AccessQuery struct {
	People         []plan.PersonID
	Roles, Regions []string  // any part of a name, or an id
	At             time.Time // what was so before this moment; zero: now
}

// ErrNotSoFar says that the audit trail begins later.
var ErrNotSoFar = errors.New("the audit trail does not reach back so far")

// Access lists the managed, by name.
func Access(db *state.DB, q AccessQuery) ([]AccessRow, error) {
	rows, err := accessNow(db)
	if err == nil && !q.At.IsZero() {
		rows, err = accessAt(db, rows, q.At)
	}
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r AccessRow) bool { return !q.fits(&r) })
	slices.SortStableFunc(rows, func(a, b AccessRow) int {
		return cmp.Or(strings.Compare(folded(a.User.Name), folded(b.User.Name)),
			strings.Compare(string(a.User.ID), string(b.User.ID)))
	})
	return rows, nil
}

func (q *AccessQuery) fits(r *AccessRow) bool {
	named := func(wanted []string, name string, id int64) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool {
			return w == ui.ID(id) || name != "" && strings.Contains(folded(name), folded(w))
		})
	}
	return (len(q.People) == 0 || slices.Contains(q.People, r.User.ID)) && named(q.Regions, r.Region, int64(r.RegionID)) &&
		(len(q.Roles) == 0 || slices.ContainsFunc(r.Roles,
			func(role accessRole) bool { return named(q.Roles, role.Name, int64(role.ID)) }))
}

// accessNow lists the managed as the snapshot has them.
func accessNow(db *state.DB) ([]AccessRow, error) {
	groups, err := db.Groups()
	if err != nil {
		return nil, err
	}
	meta, err := db.Meta()
	if err != nil {
		return nil, err
	}
	byGroup := make(map[plan.GroupID]plan.GroupLink, len(groups))
	for _, g := range groups {
		byGroup[g.Group] = g
	}
	var rows []AccessRow
	for link, err := range db.Links() {
		if err != nil {
			return nil, err
		}
		grants, err := db.GrantsOf(link.Person)
		if err != nil {
			return nil, err
		}
		row := accessOf(&link, &meta)
		for _, g := range grants {
			if g.Gone {
				continue
			}
			row.Roles = append(row.Roles, roleOf(&g, byGroup[g.Group], &meta))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func accessOf(link *plan.Link, meta *plan.Meta) AccessRow {
	user := Ref(*link)
	user.Name = link.FullName()
	return AccessRow{user, link.Email, link.Employee, link.PlaceName(meta.Regions),
		link.Place(), link.How, link.Since.UTC(), link.Run, []accessRole{}}
}

func roleOf(g *plan.Grant, group plan.GroupLink, meta *plan.Meta) accessRole {
	if d := meta.DefaultRole; g.IsDefault() {
		group.Name = "(sync.roles.default)"
		if d != nil && d.ID == g.Role {
			group.RoleName = d.Name
		}
	}
	return accessRole{g.Role, group.RoleName, g.Group, group.Name, g.How, g.Since.UTC(), g.Run}
}

// accessAt undoes what was done since a moment, the latest first.
func accessAt(db *state.DB, rows []AccessRow, at time.Time) ([]AccessRow, error) {
	reached := false
	var since []plan.Audit
	held := holdings{}
	for entry, err := range db.Audits(state.Query{}) {
		if err != nil {
			return nil, err
		}
		happened := entry.Outcome == plan.Done || entry.Outcome == plan.Found
		again := happened && held.note(&entry)
		switch {
		case entry.Time.Before(at):
			reached = true
		case happened && !again:
			since = append(since, entry)
		}
	}
	if !reached {
		return nil, fmt.Errorf("%w: it begins after that day", ErrNotSoFar)
	}
	u := undoing{db: db, people: map[plan.EmployeeID]*AccessRow{}}
	var err error
	if u.meta, err = db.Meta(); err != nil {
		return nil, err
	}
	for i := range rows {
		u.people[rows[i].Employee] = &rows[i]
	}
	for _, entry := range slices.Backward(since) {
		if err := u.undo(&entry); err != nil {
			return nil, err
		}
	}
	rows = nil
	for _, row := range u.people {
		rows = append(rows, *row)
	}
	return rows, nil
}

// holdings are the roles of employees that the trail has told of.
type holdings map[plan.EmployeeID]map[plan.RoleID]bool

// note takes an entry in. again: it gave a role that the employee had before, and that somebody
// took away in TrackTik.
func (h holdings) note(a *plan.Audit) (again bool) {
	switch kind := plan.Kind(a.Kind); {
	case kind == plan.Terminate:
		delete(h, a.Employee)
	case a.Role == nil:
	case kind == plan.RevokeRole:
		delete(h[a.Employee], a.Role.ID)
	case kind == plan.GrantRole:
		if again = h[a.Employee][a.Role.ID]; h[a.Employee] == nil {
			h[a.Employee] = map[plan.RoleID]bool{}
		}
		h[a.Employee][a.Role.ID] = true
	}
	return again
}

type undoing struct {
	db     *state.DB
	meta   plan.Meta
	people map[plan.EmployeeID]*AccessRow
}

func (u *undoing) undo(a *plan.Audit) error {
	row := u.people[a.Employee]
	switch plan.Kind(a.Kind) {
	case plan.Create, plan.Adopt, plan.Reactivate, "link":
		if plan.IsRecreated(a.Reason) { // the same employee, whose person had another id in Okta
			return nil
		}
		delete(u.people, a.Employee)
	case plan.Terminate, "unlink":
		former, found, err := u.db.FormerByEmployee(a.Employee)
		if err != nil {
			return err
		}
		back := AccessRow{User: plan.UserRef{ID: a.Person, Login: a.Login}, Employee: a.Employee, Since: a.Time.UTC(),
			Roles: []accessRole{}}
		if found {
			back = accessOf(&former.Link, &u.meta)
			for i := range former.Roles {
				if former.Roles[i].Gone {
					continue
				}
				group, _, err := u.db.Group(former.Roles[i].Group)
				if err != nil {
					return err
				}
				back.Roles = append(back.Roles, roleOf(&former.Roles[i], group, &u.meta))
			}
		}
		if !found || former.Link.How != plan.HowRetired {
			u.people[a.Employee] = &back
		}
	case plan.GrantRole:
		if row != nil && a.Role != nil {
			row.Roles = slices.DeleteFunc(row.Roles, func(r accessRole) bool { return r.ID == a.Role.ID })
		}
	case plan.RevokeRole:
		if row != nil && a.Role != nil {
			row.Roles = append(row.Roles, accessRole{ID: a.Role.ID, Name: a.Role.Name, Group: a.Role.Group})
		}
	case plan.Update:
		for _, c := range a.Changes {
			if row != nil && c.Field == plan.Region && c.Old != "" {
				row.Region, row.RegionID = c.Old, 0
			}
		}
	}
	return nil
}

// AccessText writes a person a line, with their roles.
func AccessText(w io.Writer, rows []AccessRow, style ui.Style) error {
	t := ui.NewTable(w, style)
	for i := range rows {
		r := &rows[i]
		roles := make([]string, len(r.Roles))
		for k, role := range r.Roles {
			roles[k] = cmp.Or(ui.Safe(role.Name), "role "+ui.ID(int64(role.ID)))
			if role.From != "" && role.From != role.Name {
				roles[k] += " (by " + ui.Safe(role.From) + ")"
			}
		}
		t.Row(ui.Safe(r.User.Name), ui.Safe(r.User.Login), "employee "+ui.ID(int64(r.Employee)), ui.Safe(r.Region),
			cmp.Or(strings.Join(roles, ", "), "no role"))
	}
	return t.Flush()
}

// AccessJSON writes one list, a person a line.
func AccessJSON(w io.Writer, rows []AccessRow) error {
	separator := "["
	for i := range rows {
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := ui.WriteJSON(w, rows[i]); err != nil {
			return err
		}
		separator = ","
	}
	if separator == "[" {
		_, err := io.WriteString(w, "[]\n")
		return err
	}
	_, err := io.WriteString(w, "]\n")
	return err
}

var accessHeader = []string{"okta_id", "login", "email", "employee_id", "region", "managed", "managed_since",
	"managed_run",
	"role_id", "role", "group_id", "group", "granted", "granted_since", "granted_run", "region_id", "name"}

// AccessCSV writes one row a person and role; who has no role has one row.
func AccessCSV(w io.Writer, rows []AccessRow) error {
	return ui.CSV(w, accessHeader, func(write func(...string) error) error {
		for i := range rows {
			row := &rows[i]
			roles := row.Roles
			if len(roles) == 0 {
				roles = []accessRole{{}}
			}
			for _, r := range roles {
				since := ""
				if !r.Since.IsZero() {
					since = r.Since.Format(time.RFC3339)
				}
				err := write(string(row.User.ID), row.User.Login, row.Email, ui.ID(int64(row.Employee)), row.Region,
					row.How, row.Since.Format(time.RFC3339), row.Run, ui.ID(int64(r.ID)), r.Name, string(r.Group), r.From,
					r.How, since, r.Run, ui.ID(int64(row.RegionID)), row.User.Name)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}
