package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A Claim is one person's wish for a user name and an e-mail.
type Claim struct {
	Person   PersonID
	User     UserRef
	Username string // folded; empty: none
	Email    string
	Managed  bool
	// Moves says that the person is managed and is given other names than they have.
	Moves bool
	// First and Last are the person's names, folded, to recognise who was re-created.
	First, Last string
}

// An Owner is a managed person who has a name by the snapshot.
type Owner struct {
	Person   PersonID
	Employee EmployeeID
	// Leaves: terminated in this plan. Missing: not listed, and nothing is confirmed.
	// Otherwise they stay, and keep what their own Claim, if there is one, says.
	Leaves, Missing bool
	First, Last     string // as pushed, folded
	// Confirmed says that the departure is known for this person, not from a sample.
	Confirmed bool
}

// Names decides who gets a name that several want, and in which order names pass on.
type Names struct {
	// Problems are those who cannot have what they want.
	Problems map[PersonID]Problem
	// Recreated are new people who are somebody who left: they get that employee.
	Recreated map[PersonID]Owner
	// After names, for an update or create, whose updates have to come before it.
	After map[PersonID][]PersonID
	// Freed names, for who gets a name, those whose termination has to come before it.
	Freed map[PersonID][]PersonID
}

// ResolveNames looks at all claims of a run at once. Owners are asked of the snapshot:
// who has a user name, or an e-mail, now.
func ResolveNames(claims []Claim, usernames, emails func(folded string) []Owner) Names {
	r := &resolver{Names: Names{map[PersonID]Problem{}, map[PersonID]Owner{}, map[PersonID][]PersonID{}, map[PersonID][]PersonID{}},
		claims: map[PersonID]*Claim{}, wanted: [2]map[string][]PersonID{{}, {}}, owners: [2]func(string) []Owner{usernames, emails}}
	for i := range claims {
		c := &claims[i]
		r.claims[c.Person] = c
		for kind, name := range c.names() {
			if name != "" {
				r.wanted[kind][name] = append(r.wanted[kind][name], c.Person)
			}
		}
	}
	for i := range claims {
		r.recreated(&claims[i])
	}
	for i := range claims {
		r.judge(&claims[i])
	}
	r.swaps()
	return r.Names
}

var nameKinds = [2]string{"user name", "e-mail"}

func (c *Claim) names() [2]string { return [2]string{c.Username, c.Email} }

type resolver struct {
	Names
	claims map[PersonID]*Claim
	wanted [2]map[string][]PersonID
	owners [2]func(string) []Owner
}

// recreated finds the one new person who is a leaver under another id.
func (r *resolver) recreated(c *Claim) {
	if c.Managed {
		return
	}
	for kind, name := range c.names() {
		if name == "" || len(r.wanted[kind][name]) != 1 {
			continue
		}
		for _, o := range r.owners[kind](name) {
			same := c.First != "" && c.First == o.First || c.Last != "" && c.Last == o.Last
			if o.Leaves && o.Confirmed && same && !r.takenOver(o.Person) {
				r.Recreated[c.Person] = o
				return
			}
		}
	}
}

func (r *resolver) takenOver(id PersonID) bool {
	for _, o := range r.Recreated {
		if o.Person == id {
			return true
		}
	}
	return false
}

// judge compares one claim with those who have the name, and those who want it too.
func (r *resolver) judge(c *Claim) {
	if _, ok := r.Recreated[c.Person]; ok {
		return
	}
	for kind, name := range c.names() {
		if name == "" {
			continue
		}
		for _, o := range r.owners[kind](name) {
			if o.Person != c.Person && !r.passes(c, o, kind, name) {
				return
			}
		}
		if r.contested(c, kind, name) {
			return
		}
	}
}

// passes reports whether c may have a name that o has now.
func (r *resolver) passes(c *Claim, o Owner, kind int, name string) bool {
	other := r.claims[o.Person]
	switch {
	case o.Leaves:
		r.Freed[c.Person] = append(r.Freed[c.Person], o.Person)
		return true
	case o.Missing:
		r.problem(c, ProblemNameInUse, fmt.Sprintf("the %s is that of employee %d of user %s, whose departure from Okta is not confirmed",
			nameKinds[kind], o.Employee, o.Person))
		return false
	case other != nil && other.Moves && other.names()[kind] != name:
		r.After[c.Person] = append(r.After[c.Person], o.Person)
		return true
	}
	r.problem(c, ProblemDuplicate, fmt.Sprintf("user %s, who is managed, has the same %s in Okta and keeps it", o.Person, nameKinds[kind]))
	return false
}

// contested gives a name that nobody has, but several want, to the managed one, if
// there is just one.
func (r *resolver) contested(c *Claim, kind int, name string) bool {
	rivals := r.wanted[kind][name]
	if len(rivals) < 2 {
		return false
	}
	var managed []PersonID
	for _, id := range rivals {
		if r.claims[id].Managed {
			managed = append(managed, id)
		}
	}
	if len(managed) == 1 && managed[0] == c.Person {
		return false
	}
	others := make([]string, 0, len(rivals))
	for _, id := range rivals {
		if id != c.Person {
			others = append(others, string(id))
		}
	}
	slices.Sort(others)
	r.problem(c, ProblemDuplicate, fmt.Sprintf("has the same %s in Okta as user %s", nameKinds[kind], strings.Join(slices.Compact(others), ", ")))
	return true
}

func (r *resolver) problem(c *Claim, code, message string) {
	if _, ok := r.Problems[c.Person]; !ok {
		r.Problems[c.Person] = Problem{User: c.User, Code: code, Message: message}
	}
}

// swaps finds circles in After: no order of updates carries them out. A person who
// cannot be updated gives nothing free, so whoever waits for one is a problem too.
func (r *resolver) swaps() {
	for _, id := range sortedKeys(r.After) {
		if r.reaches(id, id, map[PersonID]bool{}) {
			r.problem(r.claims[id], ProblemSwap, "user names or e-mails are to pass in a circle between users "+r.circle(id)+
				"; give one of them another name in Okta for one run")
		}
	}
	for changed := true; changed; {
		changed = false
		for _, id := range sortedKeys(r.After) {
			for _, next := range r.After[id] {
				_, bad := r.Problems[next]
				if _, already := r.Problems[id]; bad && !already {
					r.problem(r.claims[id], ProblemNameInUse, fmt.Sprintf("user %s, who has the name, has a problem and keeps it", next))
					changed = true
				}
			}
		}
	}
}

// reaches reports whether from waits, in the end, for to.
func (r *resolver) reaches(from, to PersonID, seen map[PersonID]bool) bool {
	for _, next := range r.After[from] {
		if next == to {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if r.reaches(next, to, seen) {
				return true
			}
		}
	}
	return false
}

func (r *resolver) circle(id PersonID) string {
	ids := []string{string(id)}
	for _, next := range r.After[id] {
		ids = append(ids, string(next))
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " and ")
}

func sortedKeys[V any](m map[PersonID]V) []PersonID {
	keys := make([]PersonID, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
