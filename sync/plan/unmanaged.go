package plan

import (
	"fmt"
	"slices"
	"time"
)

// A Class says what Okta knows of an active employee whom nobody manages.
type Class string

// The classes. An employee of LeftOkta may be retired, and of no other.
const (
	LeftOkta    Class = "left_okta"    // the one user of their names is DEPROVISIONED
	NotAssigned Class = "not_assigned" // the one user of their names is in Okta, and not assigned to the app
	Nobody      Class = "nobody"       // no user has their names
	Doubtful    Class = "doubtful"     // several users have, somebody assigned may be them, or it cannot be told
)

// Classes lists every class in the order in which they are shown.
var Classes = []Class{LeftOkta, NotAssigned, Nobody, Doubtful}

// A Sighting is what a look-up of an employee's username and e-mail in Okta has found.
type Sighting struct {
	Users  []Person
	Failed string     // why the look-up failed; empty: it did not
	Other  EmployeeID // the one user is managed as this employee; 0: the user is not managed
}

// A Standing is how an unmanaged employee stands in Okta.
type Standing struct {
	Class Class
	User  Person // the one user; zero: there is none, or there are several
	Why   string // one line, without names
}

// Classify tells how an unmanaged employee stands in Okta. A user counts only with the
// employee's very username as login, or the very e-mail; and is this person only when the
// first or the last name agrees too.
func Classify(e *Employee, seen Sighting) Standing {
	if seen.Failed != "" {
		return Standing{Class: Doubtful, Why: "the look-up in Okta failed: " + seen.Failed}
	}
	if e.Values[Username] == "" && e.Values[Email] == "" {
		return Standing{Class: Doubtful, Why: "has neither a username nor an e-mail in TrackTik to be looked up by"}
	}
	users := slices.DeleteFunc(slices.Clone(seen.Users), func(p Person) bool {
		return !sameText(p.Login, e.Values[Username]) && !sameText(p.Email, e.Values[Email])
	})
	switch len(users) {
	case 0:
		return Standing{Class: Nobody, Why: "no user in Okta has the username or the e-mail"}
	case 1:
		return classifyOne(e, users[0], seen.Other)
	}
	return Standing{Class: Doubtful, Why: fmt.Sprintf("%d users in Okta have the username or the e-mail", len(users))}
}

func classifyOne(e *Employee, p Person, other EmployeeID) Standing {
	s := Standing{User: p}
	switch {
	case other != 0 && other != e.ID:
		s.Class, s.Why = Doubtful, fmt.Sprintf("user %s, who has the username or the e-mail, is managed as employee %d", p.ID,
			other)
	case !namesAgree(e, &p):
		s.Class, s.Why = Doubtful, fmt.Sprintf("user %s has the username or the e-mail, and neither the first nor the "+
			"last name", p.ID)
	case p.Status == statusDeprovisioned && p.Readable:
		s.Class, s.Why = LeftOkta, fmt.Sprintf("user %s is %s in Okta", p.ID, statusDeprovisioned)
	case !p.Readable:
		s.Class, s.Why = Doubtful, fmt.Sprintf("Okta shows user %s incompletely", p.ID)
	default:
		s.Class, s.Why = NotAssigned, fmt.Sprintf("user %s is %s in Okta, and not assigned to the app", p.ID, p.Status)
	}
	return s
}

// A Claimant is somebody in the listing of the app, with what ties them to an employee beside
// the names that Okta's search goes by.
type Claimant struct {
	ID       PersonID
	External EmployeeID // whom the app's external id names; 0: nobody
	Names    Values     // what the app gives them in TrackTik; only the names are looked at
	Assigned bool       // the assignment counts as one
	Leaves   bool       // they are not to have an employee, and claim none by a name
}

// ClaimantOf is somebody in the listing of the app who is mapped to these values.
func ClaimantOf(p *Person, pol *Policy, names *Values) Claimant {
	verdict := assignmentVerdicts[p.Assignment.Status]
	external, _ := ParseExternal(p.Assignment.External)
	return Claimant{ID: p.ID, External: external, Names: *names, Assigned: verdict != Depart && verdict != Doubt,
		Leaves: Judge(p, pol).Verdict == Depart}
}

