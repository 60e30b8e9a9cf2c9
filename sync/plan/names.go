package plan

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"tracktik-sync/sync/plan/internal/graph"
)

// A Claim is one person's wish for a user name and an e-mail.
type Claim struct {
	Person   PersonID
	User     UserRef
	Username string // folded; empty: none
	Email    string
	// Seen are the login and the e-mail that Okta shows of somebody new, folded: whoever was
	// shown with one of them last may be who they were before.
	Seen    [2]string
	Managed bool
	// Moves says that the person is managed and is given other names than they have.
	Moves bool
	// First and Last are the person's names, folded, to recognise who was re-created.
	First, Last string
	// CustomID is what they want, and FormerID what they have and give free; folded,
	// empty: none.
	CustomID, FormerID string
}

// An Owner is a managed person who has a name by the snapshot.
type Owner struct {
	Person   PersonID
	Employee EmployeeID
	// Leaves: terminated in this plan. Missing: not listed, and nothing is confirmed.
	// Otherwise they stay, and keep what their own Claim, if there is one, says.
	Leaves, Missing bool
	// Lives says of who leaves that the user is in Okta still, and not deactivated: whoever
	// has one of the names now is mostly a successor.
	Lives       bool
	First, Last string // as pushed, folded
	// Confirmed says that the departure is known for this person, not from a sample.
	Confirmed bool
	// Keeps is why the employee keeps the name in TrackTik, whatever Okta says: "is BANNED
	// there". Empty: nothing does.
	Keeps string
}

// Names decides who gets a name that several want, and in which order names pass on.
type Names struct {
	// Problems are those who cannot have what they want.
	Problems map[PersonID]Problem
	// Recreated are new people who are somebody who left: they get that employee.
	Recreated map[PersonID]Owner
	// Refused are leavers who may be these new people, none of whom gets their employee now.
	Refused map[PersonID][]PersonID
	// After names, for an update or create, whose updates have to come before it.
	After map[PersonID][]PersonID
	// Level is 0 for who waits for nobody, else one more than the highest of those in
	// After: updates go level by level.
	Level map[PersonID]int
	// Freed names, for who gets a name, those whose termination has to come before it.
	Freed map[PersonID][]PersonID
}

// Owners are the managed people who have a user name, or an e-mail, now; by the folded name.
type Owners struct {
	Usernames, Emails map[string][]Owner
	// Seen are those who left, or may have, by the login and by the e-mail that Okta showed of
	// them last: TrackTik may never have been told of these.
	Seen [2]map[string][]Owner
}

// ResolveNames looks at all claims of a run at once. Owners are those of all names in them.
func ResolveNames(claims []Claim, owners Owners) Names {
	r := &resolver{Names: Names{Problems: map[PersonID]Problem{}, Recreated: map[PersonID]Owner{},
		Refused: map[PersonID][]PersonID{}, After: map[PersonID][]PersonID{},
		Level: map[PersonID]int{}, Freed: map[PersonID][]PersonID{}},
		claims:  make(map[PersonID]*Claim, len(claims)),
		wanted:  [2]map[string][]PersonID{make(map[string][]PersonID, len(claims)), make(map[string][]PersonID, len(claims))},
		managed: [2]map[string]int{{}, {}}, owners: [2]map[string][]Owner{owners.Usernames, owners.Emails}, seen: owners.Seen,
		heirs: map[PersonID]PersonID{}}
	for i := range claims {
		c := &claims[i]
		r.claims[c.Person] = c
		for kind, name := range c.names() {
			if name != "" {
				r.wanted[kind][name] = append(r.wanted[kind][name], c.Person)
				if c.Managed {
					r.managed[kind][name]++
				}
			}
		}
	}
	for kind := range r.wanted {
		for _, rivals := range r.wanted[kind] {
			slices.Sort(rivals)
		}
	}
	r.recreated(claims)
	for i := range claims {
		if _, ok := r.Recreated[claims[i].Person]; ok && !r.judge(&claims[i]) {
			delete(r.Recreated, claims[i].Person)
		}
	}
	for i := range claims {
		if _, ok := r.Recreated[claims[i].Person]; !ok {
			r.judge(&claims[i])
		}
	}
	r.customIDs(claims)
	r.swaps()
	for leaver, heir := range r.heirs {
		if _, bad := r.Problems[heir]; bad {
			r.Refused[leaver] = []PersonID{heir}
			delete(r.Recreated, heir)
		}
	}
	return r.Names
}

var nameKinds = [2]string{"user name", "e-mail"}

func (c *Claim) names() [2]string { return [2]string{c.Username, c.Email} }

type resolver struct {
	Names
	claims  map[PersonID]*Claim
	wanted  [2]map[string][]PersonID // sorted
	managed [2]map[string]int        // of those who want a name
	owners  [2]map[string][]Owner
	seen    [2]map[string][]Owner
	heirs   map[PersonID]PersonID // who goes on as a leaver, under a new id
}

