package plan

import "time"

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
	c.Summary = CompareSummary{len(c.Equal), len(c.Different), len(c.OnlyOkta), len(c.OnlyTrackTik), len(c.OutsideGroup), len(c.Terminated), map[string]int{}, nil}
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
