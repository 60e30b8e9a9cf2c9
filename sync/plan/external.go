package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ExternalID is the Key of a Match that Okta itself keeps: the external id of the
// assignment, which the app's own integration stored when it made or matched the employee.
// It is no field of an employee: no Values hold it.
const ExternalID = NumFields + 1

// SyncStateError is the syncState of an assignment on which the app's own integration
// failed.
const SyncStateError = "ERROR"

// A Tie is what Okta's external id says about a new person.
type Tie struct {
	Text     string     // as Okta has it; never empty
	Employee EmployeeID // whom it names; 0: it is no employee's id
	Other    PersonID   // another user with the same id; empty: nobody
	Unproven bool       // nothing is known of what external ids are worth, and no other key agrees
}

// ParseExternal returns the employee that an external id names. It is false for what is no
// id as TrackTik writes one: text, a negative number, one with a sign or leading zeros.
func ParseExternal(text string) (EmployeeID, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != text {
		return 0, false
	}
	return EmployeeID(id), true
}

// A TieVerdict is what follows from a Tie.
type TieVerdict int

// The verdicts. Those up to TieOwned say nothing: the other keys decide.
const (
	TieNone       TieVerdict = iota
	TieUnreadable            // no employee's id
	TieUnknown               // the portal does not show such an employee
	TieEnded                 // terminated
	TieOwned                 // managed for somebody else
	TieShared                // two users have the same id
	TieInactive              // INACTIVE or BANNED
	TieDoubtful              // agrees in no name
	TieUnproven              // no whole run has looked at what external ids are worth
	TieMatch
)

// Silent reports that the other keys decide.
func (v TieVerdict) Silent() bool { return v < TieShared }

// Judge says what follows from a tie, nil for a person who has none. w is what Okta says of
// the person, m the employee of that id, nil where the portal does not show them.
func (t *Tie) Judge(self PersonID, w *Values, m *Match) TieVerdict {
	switch {
	case t == nil:
		return TieNone
	case t.Employee == 0:
		return TieUnreadable
	case m == nil:
		return TieUnknown
	case m.Employee.Status == StatusTerminated:
		return TieEnded
	case m.Owner != "" && m.Owner != self:
		return TieOwned
	case t.Other != "":
		return TieShared
	case !m.Employee.Active():
		return TieInactive
	case !SamePerson(w, &m.Employee):
		return TieDoubtful
	case t.Unproven:
		return TieUnproven
	}
	return TieMatch
}

// Verdict is Judge of a person whose matches hold the employee of that id, if the portal
// shows them.
func (t *Tie) Verdict(self PersonID, w *Values, matches []Match) TieVerdict {
	return t.Judge(self, w, tied(matches))
}

// Note says in words what stands between a tie and an adoption; empty for TieMatch and
// TieNone.
func (t *Tie) Note(v TieVerdict, m *Match) string {
	switch v {
	case TieUnreadable:
		return fmt.Sprintf("Okta's external id is %s, which is no employee's id: nobody is matched by it", quoted(t.Text))
	case TieUnknown:
		return fmt.Sprintf("Okta's external id names employee %d, whom TrackTik does not show: there is none, or the "+
			"credentials may not see their region", t.Employee)
	case TieEnded:
		return fmt.Sprintf("Okta's external id names employee %d, who is terminated", t.Employee)
	case TieOwned:
		return fmt.Sprintf("Okta's external id names employee %d, who is managed for user %s", t.Employee, m.Owner)
	case TieShared:
		return fmt.Sprintf("Okta's external id names employee %d for user %s as well; `link` says whose they are", t.Employee,
			t.Other)
	case TieInactive:
		return fmt.Sprintf("employee %d, whom Okta's external id names, is %s; activate them in TrackTik, or `link` "+
			"another one", t.Employee, m.Employee.Status)
	case TieDoubtful:
		return fmt.Sprintf("employee %d, whom Okta's external id names, has neither the username, nor the e-mail, nor "+
			"first and last name; `link` settles it", t.Employee)
	case TieUnproven:
		return fmt.Sprintf("Okta's external id names employee %d, and what external ids are worth here no whole run has "+
			"seen yet: the next one decides; `link` settles it", t.Employee)
	}
	return ""
}

// quoted is a text of Okta's in a message: without control characters, and not endless.
func quoted(text string) string {
	if runes := []rune(text); len(runes) > 50 {
		text = string(runes[:50]) + "…"
	}
	return strconv.Quote(text)
}

// tied finds the match by the external id; nil: there is none.
func tied(matches []Match) *Match {
	if i := slices.IndexFunc(matches, func(m Match) bool { return m.Key == ExternalID }); i >= 0 {
		return &matches[i]
	}
	return nil
}

// chooseTied is the part of chooseMatch that Okta's external id decides. done is false
// where it says nothing, which may leave a warning.
func chooseTied(v *View, d *Decision) (chosen Match, found, done bool) {
	m := tied(v.Matches)
	verdict := v.Tie.Judge(v.Person.ID, &v.Mapped.Wanted.Values, m)
	switch verdict { // of the others Okta says nothing
	case TieUnreadable:
		d.warn(v.Ref(), WarningInvalidValue, v.Tie.Note(verdict, m))
	case TieOwned:
		d.warn(v.Ref(), WarningPossibleDouble, v.Tie.Note(verdict, m))
	case TieShared:
		d.problem(v.Ref(), ProblemAmbiguousMatch, v.Tie.Note(verdict, m))
		return Match{}, false, true
	case TieInactive:
		if v.wasBanned(&m.Employee) {
			d.hold(v.action(Create), WhyBanned(m.Employee.ID))
		} else {
			d.problem(v.Ref(), ProblemInactiveMatch, v.Tie.Note(verdict, m))
		}
		return Match{}, false, true
	case TieMatch:
		if others := OtherMatches(v.Matches, m.Employee.ID); others != "" {
			d.warn(v.Ref(), WarningPossibleDouble, fmt.Sprintf("Okta's external id names employee %d, and other keys find "+
				"%s: is that a second employee of theirs?", m.Employee.ID, others))
		}
		fallthrough
	case TieDoubtful, TieUnproven:
		return *m, true, true
	}
	return Match{}, false, false
}

