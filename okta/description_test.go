package okta

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/apidoc"
	"tracktik-sync/sync/plan"
)

// onlySimulated are operations that the simulated org has for others than a Source.
const onlySimulated = `GET /.well-known/okta-organization
GET /api/v1/meta/schemas/apps/{app}/default
GET /api/v1/meta/schemas/user/{schema}`

func TestEveryReadFitsTheDescription(t *testing.T) {
	judge, err := apidoc.Org()
	if err != nil {
		t.Fatal(err)
	}
	o := newService(t, func(o *service, c *ServiceAppConfig) {
		c.Scopes = append(slices.Clone(neededScopes), ScopeLogs)
		o.GrantScopes(testClient, c.Scopes...)
	})
	o.Configure(func(s *oktatest.Server) { s.Intercept = judge.Between })
	s, app := o.source, o.source.app
	guard, group := o.AddUser(oktatest.User{Login: "ana@acme.example"}), o.AddGroup(oktatest.Group{Name: "Guards"})
	o.AddMembers(group, guard)
	o.AssignGroup(app, group, oktatest.GroupAssignment{})
	mapping := o.AddPushMapping(app, group)
	ctx, person := t.Context(), plan.PersonID(guard)
	some := func([]plan.Group) error { return nil }
	_, appErr := s.App(ctx)
	_, appsErr := s.Apps(ctx)
	_, _, assignmentErr := s.Assignment(ctx, person)
	_, _, userErr := s.User(ctx, guard)
	_, namedErr := s.UsersNamed(ctx, "ana@acme.example", "")
	_, _, groupErr := s.Group(ctx, plan.GroupID(group))
	_, ofErr := s.GroupsOf(ctx, person)
	_, assignedErr := s.GroupAssigned(ctx, plan.GroupID(group))
	_, mappingsErr := s.PushMappings(ctx)
	_, mappingErr := s.Mapping(ctx, mapping)
	_, _, gone := s.User(ctx, "00uNobody")
	_, _, eventsErr := s.Events(ctx, "", o.now().Add(-time.Hour))
	if err := errors.Join(appErr, appsErr, assignmentErr, userErr, namedErr, groupErr, ofErr, assignedErr, mappingsErr, mappingErr, gone, eventsErr,
		s.Groups(ctx, some), s.AssignedGroups(ctx, some), s.Assignments(ctx, func([]plan.Entry) error { return nil }),
		s.Members(ctx, plan.GroupID(group), func([]plan.PersonID) error { return nil })); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range judge.Wrong() {
		t.Error(wrong)
	}
	if unseen := strings.Join(judge.Unseen(), "\n"); unseen != onlySimulated {
		t.Errorf("described, and not asked by the source:\n%s", unseen)
	}
}
