package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Match is an employee that was found by one of a new person's keys.
type Match struct {
	Key      Field // ExternalID, CustomID, Username or Email
	Employee Employee
	Owner    PersonID // who the employee is managed for; empty: nobody
	Leaves   bool     // the owner gives the name free in this very plan
	Admin    bool     // holds a protected role, or one of the portal ADMIN
	Doubt    string   // why it cannot be told whether they are an Admin; empty: it can
	Rival    PersonID // another new person whose keys find the employee too; empty: nobody
}

// KeyName returns the name of a key as sync.match has it; empty for any other field.
func KeyName(key Field) string { return matchNames[key] }

// FindRivals notes, in place, which employees several new people match: they are
// nobody's before an administrator says whose.
func FindRivals(found map[PersonID][]Match) {
	people := map[EmployeeID][]PersonID{}
	for id, matches := range found {
		for _, m := range matches {
			if !slices.Contains(people[m.Employee.ID], id) {
				people[m.Employee.ID] = append(people[m.Employee.ID], id)
			}
		}
	}
	for _, ids := range people {
		slices.Sort(ids)
	}
	for id, matches := range found {
		for i := range matches {
			if ids := people[matches[i].Employee.ID]; len(ids) > 1 && ids[0] != id {
				matches[i].Rival = ids[0]
			} else if len(ids) > 1 {
				matches[i].Rival = ids[1]
			}
		}
	}
}

// KeyRecreated is an Action's Key when the person was deleted and created anew in
// Okta; KeyLinked when an administrator said who is who.
const (
	KeyRecreated = "re-created"
	KeyLinked    = "link"
)

const recreatedAs = "re-created in Okta, was "

// RecreatedReason is why the employee of a person becomes that of a new one.
func RecreatedReason(was PersonID) string { return recreatedAs + string(was) }

// IsRecreated reports that a reason is such a one.
func IsRecreated(reason string) bool { return strings.HasPrefix(reason, recreatedAs) }

var matchNames = map[Field]string{ExternalID: "external_id", CustomID: "custom_id", Username: "username",
	Email: "email"}

// ParseMatchKey returns the field of a key of sync.match, or ExternalID.
func ParseMatchKey(name string) (Field, bool) {
	for f, n := range matchNames {
		if n == name {
			return f, true
		}
	}
	return 0, false
}

// decideNew finds, adopts or creates the employee of a person who has none.
func decideNew(v *View, pol *Policy, d *Decision) {
	switch {
	case v.OutOfScope:
		return
	case v.ScopeError != "":
		d.hold(v.action(Create), HeldUnreadable+": sync.scope failed: "+v.ScopeError)
		return
	case v.Unread != "":
		d.hold(v.action(Create), HeldUnreadable+": "+v.Unread)
		return
	}
	d.Warnings = slices.Clip(v.Mapped.Warnings)
	if len(v.Mapped.Problems) > 0 {
		d.Problems = v.Mapped.Problems
		return
	}
	match, found := chooseMatch(v, d)
	if v.Ended { // they are given no name that is in use
		d.Problems = slices.DeleteFunc(d.Problems, func(p Problem) bool { return p.Code == ProblemNameInUse })
	}
	switch {
	case len(d.Problems)+len(d.Held) > 0:
	case found:
		adopt(v, pol, d, match)
	case v.Ended:
		d.hold(v.action(Create), fmt.Sprintf("%s: the last day %s is over, and they have no employee", HeldEnded,
			v.Dates.End))
	case v.Early:
		d.hold(v.action(Create), fmt.Sprintf("%s: the first day is %s; the employee is made then%s", HeldNotStarted,
			v.Dates.Start, leadText(pol.StartLead)))
	case v.standsAgain(d):
	case v.Lookalike != 0 && !v.Recreate:
		d.hold(v.action(Create), fmt.Sprintf("%s: employee %d, who is active and managed for nobody, has the same first and "+
			"last name, and the snapshot was restored, or bound to another system: it may have forgotten that this is the "+
			"person; `link` ties them, `retry --recreate` makes a new employee", HeldDoubtfulMatch, v.Lookalike))
	case v.Former != nil && v.FormerNow != nil && !SamePerson(&v.Former.Link.Pushed, v.FormerNow):
		create(v, pol, d, fmt.Sprintf("came back; employee %d, who they were, is somebody else by now",
			v.Former.Link.Employee))
	case v.Former != nil && pol.Reactivate && v.Former.EndedByUs(v.FormerNow) &&
		(v.FormerNow == nil || v.FormerNow.Status == StatusTerminated):
		reactivate(v, pol, d)
	case v.Former != nil:
		create(v, pol, d, fmt.Sprintf("came back; was employee %d before", v.Former.Link.Employee))
	default:
		v.warnUnseen(d)
		create(v, pol, d, "assigned to the app in Okta"+v.Origin)
	}
}