// ClaimedNames are the fields by which somebody may claim an employee.
var ClaimedNames = []Field{Username, Email, CustomID}

// Beside is how the employee stands once somebody in the listing of the app is known. A user
// of their names left, and another one who did not may be the person all the same.
func (s Standing) Beside(e *Employee, c *Claimant) Standing {
	doubt := func(format string, args ...any) Standing {
		return Standing{Class: Doubtful, User: s.User, Why: fmt.Sprintf(format, args...)}
	}
	switch {
	case s.Class == Doubtful:
		return s
	case c.ID == s.User.ID && s.Class == NotAssigned && c.Assigned:
		return doubt("user %s is %s in Okta, and assigned to the app", c.ID, s.User.Status)
	case c.ID == s.User.ID:
		return s
	case s.Class == LeftOkta && c.External == e.ID:
		return doubt("user %s left, and Okta's app names the employee as user %s", s.User.ID, c.ID)
	case c.Leaves:
		return s
	}
	for _, f := range ClaimedNames {
		if sameText(c.Names[f], e.Values[f]) {
			return doubt("%s, and the app gives user %s the employee's %s", s.Why, c.ID, f)
		}
	}
	return s
}

// namesAgree reports that user and employee have the first or the last name in common.
func namesAgree(e *Employee, p *Person) bool {
	first, _ := p.User["firstName"].(string)
	last, _ := p.User["lastName"].(string)
	return sameText(first, e.Values[FirstName]) || sameText(last, e.Values[LastName])
}

// sameText reports that two names are the same, and there.
func sameText(a, b string) bool {
	a = FoldName(a)
	return a != "" && a == FoldName(b)
}

// A Census is what is remembered of the active employees whom nobody manages.
type Census struct {
	People []Counted `json:"people"` // by their ids
}

// A Counted is one employee of a census.
type Counted struct {
	Employee EmployeeID `json:"employee"`
	Class    Class      `json:"class"`
	Asked    time.Time  `json:"asked"` // when Okta said so
}

// censusAge is how long an answer is good: who is in Okta today may leave.
const censusAge = 7 * 24 * time.Hour

// Due parts the employees who are unmanaged now: of whom the census tells well enough, and
// who is to be asked about, the new ones first, then the longest known, at most so many.
// Who is due and not among them keeps what was known.
func (c *Census) Due(unmanaged []EmployeeID, now time.Time, most int) (kept []Counted, ask []EmployeeID) {
	known := make(map[EmployeeID]Counted, len(c.People))
	for _, p := range c.People {
		known[p.Employee] = p
	}
	var old []Counted
	for _, id := range unmanaged {
		p, found := known[id]
		age := now.Sub(p.Asked)
		switch {
		case !found:
			ask = append(ask, id)
		case age >= censusAge || age < 0: // the second was noted by a wrong clock
			old = append(old, p)
		default:
			kept = append(kept, p)
		}
	}
	slices.SortStableFunc(old, func(a, b Counted) int { return a.Asked.Compare(b.Asked) })
	ask = ask[:min(len(ask), most)]
	for _, p := range old {
		if len(ask) < most {
			ask = append(ask, p.Employee)
			continue
		}
		kept = append(kept, p)
	}
	return kept, ask
}

// Without is the census less some employees.
func (c *Census) Without(gone map[EmployeeID]bool) Census {
	return Census{slices.DeleteFunc(slices.Clone(c.People), func(p Counted) bool { return gone[p.Employee] })}
}

// Counts are how many there are of each class, zeros too.
func (c *Census) Counts() map[Class]int {
	counts := map[Class]int{}
	for _, class := range Classes {
		counts[class] = 0
	}
	for _, p := range c.People {
		counts[p.Class]++
	}
	return counts
}

// Why a named employee is not retired, beside the classes: codes of problems.
const (
	RetireManaged     = "managed"     // the next runs decide about them
	RetireNotFound    = "not_found"   // nobody in TrackTik, as far as is shown to us
	RetireNotActive   = "not_active"  // INACTIVE or BANNED
	RetireBadName     = "bad_name"    // the line or the argument names nobody
	RetireProtected   = HeldProtected // by sync.protected, or the employee whose credentials are used
	RetireRole        = HeldProtectedRole
	RetireUnconfirmed = HeldUnconfirmed // whether they hold a protected role cannot be told
	RetirePending     = HeldPending
)

