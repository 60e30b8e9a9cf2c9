package plan

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// A Kind is a kind of change to TrackTik or to who is managed there.
type Kind string

// The kinds, in the order in which a plan carries them out.
const (
	RenameRole Kind = "rename_role"
	LinkRole   Kind = "link_role"
	CreateRole Kind = "create_role"
	Adopt      Kind = "adopt"
	Terminate  Kind = "terminate"
	Update     Kind = "update"
	Reactivate Kind = "reactivate"
	Create     Kind = "create"
	GrantRole  Kind = "grant_role"
	RevokeRole Kind = "revoke_role"
)

// Kinds lists every kind in the order of a plan.
var Kinds = []Kind{RenameRole, LinkRole, CreateRole, Adopt, Terminate, Update, Reactivate, Create, GrantRole,
	RevokeRole}

// Writes reports whether an action of kind k calls TrackTik to change something:
// adopt and link_role only record who is who.
func (k Kind) Writes() bool { return k != Adopt && k != LinkRole }

// Gives reports whether k leaves the person with an employee who was not theirs before.
func (k Kind) Gives() bool { return k == Create || k == Adopt || k == Reactivate }

// Removes reports whether k takes something away from a person.
func (k Kind) Removes() bool { return k == Terminate || k == RevokeRole }

// A UserRef names a person in documents. Name is "first last", for whoever reads the document:
// it is in no log and no message to others.
type UserRef struct {
	ID    PersonID `json:"okta_id,omitempty"`
	Login string   `json:"login,omitempty"`
	Name  string   `json:"name,omitempty"`
}

// A Leaver is what helps to recognise somebody who is terminated.
type Leaver struct {
	Region   string `json:"region,omitempty"`
	JobTitle string `json:"job_title,omitempty"`
}

// A RoleRef names a role and the group behind it. A role that is still to be
// created has no ID.
type RoleRef struct {
	ID    RoleID  `json:"id,omitempty"`
	Name  string  `json:"name,omitempty"`
	Group GroupID `json:"group_id,omitempty"`
}

// An Action is one change and the reason for it.
type Action struct {
	Kind     Kind
	User     UserRef
	Employee EmployeeID // 0 for Create
	Role     *RoleRef   // of the role kinds; shared between actions, never changed
	Changes  []Change   // Update and RenameRole: what differs
	Reason   string     // one line

	// Want is the whole record as it should be afterwards: Create, Reactivate,
	// Adopt and Update.
	Want *Wanted
	// Extra is what few actions carry: a first plan has hundreds of thousands of others. Nil:
	// nothing of it. It is shared between copies, and never changed; see Extras.
	Extra *Extra
	// Replaces is set on the GrantRole and RevokeRole of one pair: the revoke
	// only goes out when the grant is done.
	Replaces bool
	// Drift says that an Update repairs what somebody changed in TrackTik.
	Drift bool
	// Found says that TrackTik was seen to have done it before, in this run: nothing is
	// called, and no guard counts it.
	Found bool
	// Restores says that an administrator brings somebody back, whatever Okta says:
	// of Create and Reactivate.
	Restores bool
}

// An Extra is what an Action of some kinds has besides.
type Extra struct {
	Evidence string // Terminate and RevokeRole: how the departure is known
	Key      string // Adopt: what matched: custom_id, username, email, re-created, link
	// Former is the employee who was this person before: Create and Reactivate.
	Former EmployeeID
	// Grant is the grant that a RevokeRole takes back, where it is not the one on
	// record: a second grant of one role.
	Grant GrantID
	// Retires is what is recorded of an employee whom nobody manages once a Terminate of
	// them is done; nil: a link says it. It is no part of documents.
	Retires *Former
	// Left are the fields of an Update of which TrackTik has refused what Okta has before. It is
	// no part of documents.
	Left FieldSet
	// Leaver tells more of whom a Terminate ends; nil: nothing is known.
	Leaver *Leaver
	// Told is when Okta said that a Terminate is due; zero: not known. It is no part of
	// documents.
	Told time.Time
}

// Extras is the action's Extra, empty where there is none.
func (a *Action) Extras() Extra {
	if a.Extra == nil {
		return Extra{}
	}
	return *a.Extra
}

// With puts in the place of the action's Extra one that change has changed.
func (a *Action) With(change func(*Extra)) {
	x := a.Extras()
	change(&x)
	a.Extra = nil
	if x != (Extra{}) {
		a.Extra = &x
	}
}

// Wanted is what Okta says that an employee should hold.
type Wanted struct {
	Values   Values   `json:"values"`
	RegionID RegionID `json:"region_id,omitempty"` // what Values[Region] means in the portal; 0: nothing
	Keep     FieldSet `json:"keep,omitempty"`      // no usable value in Okta: leave what is there
	Default  bool     `json:"default,omitempty"`   // the region is the configured default
	Email    string   `json:"email,omitempty"`     // the Okta user's own e-mail, for protection and look-ups
	Group    GroupID  `json:"group,omitempty"`     // the group that granted the app
}

// FieldChanges returns what the action changes, field by field: for a create,
// everything that is set, and for a new role its name.
func (a *Action) FieldChanges() []Change {
	if a.setsAll() {
		return slices.AppendSeq(make([]Change, 0, NumFields), a.fieldChanges())
	}
	return a.listed()
}

