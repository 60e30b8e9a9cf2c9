package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// A portalSide is what was found out about TrackTik.
type portalSide struct {
	*Doctor
	client    *tracktik.Client
	usable    bool // a plan can be made of it
	roles     []plan.Role
	grants    []plan.UserRole // the first page
	employees []plan.Employee // the first page
	regions   []plan.RegionRecord
	reasons   []plan.TerminationReason
	read      map[string]bool // what could be read
}

// tracktik tries every right that can be tried without changing anything.
func (d *Doctor) tracktik(ctx context.Context, waiting *plan.Quarantine) *portalSide {
	side := &portalSide{Doctor: d, read: map[string]bool{}}
	client, err := d.Target(d.cfg)
	if err != nil {
		d.fail("tracktik.credentials", "correct tracktik.auth", "%s", err)
		return side
	}
	if waiting != nil && waiting.Credentials == client.CredentialsFingerprint() {
		d.fail("tracktik.credentials", "correct the credentials, or `tracktik-sync retry` tries them once now",
			"in quarantine until %s, so nothing is tried: %s",
			waiting.NextTry.UTC().Format("2006-01-02T15:04:05Z"), waiting.Reason)
		return side
	}
	side.client = client
	self, err := client.Self(ctx)
	if err != nil {
		if !d.asTokenKeyError(err) {
			d.fail("tracktik.credentials", side.loginFix(), "%s", err)
		}
		return side
	}
	side.usable = true
	side.portalAccount(self)
	for _, read := range side.reads() {
		message, err := read.try(ctx)
		if err != nil {
			side.usable = side.usable && read.optional
			d.fail(read.name, portalFix(err, read.scope), "%s", err)
			if isCredentials(err) {
				side.usable = false
				return side
			}
			continue
		}
		side.read[read.name] = true
		d.ok(read.name, "%s", message)
	}
	side.writes()
	own := side.ownEmployee(ctx, self)
	side.grantHolder(ctx, own)
	side.assumptions(ctx, self)
	side.termination()
	side.defaultRegion()
	side.portalRoles()
	return side
}

func isCredentials(err error) bool {
	var f accessFailure
	return errors.As(err, &f) && f.Credentials()
}

func (d *portalSide) loginFix() string {
	if d.cfg.TrackTik.Auth.Grant == tracktik.GrantAuthorizationCode {
		return "`tracktik-sync auth login` has an administrator approve this program; after a change in the portal, do it " +
			"again"
	}
	return "correct tracktik.auth; one login is tried, as 40 failed ones block this address for two hours"
}

func portalFix(err error, right string) string {
	var f accessFailure
	switch {
	case isAddress(err):
		return "have TrackTik support let this machine's address in"
	case isFirewall(err):
		return "something between this machine and the portal refuses the call (a firewall, a proxy, or TrackTik's own " +
			"load balancer): " +
			"ask whoever runs the network, then give TrackTik support this machine's address and the time"
	case errors.As(err, &f) && f.Forbidden():
		return "give the account's role in TrackTik the right to view " + right +
			", and the token its scope (TrackTik support)"
	case isCredentials(err):
		return "correct tracktik.auth, or `auth login`"
	}
	return "try again; if it stays, the message names the request for TrackTik's support"
}

// reads are the reads that a run makes, the long lists by their first page.
func (d *portalSide) reads() []access {
	c := d.client
	return []access{
		{name: "tracktik.employees", scope: "employees", try: func(ctx context.Context) (string, error) {
			_, err := c.Employees(ctx, d.employeesPage)
			return "employees can be listed", enough(err)
		}},
		{name: "tracktik.regions", scope: "regions", try: func(ctx context.Context) (_ string, err error) {
			d.regions, err = c.Regions(ctx)
			return fmt.Sprintf("%d regions can be read", len(d.regions)), err
		}},
		{name: "tracktik.roles", scope: "roles", try: func(ctx context.Context) (_ string, err error) {
			d.roles, err = c.Roles(ctx)
			return fmt.Sprintf("%d roles can be read", len(d.roles)), err
		}},
		{name: "tracktik.user_roles", scope: "user roles", try: func(ctx context.Context) (string, error) {
			err := c.UserRoles(ctx, func(page []plan.UserRole) error {
				d.grants = page
				return errEnough
			})
			return "who holds which role can be read", enough(err)
		}},
		{name: "tracktik.termination_reasons", scope: "employment termination reasons", optional: true,
			try: func(ctx context.Context) (_ string, err error) {
				d.reasons, err = c.TerminationReasons(ctx)
				return fmt.Sprintf("%d reasons of terminations can be read", len(d.reasons)), err
			}},
	}
}

