package ledger

import (
	"cmp"
	"errors"
	"io"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// An accessRow is one managed person, with what they may do and why.
type accessRow struct {
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

// eachAccess calls each for every managed person, by Okta id.
func eachAccess(db *state.DB, each func(accessRow) error) error {
	groups, err := db.Groups()
	if err != nil {
		return err
	}
	meta, err := db.Meta()
	if err != nil {
		return err
	}
	byGroup := make(map[plan.GroupID]plan.GroupLink, len(groups))
	for _, g := range groups {
		byGroup[g.Group] = g
	}
	for link, err := range db.Links() {
		if err != nil {
			return err
		}
		grants, err := db.GrantsOf(link.Person)
		if err != nil {
			return err
		}
		row := accessRow{Ref(link), link.Email, link.Employee, cmp.Or(meta.Regions[link.PushedRegion], link.Pushed[plan.Region]), link.PushedRegion, link.How, link.Since.UTC(), link.Run, []accessRole{}}
		for _, g := range grants {
			if g.Gone {
				continue
			}
			group := byGroup[g.Group]
			if d := meta.DefaultRole; g.IsDefault() {
				group.Name = "(sync.roles.default)"
				if d != nil && d.ID == g.Role {
					group.RoleName = d.Name
				}
			}
			row.Roles = append(row.Roles, accessRole{g.Role, group.RoleName, g.Group, group.Name, g.How, g.Since.UTC(), g.Run})
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

// AccessJSON writes one list, a person a line.
func AccessJSON(w io.Writer, db *state.DB) error {
	separator := "["
	err := eachAccess(db, func(row accessRow) error {
		_, err := io.WriteString(w, separator)
		separator = ","
		return errors.Join(err, ui.WriteJSON(w, row))
	})
	if err != nil {
		return err
	}
	if separator == "[" {
		_, err = io.WriteString(w, "[]\n")
		return err
	}
	_, err = io.WriteString(w, "]\n")
	return err
}

var accessHeader = []string{"okta_id", "login", "email", "employee_id", "region", "managed", "managed_since", "managed_run",
	"role_id", "role", "group_id", "group", "granted", "granted_since", "granted_run", "region_id"}

// AccessCSV writes one row a person and role; who has no role has one row.
func AccessCSV(w io.Writer, db *state.DB) error {
	return ui.CSV(w, accessHeader, func(write func(...string) error) error {
		return eachAccess(db, func(row accessRow) error {
			if len(row.Roles) == 0 {
				row.Roles = []accessRole{{}}
			}
			for _, r := range row.Roles {
				since := ""
				if !r.Since.IsZero() {
					since = r.Since.Format(time.RFC3339)
				}
				err := write(string(row.User.ID), row.User.Login, row.Email, ui.ID(int64(row.Employee)), row.Region,
					row.How, row.Since.Format(time.RFC3339), row.Run, ui.ID(int64(r.ID)), r.Name, string(r.Group), r.From,
					r.How, since, r.Run, ui.ID(int64(row.RegionID)))
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}