// recreated finds the new people who are leavers under other ids: just one new person
// for a leaver, whatever the order of the claims. Somebody of other names who wants the
// same user name or e-mail is no second one.
func (r *resolver) recreated(claims []Claim) {
	heirs := map[PersonID][]PersonID{} // by leaver
	former := map[PersonID][]Owner{}   // by new person
	for i := range claims {
		c := &claims[i]
		for _, owners := range []iter.Seq[Owner]{r.alike(c, r.owners, c.names()), r.alike(c, r.seen, c.Seen)} {
			for o := range owners {
				if !c.Managed && o.Leaves && o.Confirmed && !slices.Contains(heirs[o.Person], c.Person) {
					heirs[o.Person] = append(heirs[o.Person], c.Person)
					former[c.Person] = append(former[c.Person], o)
				}
			}
		}
	}
	for id, owners := range former {
		for _, o := range owners {
			if len(heirs[o.Person]) == 1 {
				r.Recreated[id], r.heirs[o.Person] = o, id
				break
			}
		}
	}
	for leaver, several := range heirs {
		if len(several) > 1 {
			slices.Sort(several)
			r.Refused[leaver] = several
		}
	}
}

// alike are the managed people who have one of somebody's names and are like them.
func (r *resolver) alike(c *Claim, owners [2]map[string][]Owner, names [2]string) iter.Seq[Owner] {
	return func(yield func(Owner) bool) {
		for kind, name := range names {
			for _, o := range owners[kind][name] {
				if name != "" && c.isLike(o) && !yield(o) {
					return
				}
			}
		}
	}
}

func (c *Claim) isLike(o Owner) bool {
	return Alike([2]string{c.First, c.Last}, [2]string{o.First, o.Last}, o.Lives)
}

// Alike reports that somebody new has the first and last name of an owner, folded: one of the
// two is enough where the owner's user lives no more.
func Alike(names, owner [2]string, lives bool) bool {
	first, last := names[0] != "" && names[0] == owner[0], names[1] != "" && names[1] == owner[1]
	return first && last || !lives && (first || last)
}

// judge compares one claim with those who have the name, and those who want it too. It
// is false for who cannot have what they want.
func (r *resolver) judge(c *Claim) bool {
	former := r.Recreated[c.Person].Person
	for kind, name := range c.names() {
		if name == "" {
			continue
		}
		has := false
		for _, o := range r.owners[kind][name] {
			switch {
			case o.Person == c.Person, o.Person == former:
				has = true
			case !r.passes(c, o, kind, name):
				return false
			}
		}
		if !has && r.contested(c, kind, name) {
			return false
		}
	}
	return c.Managed || r.outlives(c, former)
}

// outlives reports that nobody stays whom somebody new may have been before, by what Okta
// showed last; those who leave do so first.
func (r *resolver) outlives(c *Claim, former PersonID) bool {
	for o := range r.alike(c, r.seen, c.Seen) {
		switch {
		case o.Person == former:
		case o.Leaves:
			r.Freed[c.Person] = append(r.Freed[c.Person], o.Person)
		case o.Keeps != "":
			r.problem(c, ProblemNameInUse, fmt.Sprintf("may be user %s, whom Okta showed with the same login or e-mail and "+
				"name, and whose employee %d stays: %s", o.Person, o.Employee, o.Keeps))
			return false
		default:
			r.problem(c, ProblemNameInUse, fmt.Sprintf("may be user %s, whom Okta showed with the same login or e-mail and "+
				"name, and whose departure from Okta is not confirmed: employee %d", o.Person, o.Employee))
			return false
		}
	}
	return true
}

// passes reports whether c may have a name that o has now.
func (r *resolver) passes(c *Claim, o Owner, kind int, name string) bool {
	other := r.claims[o.Person]
	heir, inherited := r.heirs[o.Person]
	if _, still := r.Recreated[heir]; inherited && still && heir != c.Person {
		if r.claims[heir].names()[kind] != name && o.Keeps == "" { // the employee stays, and is given other names
			r.After[c.Person] = append(r.After[c.Person], heir)
			return true
		}
		r.problem(c, ProblemDuplicate, fmt.Sprintf("user %s has the same %s in Okta, and was known by it under another id",
			heir, nameKinds[kind]))
		return false
	}
	switch {
	case o.Leaves:
		r.Freed[c.Person] = append(r.Freed[c.Person], o.Person)
		return true
	case o.Missing:
		r.problem(c, ProblemNameInUse, fmt.Sprintf("the %s is that of employee %d of user %s, whose departure from Okta "+
			"is not confirmed",
			nameKinds[kind], o.Employee, o.Person))
		return false
	case other != nil && other.Moves && other.names()[kind] != name:
		r.After[c.Person] = append(r.After[c.Person], o.Person)
		return true
	}
	switch {
	case o.Keeps != "":
		r.problem(c, ProblemNameInUse, fmt.Sprintf("the %s is that of employee %d of user %s in TrackTik, who keeps it: %s",
			nameKinds[kind], o.Employee, o.Person, o.Keeps))
	case other != nil && other.names()[kind] == name:
		r.problem(c, ProblemDuplicate, fmt.Sprintf("user %s, who is managed, has the same %s in Okta and keeps it", o.Person,
			nameKinds[kind]))
	default: // what Okta says of them was not read, or is not to be done now
		r.problem(c, ProblemDuplicate, fmt.Sprintf("the %s is that of employee %d of user %s in TrackTik, who keeps it",
			nameKinds[kind], o.Employee, o.Person))
	}
	return false
}