// setsAll reports that what the action changes is everything that is set.
func (a *Action) setsAll() bool {
	return a.Changes == nil && a.Want != nil && (a.Kind == Create || a.Kind == Reactivate)
}

// listed are the changes of an action that does not set everything.
func (a *Action) listed() []Change {
	if a.Kind == CreateRole && a.Changes == nil && a.Role != nil {
		return []Change{{Field: NumFields, New: a.Role.Name}}
	}
	return a.Changes
}

// fieldChanges yields FieldChanges one by one: a plan has them by the million.
func (a *Action) fieldChanges() iter.Seq[Change] {
	if !a.setsAll() {
		return slices.Values(a.listed())
	}
	return func(yield func(Change) bool) {
		for f, v := range a.Want.Values {
			if v != "" && !yield(Change{Field: Field(f), New: v}) {
				return
			}
		}
	}
}

// wireAction is an Action in documents and in the journal; the second half is
// of use to the journal only, and left out where it is empty.
type wireAction struct {
	Kind     Kind       `json:"kind"`
	User     UserRef    `json:"user,omitzero"`
	Employee EmployeeID `json:"employee_id,omitempty"`
	*Leaver
	Role     *RoleRef   `json:"role,omitempty"`
	Changes  []Change   `json:"changes,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Evidence string     `json:"evidence,omitempty"`
	Key      string     `json:"match,omitempty"`
	Former   EmployeeID `json:"former_employee_id,omitempty"`
	Replaces bool       `json:"replaces,omitempty"`
	Drift    bool       `json:"drift,omitempty"`
	Grant    GrantID    `json:"grant_id,omitempty"`
	Restores bool       `json:"restores,omitempty"`
	Found    bool       `json:"found,omitempty"`
}

// MarshalJSON writes the action as documents show it.
func (a Action) MarshalJSON() ([]byte, error) {
	return json.Marshal(a.wire())
}

func (a Action) wire() wireAction {
	x := a.Extras()
	return wireAction{a.Kind, a.User, a.Employee, x.Leaver, a.Role, a.FieldChanges(), a.Reason,
		x.Evidence, x.Key, x.Former, a.Replaces, a.Drift, x.Grant, a.Restores, a.Found}
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Action) UnmarshalJSON(data []byte) error {
	var w wireAction
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*a = Action{Kind: w.Kind, User: w.User, Employee: w.Employee, Role: w.Role, Changes: w.Changes, Reason: w.Reason,
		Replaces: w.Replaces, Drift: w.Drift, Restores: w.Restores, Found: w.Found}
	a.With(func(x *Extra) {
		*x = Extra{Evidence: w.Evidence, Key: w.Key, Former: w.Former, Grant: w.Grant, Leaver: w.Leaver}
	})
	return nil
}

// An ActionRef names an action by what it does to whom: what an approval holds.
type ActionRef struct {
	Kind     Kind       `json:"kind"`
	Person   PersonID   `json:"person,omitempty"`
	Employee EmployeeID `json:"employee,omitempty"`
	Role     RoleID     `json:"role,omitempty"`
	Group    GroupID    `json:"group,omitempty"`
	// Values stands for the values that are written, where the ids do not say all: of
	// Update, Clear, CreateRole and RenameRole, as Bound has it; else empty.
	Values string `json:"values,omitempty"`
}

// Bound names the action with the values that it writes: whoever approves one does not
// approve others for the same person.
func (a *Action) Bound() ActionRef {
	ref := a.Ref()
	if a.Kind == Update || a.Kind == CreateRole || a.Kind == RenameRole {
		ref.Values = boundValues(a.FieldChanges())
	}
	return ref
}

// boundClear names what an update empties.
func (a *Action) boundClear() ActionRef {
	ref := a.RefAs(Clear)
	ref.Values = boundValues(slices.DeleteFunc(slices.Clone(a.Changes), func(c Change) bool { return !c.clears() }))
	return ref
}

// boundValues stands for the new values of changes. What they replace is not in it: it
// changes with what TrackTik is known to hold.
func boundValues(changes []Change) string {
	rows := make([]string, len(changes))
	for i, c := range changes {
		rows[i] = c.Field.String() + "=" + c.New
	}
	slices.Sort(rows)
	h := newRowHash()
	write(h, rows...)
	return h.digest()[:12]
}

// Ref names the action by its ids alone.
func (a *Action) Ref() ActionRef {
	ref := ActionRef{Kind: a.Kind, Person: a.User.ID, Employee: a.Employee}
	if a.Kind == Create {
		ref.Employee = 0 // also once the employee is made
	}
	if a.Role != nil {
		ref.Role, ref.Group = a.Role.ID, a.Role.Group
	}
	return ref
}

// RefAs is Ref for the guard of a kind, which is the action's or Clear.
func (a *Action) RefAs(kind Kind) ActionRef {
	ref := a.Ref()
	ref.Kind = kind
	return ref
}

// Recorded names the action as the entry does that says it was done: without the values,
// and what is emptied by the update that does it.
func (ref ActionRef) Recorded() ActionRef {
	if ref.Values = ""; ref.Kind == Clear {
		ref.Kind = Update
	}
	return ref
}

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