func leadText(lead time.Duration) string {
	if lead == 0 {
		return ""
	}
	return fmt.Sprintf(", less %s (sync.start.lead)", lead)
}

// chooseMatch looks through what the keys found. A terminated employee is nobody's
// match: their name is free.
func chooseMatch(v *View, d *Decision) (chosen Match, found bool) {
	if m, is, done := chooseTied(v, d); done {
		return m, is
	}
	var ids []EmployeeID
	for _, m := range v.Matches {
		e := m.Employee
		switch {
		case m.Key == ExternalID || e.Status == StatusTerminated || m.Leaves:
			continue
		case m.Owner != "" && m.Owner != v.Person.ID:
			d.problem(v.Ref(), ProblemNameInUse, fmt.Sprintf("%s is that of employee %d, who is managed for user %s",
				matchNames[m.Key], e.ID, m.Owner))
			return Match{}, false
		case !slices.Contains(ids, e.ID):
			ids = append(ids, e.ID)
		}
		if !found {
			chosen, found = m, true
		}
	}
	switch {
	case found && chosen.Rival != "":
		d.problem(v.Ref(), ProblemAmbiguousMatch,
			fmt.Sprintf("employee %d, found by %s, matches user %s as well; `link` says whose they are",
				chosen.Employee.ID, matchNames[chosen.Key], chosen.Rival))
		d.Problems[len(d.Problems)-1].Rivals = []PersonID{chosen.Rival}
		return Match{}, false
	case len(ids) > 1:
		d.problem(v.Ref(), ProblemAmbiguousMatch, fmt.Sprintf("several employees match: %s; `link` says which one is theirs",
			matchList(v.Matches)))
		return Match{}, false
	case found && v.wasBanned(&chosen.Employee):
		d.hold(v.action(Create), WhyBanned(chosen.Employee.ID))
		return Match{}, false
	case found && !chosen.Employee.Active():
		d.problem(v.Ref(), ProblemInactiveMatch,
			fmt.Sprintf("employee %d, found by %s, is %s; activate them in TrackTik, or change the name",
				chosen.Employee.ID, matchNames[chosen.Key], chosen.Employee.Status))
		return Match{}, false
	}
	return chosen, found
}

// wasBanned reports that an employee is who the person was, banned since.
func (v *View) wasBanned(e *Employee) bool {
	return v.Former != nil && e.ID == v.Former.Link.Employee && e.Status == StatusBanned
}

// warnUnseen warns of a create beside an employee whom Okta names and TrackTik hides.
func (v *View) warnUnseen(d *Decision) {
	m := tied(v.Matches)
	if verdict := v.Tie.Judge(v.Person.ID, &v.Mapped.Wanted.Values, m); verdict == TieUnknown {
		d.warn(v.Ref(), WarningPossibleDouble, v.Tie.Note(verdict, m))
	}
}

func matchList(matches []Match) string {
	var texts []string
	for _, m := range matches {
		if m.Key != ExternalID && m.Employee.Status != StatusTerminated {
			texts = append(texts, fmt.Sprintf("employee %d by %s (%s)", m.Employee.ID, matchNames[m.Key], m.Employee.Status))
		}
	}
	return strings.Join(texts, ", ")
}