// contested gives a name that nobody has, but several want, to the managed one, if
// there is just one.
func (r *resolver) contested(c *Claim, kind int, name string) bool {
	rivals := r.wanted[kind][name]
	if len(rivals) < 2 || c.Managed && r.managed[kind][name] == 1 {
		return false
	}
	r.rivals(c, nameKinds[kind], rivals)
	return true
}

// rivals is the problem of one of several who want the same; their ids are sorted.
func (r *resolver) rivals(c *Claim, what string, sorted []PersonID) {
	r.problem(c, ProblemDuplicate, fmt.Sprintf("has the same %s in Okta as user %s", what, someIDs(sorted, c.Person)))
	p := r.Problems[c.Person]
	for _, id := range sorted {
		if id != c.Person && len(p.Rivals) < most {
			p.Rivals = append(p.Rivals, id)
		}
	}
	r.Problems[c.Person] = p
}

// most is how many rivals are named: a list of all of them, for each of them, has no end.
const most = 5

// someIDs names the smallest of sorted ids, less one.
func someIDs(sorted []PersonID, less PersonID) string {
	var ids []string
	for _, id := range sorted {
		if id == less {
			continue
		}
		if len(ids) == most {
			return fmt.Sprintf("%s and %d more", strings.Join(ids, ", "), len(sorted)-1-most)
		}
		ids = append(ids, string(id))
	}
	return strings.Join(ids, ", ")
}

func (r *resolver) problem(c *Claim, code, message string) {
	if _, ok := r.Problems[c.Person]; !ok {
		r.Problems[c.Person] = Problem{User: c.User, Code: code, Message: message}
	}
}

// customIDs lets those wait who want a custom id that somebody else gives free. Whether
// somebody has it who is not looked at in this run is for TrackTik to say.
func (r *resolver) customIDs(claims []Claim) {
	free := map[string]PersonID{}
	for i := range claims {
		if c := &claims[i]; c.FormerID != "" && c.FormerID != c.CustomID {
			free[c.FormerID] = c.Person
		}
	}
	wanted := map[string][]*Claim{}
	for i := range claims {
		c := &claims[i]
		if owner, ok := free[c.CustomID]; ok && owner != c.Person && c.CustomID != c.FormerID {
			r.After[c.Person] = append(r.After[c.Person], owner)
		}
		if c.CustomID != "" {
			wanted[c.CustomID] = append(wanted[c.CustomID], c)
		}
	}
	for _, rivals := range wanted {
		r.sharedCustomID(rivals)
	}
}

// sharedCustomID leaves a custom id that several want to the one who has it, else to the
// only managed one: TrackTik gives it to one employee, and chance is not to say to whom.
func (r *resolver) sharedCustomID(rivals []*Claim) {
	keep, managed := 0, 0
	var ids []PersonID
	for _, c := range rivals {
		ids = append(ids, c.Person)
		if c.Managed {
			managed++
		}
		if c.Managed && c.FormerID == c.CustomID {
			keep++
		}
	}
	if len(rivals) < 2 {
		return
	}
	slices.Sort(ids)
	for _, c := range rivals {
		switch {
		case keep > 0 && c.Managed && c.FormerID == c.CustomID, keep == 0 && managed == 1 && c.Managed:
		default:
			r.rivals(c, "custom id", ids)
		}
	}
}

// swaps sets the levels, and finds circles in After: no order of updates carries them out. A person who
// cannot be updated gives nothing free, so whoever waits for one is a problem too.
func (r *resolver) swaps() {
	for _, together := range graph.Circles(r.After) {
		for _, id := range together {
			if len(together) > 1 {
				r.problem(r.claims[id], ProblemSwap, "user names, e-mails or custom ids are to pass in a circle between this "+
					"user and "+someIDs(together, id)+
					"; give one of them another name in Okta for one run")
			}
		}
		for _, id := range together { // those whom they wait for were looked at before
			for _, next := range r.After[id] {
				if len(together) == 1 {
					r.Level[id] = max(r.Level[id], r.Level[next]+1)
				}
				if _, bad := r.Problems[next]; bad {
					r.problem(r.claims[id], ProblemNameInUse, fmt.Sprintf("user %s, who has the name, has a problem and keeps it",
						next))
				}
			}
		}
	}
}