// portalAccount says which account the login is of, until when it holds, and its scopes.
func (d *portalSide) portalAccount(self string) {
	const name = "tracktik.credentials"
	who := "an account that the token does not name"
	if self != "" {
		who = "employee " + self
	}
	token, err := wiring.SavedToken(d.cfg)
	if err != nil || token.Access == "" {
		d.ok(name, "the login works, as %s", who)
		return
	}
	text := fmt.Sprintf("the login works, as %s, until %s", who, token.Until.UTC().Format("2006-01-02T15:04:05Z"))
	scopes := token.Scopes()
	if len(scopes) == 0 {
		d.ok(name, "%s; the token does not tell its scopes", text)
		return
	}
	d.ok(name, "%s, with %s", text, strings.Join(scopes, ", "))
	var missing []string
	for _, need := range [][2]string{{"employees", "write"}, {"roles", "write"}, {"user-roles", "write"},
		{"employees", "read"}, {"roles", "read"}, {"user-roles", "read"}, {"regions", "read"}} {
		if allowed, _ := token.Allows(need[0], need[1]); !allowed {
			missing = append(missing, "core:entities:"+need[0]+":"+need[1])
		}
	}
	if len(missing) > 0 {
		d.warn("tracktik.scopes", "ask TrackTik support to add them to the client", "the token seems to lack %s",
			strings.Join(missing, ", "))
	}
}

// writes says what only a real change would show.
func (d *portalSide) writes() {
	d.findings = append(d.findings, Finding{"tracktik.writes", ResultSkipped,
		"creating, changing, moving and terminating employees, making roles and granting them cannot be tried without " +
			"doing it",
		"read the plan, then try it with one person: `tracktik-sync sync --user LOGIN`"})
}

// ownEmployee finds the employee whose credentials the program uses, who is never touched.
func (d *portalSide) ownEmployee(ctx context.Context, self string) plan.EmployeeID {
	const name = "tracktik.own_employee"
	const fix = "set tracktik.auth.employee to the id of the employee whose credentials these are, so that a run never " +
		"touches them"
	auth := d.cfg.TrackTik.Auth
	text, from := auth.Employee, "tracktik.auth.employee"
	if text == "" && auth.Username != "" {
		found, err := d.client.FindEmployees(ctx, plan.Username, auth.Username)
		if err != nil {
			d.fail(name, portalFix(err, "employees"), "%s", err)
			return 0
		}
		if len(found) == 1 {
			d.ok(name, "employee %d is the integration's account, and is never touched", found[0].ID)
			return found[0].ID
		}
	}
	if text == "" {
		text, from = self, "the token"
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		d.warn(name, fix, "which employee's credentials these are cannot be told")
		return 0
	}
	e, found, err := d.client.Employee(ctx, plan.EmployeeID(id))
	switch {
	case err != nil:
		d.fail(name, portalFix(err, "employees"), "%s", err)
	case !found:
		d.warn(name, fix, "%s names employee %d, and there is none", from, id)
	case !e.Active():
		d.warn(name, fix, "%s names employee %d, who is %s", from, id, e.Status)
	default:
		d.ok(name, "employee %d by %s, and is never touched", id, from)
		return e.ID
	}
	return 0
}

// maxHolders is how many grants are compared with their holders.
const maxHolders = 3

// grantHolder compares some grants with employees: that both have the same ids is
// assumed, and not documented.
func (d *portalSide) grantHolder(ctx context.Context, own plan.EmployeeID) {
	const name = "tracktik.grant_holder"
	const held = "whoever matches an employee of the portal is held (unconfirmed) meanwhile, and `link USER " +
		"EMPLOYEE_ID` settles it where the whole list of roles tells; "
	const fix = held + "do not let roles be granted (sync.grant_roles: false), and ask TrackTik support for the id of " +
		"a user in /user-roles"
	if !d.read["tracktik.user_roles"] {
		return
	}
	if own != 0 {
		roles, err := d.client.UserRolesOf(ctx, own)
		var answer interface{ Unfiltered() bool }
		if errors.As(err, &answer) && answer.Unfiltered() {
			d.warn(name, "nothing: the whole list of roles is read instead, which costs a call for each thousand; "+reportIt,
				"this portal does not list roles by employee: %s", err)
			return
		}
		if err != nil {
			d.warn(name, fix, "the roles of our own employee %d cannot be found: %s", own, err)
			return
		}
		if len(roles) == 0 {
			d.warn(name, fix, "our own employee %d holds no role by the portal's list, though only a role can let us read: "+
				"grants may not carry employees' ids", own)
			return
		}
	}
	compared := d.grants[:min(len(d.grants), maxHolders)]
	for _, g := range compared {
		_, found, err := d.client.Employee(ctx, g.Employee)
		if err != nil {
			d.fail(name, portalFix(err, "employees"), "%s", err)
			return
		}
		if !found {
			d.warn(name, fix, "grant %d is of user %d, who is no employee: grants may not carry employees' ids", g.ID,
				g.Employee)
			return
		}
	}
	if own == 0 && len(compared) == 0 {
		d.skip(name, "nobody holds a role yet")
		return
	}
	d.ok(name, "the ids of users in grants are those of employees, as far as compared")
}