// What a retirement warns about.
const (
	WarningAlreadyEnded = "already_ended"
	WarningNamedTwice   = "named_twice"
	WarningManaged      = "managed" // a comparison lists them
)

// A Retiree is an employee who was named to be retired, with what was read of them.
type Retiree struct {
	Employee Employee
	Missing  bool     // TrackTik does not show such an employee
	Owner    PersonID // who is managed as this employee; empty: nobody
	Standing Standing
	Pending  string     // an earlier write about the user is not settled; empty: none is
	Roles    []UserRole // that they hold
	Admin    bool       // one of them is protected
	Doubt    string     // why it cannot be told that none is; empty: it can
}

// Askable reports whether what Okta and the grants say of the employee matters at all.
func (r *Retiree) Askable(pol *Policy) bool {
	return !r.Missing && r.Owner == "" && r.Employee.Active() && !pol.Owns(Who{Employee: &r.Employee})
}

// Retire decides about one named employee: exactly one of an action, a problem and a
// warning comes of it. Only who left Okta is terminated, and nobody who is managed, is
// protected, holds a protected role, or is the employee whose credentials are used.
func Retire(r *Retiree, pol *Policy) Decision {
	e, user := &r.Employee, &r.Standing.User
	var d Decision
	left := func(code, format string, args ...any) {
		d.Problems = append(d.Problems, Problem{User: UserRef{ID: user.ID, Login: user.Login}, Employee: e.ID, Code: code,
			Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case r.Missing:
		left(RetireNotFound, "TrackTik shows no such employee")
	case r.Owner != "":
		left(RetireManaged, "is managed as user %s: a run terminates them when they leave, and `retire` does not", r.Owner)
	case pol.Owns(Who{Employee: e}):
		left(RetireProtected, "is the employee whose credentials are used")
	case e.Status == StatusTerminated:
		d.Warnings = append(d.Warnings, Warning{Code: WarningAlreadyEnded,
			Message: fmt.Sprintf("employee %d is TERMINATED in TrackTik already", e.ID)})
	case !e.Active():
		left(RetireNotActive, "is %s in TrackTik, and not active", e.Status)
	case r.Pending != "":
		left(RetirePending, "%s", r.Pending)
	case r.Standing.Class != LeftOkta:
		left(string(r.Standing.Class), "%s", r.Standing.Why)
	case pol.Protects(Who{Person: user, Employee: e}):
		left(RetireProtected, "sync.protected names them")
	case r.Admin:
		left(RetireRole, "holds a protected role")
	case r.Doubt != "":
		left(RetireUnconfirmed, "whether they hold a protected role cannot be told: %s", r.Doubt)
	default:
		d.Actions = append(d.Actions, r.termination())
	}
	return d
}

func (r *Retiree) termination() Action {
	e, user := &r.Employee, &r.Standing.User
	return Action{Kind: Terminate, User: UserRef{ID: user.ID, Login: user.Login}, Employee: e.ID,
		Reason: "left Okta without being managed: " + r.Standing.Why,
		Extra:  &Extra{Evidence: EvidenceFull, Retires: r.record()}}
}

// record is what is kept of an employee who is retired, as of one who was managed: their
// restore needs it.
func (r *Retiree) record() *Former {
	e, user := &r.Employee, &r.Standing.User
	f := &Former{Link: Link{Person: user.ID, Employee: e.ID, How: HowRetired, Login: user.Login, Email: user.Email,
		PushedRegion: e.Region, SeenDeprovisioned: true}}
	for _, field := range RequiredFields { // the others were never ours, and are not cleared for that
		f.Link.Pushed[field] = e.Values[field]
	}
	for _, u := range r.Roles {
		f.Roles = append(f.Roles, Grant{Role: u.Role, Person: user.ID, ID: u.ID, Employee: e.ID, How: HowAdopted})
	}
	return f
}
