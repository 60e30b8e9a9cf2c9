package compare

import (
	"cmp"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// says is what Okta and TrackTik say now about a change of that kind.
func (o *observing) says(kind plan.Kind, person plan.PersonID, role *plan.RoleRef, employee plan.EmployeeID) (okta,
	tracktik string) {
	switch kind {
	case plan.CreateRole, plan.RenameRole:
		return o.groupSays(role), o.roleSays(role)
	case plan.GrantRole, plan.RevokeRole:
		return o.memberSays(person, role), o.holderSays(role, employee)
	}
	return o.personSays(person), o.employeeSays(employee)
}

func (o *observing) personSays(id plan.PersonID) string {
	s := o.People.Subjects[id]
	switch {
	case id == "":
		return "nobody"
	case s == nil:
		return "not assigned to the app"
	case o.due(s):
		return s.Person.Status + ", assigned"
	case s.Judgement.Verdict == plan.Provision:
		return s.Person.Status + ", out of scope"
	}
	return cmp.Or(s.Judgement.Why, s.Person.Status)
}

func (o *observing) employeeSays(id plan.EmployeeID) string {
	if e := o.employees[id]; e != nil {
		return fmt.Sprintf("employee %d is %s", e.ID, e.Status)
	}
	return "no employee"
}

func (o *observing) groupSays(role *plan.RoleRef) string {
	if g := o.ByGroup[role.Group]; g != nil {
		return fmt.Sprintf("group %q", g.Group.Name)
	}
	return "no such group is pushed"
}

func (o *observing) roleSays(role *plan.RoleRef) string {
	for _, r := range o.Portal.Roles {
		if r.ID == role.ID {
			return fmt.Sprintf("role %q", r.Name)
		}
	}
	return "no role"
}

func (o *observing) memberSays(id plan.PersonID, role *plan.RoleRef) string {
	switch g := o.ByGroup[role.Group]; {
	case g == nil || id == "":
		return "not in the group"
	case g.Holds(id):
		return fmt.Sprintf("in group %q", g.Group.Name)
	default:
		return fmt.Sprintf("not in group %q", g.Group.Name)
	}
}

func (o *observing) holderSays(role *plan.RoleRef, id plan.EmployeeID) string {
	if slices.Contains(o.holders[role.ID], id) {
		return "holds the role"
	}
	return "does not hold the role"
}

// onlyThey lists what only the other provisioner did.
func (o *observing) onlyThey(row plan.ObservedChange) {
	if row.Field == "" {
		row.Okta, row.TrackTik = o.says(row.Kind, row.User.ID, row.Role, row.Employee)
	}
	o.out.OnlyThey = append(o.out.OnlyThey, row)
}