// termination looks for the configured reason.
func (d *portalSide) termination() {
	const name = "tracktik.termination_reason"
	wanted := d.cfg.TrackTik.TerminationReason
	var labels []string
	for _, r := range d.reasons {
		if r.IsNamed(wanted) {
			d.ok(name, "%q (%d)", r.Label, r.ID)
			return
		}
		labels = append(labels, fmt.Sprintf("%q (%d)", r.Label, r.ID))
	}
	switch {
	case !d.read["tracktik.termination_reasons"]:
		d.skip(name, "the reasons cannot be read")
	case len(labels) == 0:
		d.fail(name, "add one in the portal (Settings, Termination reasons)",
			"the portal offers no reason, and demands one of a termination")
	case wanted == "":
		d.warn(name, "set it to one of "+strings.Join(labels, ", "),
			"tracktik.termination_reason is empty: the portal's first, %s, is used", labels[0])
	default:
		d.fail(name, "set it to one of "+strings.Join(labels, ", "), "the portal has no reason %q", wanted)
	}
}

// defaultRegion looks for the region of people without a division.
func (d *portalSide) defaultRegion() {
	const name = "tracktik.default_region"
	if !d.read["tracktik.regions"] {
		return
	}
	wanted := d.cfg.Sync.DefaultRegion
	if wanted == "" {
		d.ok(name, "sync.default_region is empty: whoever has no division is a problem")
		return
	}
	region, _, problem := plan.NewRegions(d.regions).Fallback(wanted)
	if problem != "" {
		d.warn(name, "name one of the portal's regions in sync.default_region", "%s", problem)
		return
	}
	d.ok(name, "people without a division go to %q (%d)", region.Name, region.ID)
}

// portalRoles looks for another connection, and for the mapped roles.
func (d *portalSide) portalRoles() {
	if !d.read["tracktik.roles"] {
		return
	}
	if foreign, found := plan.Foreign(d.roles, wiring.Binding(d.cfg)); found {
		d.fail("tracktik.connection", "one portal, one connection: stop the other one, and take its mark out of the "+
			"role's description",
			"role %d was made by another connection (%s)", foreign.ID, foreign.Description)
	} else {
		d.ok("tracktik.connection", "no other connection has made roles in this portal")
	}
	d.protectedRoles()
	pol := plan.Policy{DefaultRole: d.cfg.Sync.Roles.Default, ProtectedRoles: d.cfg.Sync.Roles.Protected}
	if pol.DefaultRole != "" {
		if _, problem := plan.FindDefaultRole(d.roles, &pol); problem != nil {
			d.fail("sync.roles.default", "name a role of the staff portal that is not protected, or its id", "%s",
				problem.Message)
		}
	}
	byName := map[string]plan.Role{}
	for _, r := range d.roles {
		byName[plan.FoldName(r.Name)], byName[strconv.FormatInt(int64(r.ID), 10)] = r, r
	}
	for _, group := range slices.Sorted(maps.Keys(d.cfg.Sync.Groups.Roles)) {
		name := d.cfg.Sync.Groups.Roles[group]
		role, found := byName[plan.FoldName(name)]
		switch {
		case !found:
			d.fail("sync.groups.roles", "name a role of the portal, or its id",
				"group %q is mapped to the role %q, which the portal has not", group, name)
		case role.Portal == "ADMIN" || role.Portal == "CLIENT":
			d.warn("sync.groups.roles", "name a role of the staff portal",
				"group %q is mapped to %q, a role of the %s portal, which is always protected", group, role.Name, role.Portal)
		}
	}
}

// protectedRoles names the roles that are never granted, revoked or linked by name.
func (d *portalSide) protectedRoles() {
	pol := plan.Policy{ProtectedRoles: d.cfg.Sync.Roles.Protected}
	var names []string
	for _, r := range d.roles {
		if plan.ProtectedRole(r, &pol) {
			names = append(names, strconv.Quote(r.Name))
		}
	}
	if len(names) == 0 {
		d.warn("tracktik.protected_roles", "name the roles of administrators in sync.roles.protected", "no role is protected")
		return
	}
	d.ok("tracktik.protected_roles", "never granted, revoked or linked by name: %s", ui.Few(names))
}