func adopt(v *View, pol *Policy, d *Decision, m Match) {
	e := m.Employee
	a := Action{Kind: Adopt, User: v.Ref(), Employee: e.ID, Extra: &Extra{Key: matchNames[m.Key]}, Want: &v.Mapped.Wanted,
		Reason: "matched by " + matchNames[m.Key] + v.Origin}
	w := &v.Mapped.Wanted
	who := v.who()
	who.Employee = &e
	switch {
	case pol.Owns(who):
		d.problem(v.Ref(), ProblemProtectedMatch, fmt.Sprintf("employee %d is the integration's account", e.ID))
	case pol.Protects(who):
		d.problem(v.Ref(), ProblemProtectedMatch, fmt.Sprintf("employee %d is named by sync.protected", e.ID))
	case m.Admin:
		d.problem(v.Ref(), ProblemProtectedMatch, fmt.Sprintf("employee %d holds a protected role", e.ID))
	case !pol.Adopt:
		d.problem(v.Ref(), ProblemAdoptOff, fmt.Sprintf("employee %d matches by %s, and sync.adopt is never; `link` ties "+
			"them", e.ID, a.Extra.Key))
	case m.Doubt != "":
		d.hold(a, fmt.Sprintf("%s: whether employee %d holds a protected role cannot be told: %s; `check` says more",
			HeldUnconfirmed, e.ID, m.Doubt))
	case v.Stale && v.Alone:
		d.hold(a, fmt.Sprintf("%s: the snapshot was restored, or bound to another system, and whose employee %d is, the "+
			"next whole run says; `link` settles it", HeldUnconfirmed, e.ID))
	case m.Key == ExternalID && !SamePerson(&w.Values, &e):
		d.hold(a, HeldDoubtfulMatch+": "+v.Tie.Note(TieDoubtful, &m))
	case m.Key == ExternalID && v.Tie.Unproven:
		d.hold(a, HeldUnconfirmed+": "+v.Tie.Note(TieUnproven, &m))
	case v.onlyByEmail(e.ID) && strangers(w.Values, e.Values):
		d.hold(a, fmt.Sprintf("%s: employee %d has the same e-mail, but neither the first nor the last name; `link` "+
			"settles it", HeldDoubtfulMatch, e.ID))
	case strangers(w.Values, e.Values) && !agreeIn(w.Values, e.Values, Username, Email):
		d.hold(a, fmt.Sprintf("%s: employee %d has the same %s, but neither the username, the e-mail, the first nor the "+
			"last name; `link` settles it",
			HeldDoubtfulMatch, e.ID, a.Extra.Key))
	case v.Ended: // taken over, so that the next run can terminate them; nothing else is done to them
		d.act(a)
		end := v.action(Terminate)
		end.Employee = e.ID
		d.hold(end, fmt.Sprintf("%s: the last day %s is over; employee %d is taken over in this run, and terminated by "+
			"the next one", HeldEnded, v.Dates.End, e.ID))
	default:
		d.act(a)
		adoptedUpdate(v, pol, d, e)
	}
}

// agreeIn reports that one of the fields is the same.
func agreeIn(a, b Values, fields ...Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return a[f] != "" && FoldName(a[f]) == FoldName(b[f]) })
}

// onlyByEmail reports that no other key found the employee.
func (v *View) onlyByEmail(id EmployeeID) bool {
	return !slices.ContainsFunc(v.Matches, func(m Match) bool { return m.Employee.ID == id && m.Key != Email })
}

// strangers reports that first and last name both differ.
func strangers(a, b Values) bool {
	return FoldName(a[FirstName]) != FoldName(b[FirstName]) && FoldName(a[LastName]) != FoldName(b[LastName])
}

// SamePerson reports that an employee is still the person for whom the values were pushed.
// Ids are small numbers that every portal has, and records are used again: a name has to
// agree, the username, the e-mail, or first and last name together.
func SamePerson(pushed *Values, e *Employee) bool {
	both := func(f Field) bool { return agreeIn(*pushed, e.Values, f) }
	return both(Username) || both(Email) || both(FirstName) && both(LastName)
}

// adoptedUpdate brings the differing fields of an adopted employee in line.
func adoptedUpdate(v *View, pol *Policy, d *Decision, e Employee) {
	link := Adopted(&v.Mapped.Wanted, &e, false)
	changes, _ := Differences(&link, &v.Mapped.Wanted, &e, pol)
	if len(changes) == 0 {
		return
	}
	a := Action{Kind: Update, User: v.Ref(), Employee: e.ID, Changes: changes, Want: &v.Mapped.Wanted,
		Reason: "differs from Okta when adopted"}
	switch {
	case pol.AdoptKeep:
		d.hold(a, HeldAdoptedDiffers+": adopted as it is (sync.on_adopt: keep); what changes in Okta from now on is sent")
	case !pol.UpdateUsers:
		d.hold(a, HeldSwitchedOff+": sync.update_users is off")
	default:
		d.act(a)
	}
}

