package world

import "tracktik-sync/tracktik/tracktiktest"

// A State is both sides at one moment. Totals count everybody; the lists hold what
// the view asked for.
type State struct {
	Day      int           `json:"day"`
	Okta     OktaState     `json:"okta"`
	TrackTik TrackTikState `json:"tracktik"`
}

// An OktaState is the org, in the order of ids.
type OktaState struct {
	App         string         `json:"app"`
	Totals      map[string]int `json:"totals"` // people by status, and "assigned"
	People      []PersonState  `json:"people"`
	Groups      []GroupState   `json:"groups"`
	Memberships []Membership   `json:"memberships"` // of the people listed
}

// A PersonState is somebody in Okta.
type PersonState struct {
	ID         string   `json:"id"`
	Login      string   `json:"login"`
	Email      string   `json:"email"`
	FirstName  string   `json:"first_name"`
	LastName   string   `json:"last_name"`
	Title      string   `json:"title,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	Division   string   `json:"division,omitempty"`
	Language   string   `json:"language,omitempty"`
	Status     string   `json:"status"`             // DELETED: Okta knows them no more
	Assignment string   `json:"assignment"`         // USER, GROUP or empty: not assigned
	UserName   string   `json:"app_user,omitempty"` // what the app calls them
	Groups     []string `json:"groups"`             // names
	Note       string   `json:"note,omitempty"`
}

// A GroupState is a group in Okta.
type GroupState struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Assigned bool   `json:"assigned"` // to the app
	Pushed   bool   `json:"pushed"`   // named by the generated configuration
	Members  int    `json:"members"`
	Note     string `json:"note,omitempty"`
}

// A Membership joins ids.
type Membership struct {
	Group string `json:"group"`
	User  string `json:"user"`
}

// A TrackTikState is the portal, in the order of ids.
type TrackTikState struct {
	Totals    map[string]int      `json:"totals"` // employees by status, and "grants"
	Employees []EmployeeState     `json:"employees"`
	Roles     []tracktiktest.Role `json:"roles"`
	Grants    []GrantState        `json:"grants"` // of the employees listed
	Regions   []RegionState       `json:"regions"`
	History   []ChangeState       `json:"history"` // oldest first
}

// An EmployeeState is somebody in TrackTik.
type EmployeeState struct {
	ID        int64    `json:"id"`
	CustomID  string   `json:"custom_id"`
	Username  string   `json:"username"`
	Email     string   `json:"email"`
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name"`
	JobTitle  string   `json:"job_title,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Language  string   `json:"language,omitempty"`
	City      string   `json:"city,omitempty"`
	Region    string   `json:"region"`
	Status    string   `json:"status"`
	Ended     string   `json:"ended,omitempty"` // date of the termination
	Roles     []string `json:"roles"`           // names
}

// A GrantState is a role that somebody holds.
type GrantState struct {
	ID       int64 `json:"id"`
	Employee int64 `json:"employee"`
	Role     int64 `json:"role"`
}

// A RegionState is a region of the portal.
type RegionState struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	TimeZone string `json:"time_zone,omitempty"`
}

// A ChangeState is an entry of the portal's history.
type ChangeState struct {
	Time     string        `json:"time"`
	By       string        `json:"by"` // api or portal
	Resource string        `json:"resource"`
	ID       int64         `json:"id"`
	What     string        `json:"what"`
	Fields   []FieldChange `json:"fields,omitempty"`
}

// A FieldChange is a value before and after.
type FieldChange struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}
