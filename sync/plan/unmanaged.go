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
	Doubtful    Class = "doubtful"     // several users have, or it cannot be told whether the user is this person
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
		s.Class, s.Why = Doubtful, fmt.Sprintf("user %s, who has the username or the e-mail, is managed as employee %d", p.ID, other)
	case !namesAgree(e, &p):
		s.Class, s.Why = Doubtful, fmt.Sprintf("user %s has the username or the e-mail, and neither the first nor the last name", p.ID)
	case p.Status == statusDeprovisioned && p.Readable:
		s.Class, s.Why = LeftOkta, fmt.Sprintf("user %s is %s in Okta", p.ID, statusDeprovisioned)
	case !p.Readable:
		s.Class, s.Why = Doubtful, fmt.Sprintf("Okta shows user %s incompletely", p.ID)
	default:
		s.Class, s.Why = NotAssigned, fmt.Sprintf("user %s is %s in Okta, and not assigned to the app", p.ID, p.Status)
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