// Adopted is the link's content after an adoption: what agrees counts as pushed.
// With keep, everything that Okta says now does. The region is never moved by it.
func Adopted(w *Wanted, e *Employee, keep bool) Link {
	link := Link{Employee: e.ID, How: HowAdopted, Kept: keep, AssignedBy: w.Group}
	for _, f := range RecordFields {
		if w.Keep.Has(f) {
			continue
		}
		same := f.Same(w.Values[f], e.Values[f]) || f.isPhone() && sameNumber(w.Values[f], e.Values[f])
		if keep || same {
			link.Pushed[f] = w.Values[f]
		}
		if !same && w.Values[f] != "" {
			link.Seen[f] = e.Values[f]
		}
	}
	link.Pushed[Region], link.PushedRegion = w.Values[Region], w.RegionID
	link.StandsIn(e.Region)
	return link
}

func create(v *View, pol *Policy, d *Decision, reason string) {
	a := Action{Kind: Create, User: v.Ref(), Want: &v.Mapped.Wanted, Reason: reason}
	if v.Former != nil {
		a.Extra = &Extra{Former: v.Former.Link.Employee}
	}
	if v.Recreate && v.Link != nil {
		a.Extra = &Extra{Former: v.Link.Employee}
	}
	switch {
	case !pol.CreateUsers:
		d.hold(a, HeldSwitchedOff+": sync.create_users is off")
	case v.Unsearched != "":
		d.hold(a, fmt.Sprintf("%s: whether TrackTik has the person already cannot be told: %s; nobody is made meanwhile; "+
			"look at the rights of the integration's account in TrackTik", HeldUnconfirmed, v.Unsearched))
	case v.Stale && v.Alone:
		d.hold(a, fmt.Sprintf("%s: the snapshot was restored, or bound to another system, and whether the person has an "+
			"employee, the next whole run says", HeldUnconfirmed))
	case v.tooEarly(a, d):
	default:
		d.act(a)
	}
}

func reactivate(v *View, pol *Policy, d *Decision) {
	id := v.Former.Link.Employee
	before := v.Former.Link
	before.Pushed[Username], before.How = "", HowReactivated // the termination took it
	changes, _ := Differences(&before, &v.Mapped.Wanted, nil, pol)
	a := Action{Kind: Reactivate, User: v.Ref(), Employee: id, Extra: &Extra{Former: id}, Want: &v.Mapped.Wanted,
		Changes: changes,
		Reason:  fmt.Sprintf("came back; employee %d was terminated by run %s", id, v.Former.Run)}
	switch {
	case pol.Owns(Who{Link: &v.Former.Link}):
		d.hold(a, heldOwn)
	case !pol.CreateUsers:
		d.hold(a, HeldSwitchedOff+": sync.create_users is off")
	case v.tooEarly(a, d):
	default:
		d.act(a)
	}
}

// standsAgain holds somebody whose former employee is not terminated any more: nobody is made
// beside them, nor around a ban.
func (v *View) standsAgain(d *Decision) bool {
	now := v.FormerNow
	if v.Former == nil || now == nil || now.Status == StatusTerminated || !SamePerson(&v.Former.Link.Pushed, now) {
		return false
	}
	switch {
	case now.Status == StatusBanned:
		d.hold(v.action(Create), WhyBanned(now.ID))
	case v.Recreate:
		return false
	default:
		d.hold(v.action(Create), fmt.Sprintf("%s: employee %d, who they were, is %s again, not by this program; `link` "+
			"ties them, `retry --recreate` makes a new employee", HeldDoubtfulMatch, now.ID, now.Status))
	}
	return true
}

// A Listing says how far TrackTik's employees were listed for a plan.
type Listing struct {
	Newest EmployeeID // the greatest id in it
	At     time.Time  // when it began
}
