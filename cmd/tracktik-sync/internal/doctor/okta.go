package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/okta"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// sampleSize is how many people are mapped to be shown.
const sampleSize = 5

// errEnough ends a listing of which one page is enough.
var errEnough = errors.New("enough")

// enough is nil for a listing that was ended by errEnough.
func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// An oktaSide is what was found out about Okta.
type oktaSide struct {
	*Doctor
	source *okta.Source
	usable bool // a plan can be made of it
	sample []plan.Person
}

// An accessFailure is an answer of either system that may be about the credentials.
type accessFailure interface {
	error
	Credentials() bool
	Forbidden() bool
}

// okta tries every read that a run makes.
func (d *Doctor) okta(ctx context.Context) *oktaSide {
	side := &oktaSide{Doctor: d}
	source, service, err := d.SourceAs(d.cfg)
	if err != nil {
		d.fail("okta.credentials", "correct okta.auth, or the file that it names", "%s", err)
		return side
	}
	side.source = source
	app, err := source.App(ctx)
	if !side.oktaCredentials(service, err) {
		return side
	}
	side.usable = side.appStatus(app)
	for _, read := range side.reads() {
		message, err := read.try(ctx)
		switch {
		case err == nil && message == "":
		case err == nil:
			d.ok(read.name, "%s", message)
		default:
			side.usable = side.usable && read.optional
			d.fail(read.name, oktaFix(err, read.scope), "%s", err)
		}
	}
	if side.usable && len(side.sample) == 0 {
		d.warn("okta.assignments", "assign the app to a group or to people in Okta", "nobody is assigned to the app")
	}
	if side.usable {
		side.notFound(ctx)
	}
	side.rateLimits()
	side.events(ctx)
	return side
}

// oktaCredentials judges the first answer. Without credentials nothing else is tried.
func (d *oktaSide) oktaCredentials(service *okta.ServiceApp, err error) bool {
	const name = "okta.credentials"
	var f accessFailure
	switch {
	case errors.As(err, &f) && f.Forbidden():
		d.oktaAccount(service)
		d.fail("okta.app", oktaFix(err, "okta.apps.read"), "%s", err)
		return false
	case err != nil && errors.As(err, &f) && !f.Credentials() && !isUnanswered(err):
		d.oktaAccount(service)
		d.fail("okta.app", "check okta.app_id: it is the id of the TrackTik app (0oa…), in its address in the admin console",
			"%s", err)
		return false
	case err != nil:
		d.fail(name, "correct okta.auth", "%s", err)
		return false
	}
	d.oktaAccount(service)
	return true
}

func isUnanswered(err error) bool {
	var s interface{ Status() int }
	return errors.As(err, &s) && s.Status() == 0
}

