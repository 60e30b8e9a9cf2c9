package plan

import "time"

// An Observing is what is remembered from when sync.mode: observe began.
type Observing struct {
	Since time.Time `json:"since"`
	Run   string    `json:"run"`
	// Read is when the portal was first read whole after that; zero: not yet. Employee
	// and Grant are the highest ids that it had then: it numbers both in sequence, so
	// whatever is higher was made while observing.
	Read     time.Time  `json:"read,omitzero"`
	Employee EmployeeID `json:"employee,omitempty"`
	Grant    GrantID    `json:"grant,omitempty"`
}

// An Observation is what observing beside another provisioner came to: what both did,
// what only we would have done, and what only they did. A thing counts once, however
// many runs planned it, and stands in one of the three lists.
type Observation struct {
	Since time.Time `json:"since"`
	// PortalRead is from when on new employees and grants are recognised; nil: the portal
	// was not read whole while observing.
	PortalRead *time.Time       `json:"portal_read"`
	Table      []ObservationRow `json:"table"`
	Agreed     []ObservedChange `json:"agreed"`    // due, and done there
	OnlyWe     []ObservedChange `json:"only_we"`   // due, and not done there yet
	OnlyThey   []ObservedChange `json:"only_they"` // done there, and not due
	Lapsed     int              `json:"lapsed"`    // planned once, neither done nor due any more
}

// An ObservationRow counts the changes of one kind.
type ObservationRow struct {
	Kind     Kind `json:"kind"`
	Agreed   int  `json:"agreed"`
	OnlyWe   int  `json:"only_we"`
	OnlyThey int  `json:"only_they"`
}

// An ObservedChange is one change in the portal, or one that is missing there: of an
// update one field.
type ObservedChange struct {
	Kind     Kind       `json:"kind"`
	User     UserRef    `json:"user,omitzero"`
	Employee EmployeeID `json:"employee_id,omitempty"`
	Role     *RoleRef   `json:"role,omitempty"`
	Field    string     `json:"field,omitempty"`
	Okta     string     `json:"okta,omitempty"`
	TrackTik string     `json:"tracktik,omitempty"`
	Planned  *time.Time `json:"planned,omitempty"` // by us, first; nil: never, or they were quicker
	Note     string     `json:"note,omitempty"`
}

// Seal counts, and makes lists empty instead of null.
func (o *Observation) Seal() {
	o.Agreed, o.OnlyWe, o.OnlyThey = notNil(o.Agreed), notNil(o.OnlyWe), notNil(o.OnlyThey)
	o.Table = []ObservationRow{}
	for _, kind := range Kinds {
		count := func(list []ObservedChange) (n int) {
			for i := range list {
				if list[i].Kind == kind {
					n++
				}
			}
			return n
		}
		if row := (ObservationRow{kind, count(o.Agreed), count(o.OnlyWe), count(o.OnlyThey)}); kind.Writes() {
			o.Table = append(o.Table, row)
		}
	}
}