// Alone reports that no other key finds the employee whom the external id names.
func Alone(matches []Match) bool {
	m := tied(matches)
	return m != nil && !slices.ContainsFunc(matches, func(other Match) bool {
		return other.Key != ExternalID &&
			other.Employee.ID == m.Employee.ID
	})
}

// OtherMatches lists whom keys other than the external id find besides one employee.
func OtherMatches(matches []Match, but EmployeeID) string {
	var texts []string
	for _, m := range matches {
		if m.Key != ExternalID && m.Employee.ID != but && m.Employee.Status != StatusTerminated {
			texts = append(texts, fmt.Sprintf("employee %d by %s", m.Employee.ID, matchNames[m.Key]))
		}
	}
	return strings.Join(texts, ", ")
}

// An ExternalTally counts for how many people Okta's external id names the employee who is
// theirs. What an external id means is a guess about each org, so it has to prove itself.
type ExternalTally struct {
	Agree  int `json:"agree"`
	Differ int `json:"differ"`
}

// AddManaged counts somebody who is managed, and whose external id names an employee that
// the portal knows.
func (t *ExternalTally) AddManaged(employee, external EmployeeID) {
	if employee == external {
		t.Agree++
	} else {
		t.Differ++
	}
}

// AddMatched counts a new person, if their external id names an employee that the portal
// knows, and username or e-mail find exactly one other or the same.
func (t *ExternalTally) AddMatched(matches []Match) {
	m := tied(matches)
	if m == nil {
		return
	}
	var found EmployeeID
	for _, other := range matches {
		e := &other.Employee
		switch {
		case other.Key != Username && other.Key != Email || other.Owner != "" || !e.Active():
			continue
		case found != 0 && found != e.ID:
			return
		}
		found = e.ID
	}
	if found != 0 {
		t.AddManaged(found, m.Employee.ID)
	}
}

// The proof asks for at least provenBy people, and for agreement of provenPercent of them.
const (
	provenBy      = 10
	provenPercent = 90
)

// Speaks reports that enough people were counted for a verdict.
func (t ExternalTally) Speaks() bool { return t.Agree+t.Differ >= provenBy }

// Believed reports whether people are matched by external ids. Too few for a verdict are
// believed: each match has to agree in a name of its own.
func (t ExternalTally) Believed() bool {
	return !t.Speaks() || 100*t.Agree >= provenPercent*(t.Agree+t.Differ)
}

// Disbelief is why nobody is matched by external ids.
func (t ExternalTally) Disbelief() string {
	return fmt.Sprintf("Okta's external id (externalId of the assignment) names the right employee for %d of %d people "+
		"only: nobody is matched by it; `compare` lists for whom it does not",
		t.Agree, t.Agree+t.Differ)
}

// Ties are the people by the employees whom their external ids name.
type Ties struct {
	first map[EmployeeID]PersonID // most have one
	more  map[EmployeeID][]PersonID
}

// Add notes a person, once.
func (t *Ties) Add(id EmployeeID, person PersonID) {
	if t.first == nil {
		t.first, t.more = map[EmployeeID]PersonID{}, map[EmployeeID][]PersonID{}
	}
	switch first, taken := t.first[id]; {
	case !taken:
		t.first[id] = person
	case first != person && !slices.Contains(t.more[id], person):
		t.more[id] = append(t.more[id], person)
	}
}

// Empty reports that no external id names anybody.
func (t *Ties) Empty() bool { return len(t.first) == 0 }

// Other returns somebody else than person whose external id names an employee, the one of
// the lowest id; empty: there is nobody.
func (t *Ties) Other(id EmployeeID, person PersonID) PersonID {
	var other PersonID
	for _, p := range append([]PersonID{t.first[id]}, t.more[id]...) {
		if p != "" && p != person && (other == "" || p < other) {
			other = p
		}
	}
	return other
}

// Of returns everybody but those who are left out.
func (t *Ties) Of(leaveOut map[PersonID]bool) map[EmployeeID][]PersonID {
	of := map[EmployeeID][]PersonID{}
	for id, first := range t.first {
		for _, p := range append([]PersonID{first}, t.more[id]...) {
			if !leaveOut[p] {
				of[id] = append(of[id], p)
			}
		}
		slices.Sort(of[id])
	}
	return of
}

// Rivals notes, in place, which of a new person's matches Okta's external id names for
// somebody else: those are not the person's without an administrator's word.
func (t *Ties) Rivals(person PersonID, matches []Match) {
	for i := range matches {
		if m := &matches[i]; m.Key != ExternalID && m.Rival == "" {
			m.Rival = t.Other(m.Employee.ID, person)
		}
	}
}

// ExternalIDs is what a whole run remembers of them.
type ExternalIDs struct {
	ExternalTally
	// Of are the people who are not managed, by the employees whom their external ids name,
	// but for those whom it matched.
	Of map[EmployeeID][]PersonID `json:"of,omitempty"`
}
