package doctor

import (
	"context"
	"errors"
	"slices"

	"tracktik-sync/sync/plan"
)

// What is taken to be so about the two systems, and can be tried without writing, is tried:
// each is as expected, or has a key, or a line to report.

// reportIt is the way out of what has none: the next version knows it.
const reportIt = "report this line to the project, so that the next version knows it"

// nobody is an id that no portal has, and nobodyAtOkta one that no org has.
const (
	nobody       plan.EmployeeID = 1 << 45
	nobodyAtOkta plan.PersonID   = "00u0000000trackNOBDY"
)

// assumptions tries them on the portal.
func (d *portalSide) assumptions(ctx context.Context, self string) {
	if d.read["tracktik.employees"] {
		d.lookUps(ctx)
		d.notFound(ctx)
		d.newer(ctx)
	}
	if d.read["tracktik.user_roles"] {
		d.grantLists(ctx)
	}
	d.whoWeAre(self)
}

// sampleEmployee is somebody on the first page who can be looked up by all keys.
func (d *portalSide) sampleEmployee() (e plan.Employee, found bool) {
	i := slices.IndexFunc(d.employees, func(e plan.Employee) bool {
		return e.Active() && e.Values[plan.Username] != "" && e.Values[plan.Email] != ""
	})
	if i < 0 {
		return e, false
	}
	return d.employees[i], true
}

// lookUps finds somebody by each key, as a run does.
func (d *portalSide) lookUps(ctx context.Context) {
	const name = "tracktik.look_ups"
	e, found := d.sampleEmployee()
	if !found {
		d.skip(name, "no active employee shows username and e-mail, to be looked up by")
		return
	}
	wrong := false
	for _, look := range []struct {
		what, fix string
		field     plan.Field
	}{
		{"id", "nothing: runs ask for one id after the other; " + reportIt, plan.NumFields},
		{"username", "leave username out of sync.match, and " + reportIt, plan.Username},
		{"e-mail", "leave email out of sync.match, and " + reportIt, plan.Email},
		{"custom id", "leave custom_id out of sync.match, and " + reportIt, plan.CustomID},
	} {
		var list []plan.Employee
		var err error
		switch {
		case look.field == plan.NumFields:
			list, err = d.client.EmployeesByID(ctx, []plan.EmployeeID{e.ID})
		case e.Values[look.field] == "":
			continue
		default:
			list, err = d.client.FindEmployees(ctx, look.field, e.Values[look.field])
		}
		there := slices.ContainsFunc(list, func(o plan.Employee) bool { return o.ID == e.ID })
		switch {
		case err != nil:
			wrong = true
			d.warn(name, look.fix, "employees cannot be looked up by %s: %s", look.what, err)
		case !there:
			wrong = true
			d.warn(name, look.fix, "employee %d is not found by their %s, among %d", e.ID, look.what, len(list))
		}
	}
	if !wrong {
		d.ok(name, "employees are found by id, username and e-mail")
	}
}

// notFound asks for nobody: a 404 that is not the portal's own proves nothing, and what is
// gone would not be noticed.
func (d *portalSide) notFound(ctx context.Context) {
	const name = "tracktik.not_found"
	e, found, err := d.client.Employee(ctx, nobody)
	switch {
	case err != nil:
		d.warn(name, "what is gone in TrackTik is not noticed meanwhile; "+reportIt,
			"asked for an employee of whom there is none: %s", err)
	case found:
		d.warn(name, reportIt, "asked for an employee of whom there is none, the portal answered with employee %d", e.ID)
	default:
		d.ok(name, "the portal says itself when there is no such record")
	}
}

// newer asks for employees of a greater id than anybody has, as a first run asks for those who
// are made meanwhile.
func (d *portalSide) newer(ctx context.Context) {
	const name = "tracktik.newer"
	err := d.client.NewerEmployees(ctx, nobody, func([]plan.Employee) error { return nil })
	var answer interface{ Unfiltered() bool }
	switch {
	case errors.As(err, &answer) && answer.Unfiltered():
		d.warn(name, "nothing: each new person is looked up before they are made; "+reportIt,
			"this portal does not list the employees that are newer than one: %s", err)
	case err != nil:
		d.warn(name, reportIt, "employees that are newer than one cannot be listed: %s", err)
	default:
		d.ok(name, "the portal lists the employees that are newer than one")
	}
}

// grantLists compares ways in which grants are asked for: the list, by id, and by role.
func (d *portalSide) grantLists(ctx context.Context) {
	const name = "tracktik.grants"
	if len(d.grants) == 0 {
		d.warn(name, "nothing is granted on the word of an empty list; "+reportIt,
			"the list of who holds which role is empty, though only a role can let us read")
		return
	}
	g := d.grants[0]
	byID, found, err := d.client.UserRole(ctx, g.ID)
	var answer interface{ Unfiltered() bool }
	switch {
	case err != nil:
		d.warn(name, reportIt, "a grant cannot be read by its id: %s", err)
		return
	case !found || byID != g:
		d.warn(name, reportIt, "grant %d is another one by its id than in the list", g.ID)
		return
	}
	_, err = d.client.UserRolesOf(ctx, nobody)
	if errors.As(err, &answer) && answer.Unfiltered() { // else grantHolder has a word about it
		d.warn(name, "nothing: the whole list is read instead; "+reportIt, "this portal does not list grants by employee: %s",
			err)
		return
	}
	with, err := d.client.UserRolesWith(ctx, g.Role)
	switch {
	case errors.As(err, &answer) && answer.Unfiltered():
		d.warn(name, "nothing: the whole list is read instead; "+reportIt, "this portal does not list grants by role: %s",
			err)
	case err != nil:
		d.warn(name, portalFix(err, "user roles"), "%s", err)
	case !slices.Contains(with, g):
		d.warn(name, reportIt, "the list of who holds role %d lacks grant %d", g.Role, g.ID)
	default:
		d.ok(name, "grants are the same in the list, by id and by role")
	}
}

// whoWeAre asks the portal for its word about us.
func (d *portalSide) whoWeAre(self string) {
	const name = "tracktik.me"
	switch {
	case self != "":
		d.ok(name, "the portal, or the token, says that we are employee %s", self)
	case d.cfg.TrackTik.Auth.Employee != "" || d.cfg.TrackTik.Auth.Username != "":
		d.ok(name, "the portal does not say who we are; the configuration does")
	default:
		d.warn(name, "set tracktik.auth.employee to the id of the employee whose credentials these are",
			"the portal does not say who we are")
	}
}

// notFound asks Okta for an assignment that there is not: leavers are known by such an
// answer.
func (d *oktaSide) notFound(ctx context.Context) {
	const name = "okta.not_found"
	_, found, err := d.source.Assignment(ctx, nobodyAtOkta)
	switch {
	case err != nil:
		d.warn(name, "whoever is unassigned in Okta is held meanwhile, and nobody is terminated for it; "+reportIt,
			"asked for the assignment of nobody: %s", err)
	case found:
		d.warn(name, reportIt, "asked for the assignment of nobody, Okta answered with one")
	default:
		d.ok(name, "Okta says itself when there is no such assignment")
	}
}

// employeesPage keeps the first page, to try the look-ups on.
func (d *portalSide) employeesPage(page []plan.Employee) error {
	d.employees = page
	return errEnough
}
