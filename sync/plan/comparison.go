package plan

import (
	"time"
)

// A Comparison is both sides as they are, person by person: what `compare` prints. A
// person is in one of Equal, Different, OnlyOkta and Terminated.
type Comparison struct {
	Created  time.Time  `json:"created"`
	Okta     OktaID     `json:"okta"`
	TrackTik TrackTikID `json:"tracktik"`
	// Users and Employees are how many there are on each side, the inactive included.
	Users     int `json:"users"`
	Employees int `json:"employees"`

	Summary CompareSummary `json:"summary"`

	Equal        []Compared `json:"equal"`
	Different    []Compared `json:"different"`
	OnlyOkta     []Compared `json:"only_okta"`     // to be provisioned, without an employee
	OnlyTrackTik []Compared `json:"only_tracktik"` // active, without anyone in Okta
	OutsideGroup []Compared `json:"outside_group"` // hold the role of a group that they are not in
	Terminated   []Compared `json:"terminated"`    // not active in TrackTik, and still assigned in Okta

	// ExternalIDs is what Okta's own links are worth; nil: sync.match does not name them.
	ExternalIDs *ComparedExternals `json:"external_ids,omitempty"`

	// Observed is what came of observing; nil: runs write, or have not begun to observe.
	Observed *Observation `json:"observed,omitempty"`

	Warnings []Warning `json:"warnings"`
}

// A CompareSummary counts the groups of people, and the differences by field.
type CompareSummary struct {
	Equal        int            `json:"equal"`
	Different    int            `json:"different"`
	OnlyOkta     int            `json:"only_okta"`
	OnlyTrackTik int            `json:"only_tracktik"`
	OutsideGroup int            `json:"outside_group"`
	Terminated   int            `json:"terminated"`
	Fields       map[string]int `json:"fields"`
	// Unmanaged are those of OnlyTrackTik whom nobody manages, by what Okta knows of them.
	Unmanaged map[Class]int `json:"unmanaged"`
}

// A Compared is one person of one group.
type Compared struct {
	User     UserRef          `json:"user,omitzero"`
	Employee ComparedEmployee `json:"employee,omitzero"`
	// Match is how the two were found to be one person: link, external_id, custom_id,
	// username or email.
	Match       string       `json:"match,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
	Role        *RoleRef     `json:"role,omitempty"`  // of OutsideGroup
	Class       Class        `json:"class,omitempty"` // of OnlyTrackTik, where nobody manages the employee
	Group       string       `json:"group,omitempty"`
	Note        string       `json:"note,omitempty"`
}

// ComparedExternals says what external ids, which Okta keeps since the portal's own
// integration made or matched somebody, are worth. Who is proof is who is managed, or found
// by user name or e-mail.
type ComparedExternals struct {
	Agree  int        `json:"agree"`  // of the proof
	Differ []Compared `json:"differ"` // of the proof: Employee is whom the id names
	Silent []Compared `json:"silent"` // names nobody whom TrackTik shows, or is no employee's id
	Failed []Compared `json:"failed"` // syncState ERROR: the portal's own integration failed on them
	// Proposed are pairs that nothing but the external id speaks for: to be checked by
	// somebody who knows the people, and linked.
	Proposed []Compared `json:"proposed"`
	Believed bool       `json:"believed"`
}

// A ComparedEmployee is an employee as far as somebody needs it to find them.
type ComparedEmployee struct {
	ID       EmployeeID `json:"id"`
	CustomID string     `json:"custom_id,omitempty"`
	Username string     `json:"username,omitempty"`
	Name     string     `json:"name,omitempty"`
	Email    string     `json:"email,omitempty"`
	Status   string     `json:"status,omitempty"`
	Region   string     `json:"region,omitempty"`
}

// A Difference is one field that the two sides hold otherwise.
type Difference struct {
	Field    string `json:"field"`
	Okta     string `json:"okta"`
	TrackTik string `json:"tracktik"`
}

// Seal fills in the summary, and makes lists empty instead of null.
func (c *Comparison) Seal() {
	c.Equal, c.Different, c.OnlyOkta = notNil(c.Equal), notNil(c.Different), notNil(c.OnlyOkta)
	c.OnlyTrackTik, c.OutsideGroup, c.Terminated = notNil(c.OnlyTrackTik), notNil(c.OutsideGroup), notNil(c.Terminated)
	c.Warnings = notNil(c.Warnings)
	if x := c.ExternalIDs; x != nil {
		x.Differ, x.Silent, x.Failed, x.Proposed = notNil(x.Differ), notNil(x.Silent), notNil(x.Failed), notNil(x.Proposed)
	}
	c.Summary = CompareSummary{len(c.Equal), len(c.Different), len(c.OnlyOkta), len(c.OnlyTrackTik), len(c.OutsideGroup),
		len(c.Terminated), map[string]int{}, nil}
	census := c.Census()
	c.Summary.Unmanaged = census.Counts()
	for _, p := range c.Different {
		for _, d := range p.Differences {
			c.Summary.Fields[d.Field]++
		}
	}
}

// Census is what is to be remembered of the unmanaged.
func (c *Comparison) Census() Census {
	var census Census
	for i := range c.OnlyTrackTik {
		if row := &c.OnlyTrackTik[i]; row.Class != "" {
			census.People = append(census.People, Counted{Employee: row.Employee.ID, Class: row.Class, Asked: c.Created})
		}
	}
	return census
}

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
