package plan

import (
	"cmp"
	"slices"
	"strings"
)

// CompareActions orders by kind, person, role and group: the order of a plan.
func CompareActions(a, b *Action) int {
	return cmp.Or(slices.Index(Kinds, a.Kind)-slices.Index(Kinds, b.Kind),
		strings.Compare(string(a.User.ID), string(b.User.ID)),
		cmp.Compare(a.roleID(), b.roleID()), strings.Compare(string(a.groupID()), string(b.groupID())))
}

func (a *Action) roleID() RoleID {
	if a.Role == nil {
		return 0
	}
	return a.Role.ID
}

func (a *Action) groupID() GroupID {
	if a.Role == nil {
		return ""
	}
	return a.Role.Group
}

// Order sorts actions as they are carried out: as CompareActions says, but updates come
// by their level in names, and renames of roles stay as they were decided. Both give a
// name free before it is taken.
func Order(actions []Action, names *Names) {
	slices.SortStableFunc(actions, func(a, b Action) int {
		if a.Kind == RenameRole && b.Kind == RenameRole {
			return 0
		}
		if a.Kind == Update && b.Kind == Update {
			return cmp.Or(names.Level[a.User.ID]-names.Level[b.User.ID], CompareActions(&a, &b))
		}
		return CompareActions(&a, &b)
	})
}