// oktaAccount says which account the login is of.
func (d *oktaSide) oktaAccount(service *okta.ServiceApp) {
	const name = "okta.credentials"
	if service == nil {
		d.warn(name, "an OAuth 2.0 service app (okta.auth.client_id and private_key_file) has narrower rights and is "+
			"nobody's account",
			"the API token works; it ends with the account of the administrator who made it, and after 30 days without use")
		return
	}
	scopes := service.Scopes()
	d.ok(name, "the service app %s works, with %s", d.cfg.Okta.Auth.ClientID, strings.Join(scopes, ", "))
	var missing []string
	for _, scope := range []string{"okta.apps.read", "okta.groups.read", "okta.users.read"} {
		if !slices.Contains(scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) > 0 {
		d.fail("okta.scopes", "grant them on the service app's Okta API scopes tab", "the service app lacks %s",
			strings.Join(missing, ", "))
	}
}

// appStatus judges the app, and who provisions through it.
func (d *oktaSide) appStatus(app plan.App) bool {
	if !app.Active() {
		d.fail("okta.app", "activate it in Okta (Applications, the app, Status): nothing is decided by an app that is off",
			"%q (%s) is %s", app.Label, app.ID, app.Status)
		return false
	}
	d.ok("okta.app", "%q (%s) is active", app.Label, app.ID)
	pushes := tsync.Provisioning(app)
	switch {
	case pushes == "":
		d.ok("okta.provisioning", "Okta itself provisions nothing through this app")
	case d.cfg.Sync.Mode == "observe" || d.cfg.Sync.AllowSecondProvisioner:
		d.warn("okta.provisioning", "switch the app's provisioning off in Okta before sync.mode: apply",
			"Okta itself provisions the portal through this app (%s)", pushes)
	default:
		d.warn("okta.provisioning", "switch the app's provisioning off in Okta, or set sync.mode: observe: runs that "+
			"write are refused until then",
			"Okta itself provisions the portal through this app (%s)", pushes)
	}
	return true
}

// An access is one right that is tried.
type access struct {
	name, scope string
	optional    bool                                      // a plan can do without
	try         func(ctx context.Context) (string, error) // message; empty: nothing to try it on
}

// reads are the reads that a run makes, each on one page or one person.
func (d *oktaSide) reads() []access {
	s := d.source
	var group plan.GroupID
	note := func(n *int) func([]plan.Group) error {
		return func(page []plan.Group) error {
			*n += len(page)
			if len(page) > 0 {
				group = page[0].ID
			}
			return errEnough
		}
	}
	reads := []access{
		{name: "okta.assignments", scope: "okta.apps.read", try: func(ctx context.Context) (string, error) {
			err := enough(s.Assignments(ctx, d.take))
			return "the people assigned to the app can be listed", err
		}},
		{name: "okta.users", scope: "okta.users.read", try: func(ctx context.Context) (string, error) {
			if len(d.sample) == 0 {
				return "", nil
			}
			_, found, err := s.User(ctx, string(d.sample[0].ID))
			if err == nil && !found {
				err = fmt.Errorf("user %s is assigned to the app, and is not found: the account that reads does not see all users",
					d.sample[0].ID)
			}
			return "single users can be read", err
		}},
		{name: "okta.user_groups", scope: "okta.groups.read", try: func(ctx context.Context) (string, error) {
			if len(d.sample) == 0 {
				return "", nil
			}
			_, err := s.GroupsOf(ctx, d.sample[0].ID)
			return "the groups of a person can be read", err
		}},
	}
	var n int
	switch d.cfg.Sync.Groups.Push {
	case "none":
		return reads
	case "assigned":
		reads = append(reads, access{name: "okta.groups", scope: "okta.apps.read",
			try: func(ctx context.Context) (string, error) {
				err := enough(s.AssignedGroups(ctx, note(&n)))
				return "the groups assigned to the app can be listed", err
			}})
	case "mappings":
		reads = append(reads, access{name: "okta.push_mappings", scope: "okta.apps.read and okta.groups.read",
			try: func(ctx context.Context) (string, error) {
				mappings, err := s.PushMappings(ctx)
				if len(mappings) > 0 {
					group = mappings[0].Group
				}
				return fmt.Sprintf("the app's push mappings can be listed: %d", len(mappings)), err
			}})
	default:
		reads = append(reads, access{name: "okta.groups", scope: "okta.groups.read",
			try: func(ctx context.Context) (string, error) {
				err := enough(s.Groups(ctx, note(&n)))
				return "the org's groups can be listed", err
			}})
	}
	return append(reads, access{name: "okta.members", scope: "okta.groups.read",
		try: func(ctx context.Context) (string, error) {
			if group == "" {
				return "", nil
			}
			err := enough(s.Members(ctx, group, func([]plan.PersonID) error { return errEnough }))
			return "the members of a group can be listed", err
		}})
}

// take keeps the first people of the listing.
func (d *oktaSide) take(page []plan.Entry) error {
	for _, e := range page {
		if len(d.sample) == sampleSize {
			break
		}
		p, err := e.Decode()
		if err == nil {
			d.sample = append(d.sample, p)
		}
	}
	return errEnough
}

func oktaFix(err error, scope string) string {
	var f accessFailure
	switch {
	case isAddress(err):
		return "let this machine's address in, in Okta at Security, Networks, or where the API token was made"
	case errors.As(err, &f) && f.Forbidden():
		return "grant " + scope + " to the service app, and it, or the token's owner, the read-only administrator role"
	case errors.As(err, &f) && f.Credentials():
		return "correct okta.auth"
	}
	return "try again; if it stays, the message names the request for Okta's support"
}

// rateLimits shows what the org leaves us.
func (d *oktaSide) rateLimits() {
	const name = "okta.rate_limits"
	var texts []string
	tight := false
	for _, l := range d.source.RateLimits() {
		texts = append(texts, fmt.Sprintf("%s %d of %d", l.Bucket, l.Remaining, l.Limit))
		tight = tight || float64(l.Remaining) < float64(l.Limit)*0.2
	}
	switch text := strings.Join(texts, ", "); {
	case text == "":
		d.skip(name, "Okta says nothing of its limits")
	case tight:
		d.warn(name, "see Reports, Rate limits in the admin console; the app's share can be raised on its Application "+
			"rate limits tab",
			"left in this minute: %s", text)
	default:
		d.ok(name, "left in this minute: %s; the program uses at most %d %% of each", text,
			int(d.cfg.Okta.RateLimitShare*100+0.5))
	}
}
