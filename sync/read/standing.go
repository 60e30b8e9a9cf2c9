package read

import (
	"context"
	"fmt"
	"strconv"

	"tracktik-sync/sync/plan"
)

// A StandingReader finds out in Okta who an unmanaged employee is.
type StandingReader struct {
	Base
	peopleReader *peopleReader
	groupReader  *GroupReader
}

// Classify asks Okta about an employee whom nobody manages, with two calls at most: a
// search by the username and the e-mail, and whom that shows as DEPROVISIONED once more by
// the id, since the search may be behind. An error ends the run; a failed look-up does not.
func (r *StandingReader) Classify(ctx context.Context, e *plan.Employee) (plan.Standing, error) {
	s, err := r.sighted(ctx, e)
	if err != nil || s.Class != plan.LeftOkta {
		return s, err
	}
	p, found, err := r.Source.User(ctx, string(s.User.ID))
	switch {
	case err != nil:
		return r.unsighted(ctx, e, err)
	case !found:
		return plan.Standing{Class: plan.Doubtful,
			Why: fmt.Sprintf("Okta's search shows user %s as DEPROVISIONED, and nobody has the id", s.User.ID)}, nil
	}
	return plan.Classify(e, plan.Sighting{Users: []plan.Person{p}}), nil
}

// sighted is how an employee stands by Okta's search, which takes one call.
func (r *StandingReader) sighted(ctx context.Context, e *plan.Employee) (plan.Standing, error) {
	users, err := r.Source.UsersNamed(ctx, e.Values[plan.Username], e.Values[plan.Email])
	if err != nil {
		return r.unsighted(ctx, e, err)
	}
	seen := plan.Sighting{Users: users}
	for _, u := range users {
		link, managed, err := r.Snapshot.Link(u.ID)
		if err != nil {
			return plan.Standing{}, err
		}
		if managed {
			seen.Other = link.Employee
		}
	}
	return plan.Classify(e, seen), nil
}

// unsighted is the standing after a failed look-up.
func (r *StandingReader) unsighted(ctx context.Context, e *plan.Employee, err error) (plan.Standing, error) {
	if _, bad := IsCredentials(err); bad || ctx.Err() != nil {
		return plan.Standing{}, err
	}
	return plan.Classify(e, plan.Sighting{Failed: err.Error()}), nil
}

// A Roll is of unmanaged employees and how they stand in Okta. Okta's search goes by the users'
// own names, and the app may give them others: so whoever is in its listing has to be met.
type Roll map[string][]rolled

type rolled struct {
	employee *plan.Employee
	standing *plan.Standing
}

// Add enters an employee. The standing changes when somebody is met who makes it doubtful.
func (r Roll) Add(e *plan.Employee, s *plan.Standing) {
	if s.Class == "" || s.Class == plan.Doubtful {
		return
	}
	for _, key := range claims(s.User.ID, e.ID, &e.Values) {
		r[key] = append(r[key], rolled{e, s})
	}
}

// Meet compares everybody on the roll with somebody in the listing of the app.
func (r Roll) Meet(c plan.Claimant) {
	for _, key := range claims(c.ID, c.External, &c.Names) {
		for _, x := range r[key] {
			*x.standing = x.standing.Beside(x.employee, &c)
		}
	}
}

// claims are by what a user and an employee may be one.
func claims(user plan.PersonID, id plan.EmployeeID, names *plan.Values) []string {
	var keys []string
	add := func(kind, name string) {
		if name != "" {
			keys = append(keys, kind+" "+name)
		}
	}
	add("user", string(user))
	if id != 0 {
		add("employee", strconv.FormatInt(int64(id), 10))
	}
	for _, f := range plan.ClaimedNames {
		add(f.String(), plan.FoldName(names[f]))
	}
	return keys
}

// MeetAll reads the listing of the app, and has everybody in it met.
func (r *StandingReader) MeetAll(ctx context.Context, roll Roll) error {
	if len(roll) == 0 {
		return nil
	}
	if r.Mapper.NeedsGroups() && len(r.Pushed) == 0 { // once
		if err := r.groupReader.ReadGroups(ctx); err != nil {
			return err
		}
	}
	r.Phase("reading okta users", 0)
	return r.Source.Assignments(ctx, func(page []plan.Entry) error {
		for i := range page {
			p, err := page[i].Decode()
			if err != nil { // by what is left of it, they may be assigned
				r.Log.WithField("person", page[i].ID).WithError(err).Warn("an entry of okta's listing cannot be read")
				p = plan.Person{ID: page[i].ID}
			}
			roll.Meet(plan.ClaimantOf(&p, &r.Pol, r.peopleReader.names(p)))
		}
		r.Advance(len(page))
		return nil
	})
}
