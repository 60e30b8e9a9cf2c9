package okta

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// Assignments lists everybody assigned to the app, 500 a page, each with the base
// user, whatever the status of either. each is called once a page; an error of
// it ends the listing and is returned as it is. People who move while they are
// listed may come twice.
func (s *Source) Assignments(ctx context.Context, each func([]plan.Entry) error) error {
	l := listing{route: routeAssignments, path: s.appPath("/users"), query: url.Values{"expand": {"user"}}, limit: 500, least: 1}
	// From the second page on, the next one is on its way while each works: who has enough with
	// one asks for no more.
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(1)
	first := true
	err := s.list(ctx, l, func(p page) error {
		entries := s.entries(p)
		if first {
			first = false
			return each(entries)
		}
		work.Go(func() error {
			if err := ctx.Err(); err != nil { // of the page before
				return err
			}
			return each(entries)
		})
		return ctx.Err()
	})
	if failed := work.Wait(); failed != nil {
		return failed
	}
	return err
}

// Assignment reads one person's assignment, with the base user. found is false
// when Okta says that the person is not assigned, or is no longer there: User
// tells which.
func (s *Source) Assignment(ctx context.Context, id plan.PersonID) (p plan.Person, found bool, err error) {
	user, err := segment(routeAssignment, "user", string(id))
	if err != nil {
		return plan.Person{}, false, err
	}
	c, found, err := s.object(ctx, routeAssignment, s.appPath("/users/"+user), url.Values{"expand": {"user"}}, string(id))
	if err != nil || !found {
		return plan.Person{}, false, err
	}
	a := dissect(c.body)
	print, _ := a.print(s.seed, nil)
	p, err = a.decode(routeAssignment, c.request, print)
	if err == nil && p.ID != id {
		err = broken(routeAssignment.name, c.request, "asked about user %s, it answers about another one", id)
	}
	return p, err == nil, err
}

// User reads one user, by id or login, without any assignment. found is false when
// Okta says that there is none.
func (s *Source) User(ctx context.Context, idOrLogin string) (p plan.Person, found bool, err error) {
	user, err := userSegment(routeUser, idOrLogin)
	if err != nil {
		return plan.Person{}, false, err
	}
	c, found, err := s.object(ctx, routeUser, "/api/v1/users/"+user, nil, idOrLogin)
	if err != nil || !found {
		return plan.Person{}, false, err
	}
	p, err = decodeUser(routeUser, c.request, c.body)
	if err == nil && !answersTo(p, idOrLogin) {
		err = broken(routeUser.name, c.request, "asked about one user, it answers about another one, %s", printable(string(p.ID), 50))
	}
	return p, err == nil, err
}

// answersTo reports whether p is who was asked for. Okta takes the part of a login
// before the @ for the login, where that is unambiguous.
func answersTo(p plan.Person, idOrLogin string) bool {
	short, _, _ := strings.Cut(p.Login, "@")
	return string(p.ID) == idOrLogin || plan.FoldName(p.Login) == plan.FoldName(idOrLogin) ||
		short != "" && plan.FoldName(short) == plan.FoldName(idOrLogin)
}

// UserByEmail finds the users with that primary e-mail, without any assignment,
// DEPROVISIONED ones included; nobody for the empty one. Okta's index may be a second
// or so behind.
func (s *Source) UserByEmail(ctx context.Context, email string) ([]plan.Person, error) {
	return s.UsersNamed(ctx, "", email)
}

// UsersNamed finds, as UserByEmail does, the users with that login or that primary
// e-mail; an empty one is nobody's.
func (s *Source) UsersNamed(ctx context.Context, login, email string) ([]plan.Person, error) {
	var either []string
	for attribute, name := range map[string]string{"profile.login": login, "profile.email": email} {
		if name != "" {
			either = append(either, attribute+` eq "`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)+`"`)
		}
	}
	if len(either) == 0 {
		return nil, nil
	}
	slices.Sort(either)
	l := listing{route: routeUsers, path: "/api/v1/users", query: url.Values{"filter": {strings.Join(either, " or ")}}, limit: 200, least: 1}
	var people []plan.Person
	err := s.list(ctx, l, func(p page) error {
		for _, e := range p.elements {
			person, err := decodeUser(routeUsers, p.request, e.raw)
			if err != nil {
				return err
			}
			if has(person.Email, email) || has(person.Login, login) {
				people = append(people, person)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return people, nil
}

func has(name, wanted string) bool {
	return wanted != "" && plan.FoldName(name) == plan.FoldName(wanted)
}

// userSegment is a user's id or login as a segment of a path. A login may hold
// what an id may not. "me" is refused: it would be the token's owner.
func userSegment(r route, idOrLogin string) (string, error) {
	problem := ""
	switch {
	case idOrLogin == "" || idOrLogin == "." || idOrLogin == ".." || strings.ContainsFunc(idOrLogin, unicode.IsControl):
		problem = fmt.Sprintf("%q cannot be the id or login of a user", idOrLogin)
	case strings.EqualFold(idOrLogin, "me"):
		problem = `"me" stands for the owner of the token in Okta; name the user by id`
	case strings.ContainsAny(idOrLogin, `/\`):
		problem = "Okta finds no login with a slash in it this way; name the user by id"
	}
	if problem != "" {
		return "", &Error{Endpoint: r.name, Kind: KindArgument, Summary: problem}
	}
	return url.PathEscape(idOrLogin), nil
}
