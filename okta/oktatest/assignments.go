package oktatest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// The scopes of an app user: who gave them the app.
const (
	ScopeUser  = "USER"  // somebody assigned the person
	ScopeGroup = "GROUP" // a group of theirs is assigned
)

// An Assignment is how a person is assigned to an app.
type Assignment struct {
	UserName   string // in the app; "": the login of now
	Profile    map[string]any
	Status     string // "": STAGED when the app has PUSH_NEW_USERS, else ACTIVE
	SyncState  string // "": SYNCING for STAGED, else DISABLED
	ExternalID string // "": null, as for apps that are for signing on only
}

type assignment struct {
	app   *app
	user  *user
	grant *grant // nil: scope USER

	status, syncState, externalID, userName string
	created, lastUpdated, statusChanged     string

	profile []byte // JSON
	removed bool
}

func (a *assignment) key() string { return a.user.id }

// AssignUser assigns a user to an app themselves, scope USER. It takes the place of
// an assignment through a group.
func (s *Server) AssignUser(appID, userID string, wanted Assignment) {
	s.lock()
	defer s.mu.Unlock()
	a, u := s.mustApp(appID), s.mustUser(userID)
	s.keepImage(u)
	assigned, kind, what := u.assigned(a), "update", "Update user application membership"
	if assigned == nil {
		assigned, kind, what = s.assign(u, a), "add", "Add user to application membership"
	}
	assigned.grant = nil
	assigned.lastUpdated = s.stamp()
	assigned.userName = cmp.Or(wanted.UserName, assigned.userName)
	assigned.profile = object(wanted.Profile)
	assigned.externalID = wanted.ExternalID
	assigned.status = cmp.Or(wanted.Status, assigned.status)
	assigned.syncState = cmp.Or(wanted.SyncState, assigned.syncState)
	s.logAssignment(kind, what, assigned)
}

// UpdateAssignment changes what an app knows of a user: their user name there (""
// leaves it) and attributes of the app profile (nil unsets one).
func (s *Server) UpdateAssignment(appID, userID, userName string, changes map[string]any) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustAssignment(appID, userID)
	s.keepImage(a.user)
	profile, before := decoded(a.profile), a.userName
	maps.Copy(profile, changes)
	maps.DeleteFunc(profile, func(_ string, v any) bool { return v == nil })
	a.profile, a.userName = object(profile), cmp.Or(userName, a.userName)
	a.lastUpdated = s.stamp()
	if a.userName != before {
		s.logAssignment("change_username", "Change users application username", a)
	}
	if len(changes) > 0 {
		s.logAssignment("update", "Update user application membership", a)
	}
}

// SetAssignmentStatus gives an assignment any status, known to Okta or not: ACTIVE,
// APPROVED, DEPROVISIONED, IMPLICIT, IMPORTED, INACTIVE, MATCHED, PENDING,
// PROVISIONED, REVOKED, STAGED, SUSPENDED, UNASSIGNED.
func (s *Server) SetAssignmentStatus(appID, userID, status string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustAssignment(appID, userID)
	s.keepImage(a.user)
	now := s.stamp()
	a.status, a.statusChanged, a.lastUpdated = status, now, now
	switch status {
	case "REVOKED":
		s.logAssignment("revoke", "Revoke user's application membership", a)
	case "DEPROVISIONED", "INACTIVE":
		s.logAssignment("deprovision", "Deprovision user from application", a)
	case "PROVISIONED":
		s.logAssignment("provision", "Provision user to application", a)
	default:
		s.logAssignment("update", "Update user application membership", a)
	}
}

// ProvisionAssignment says that Okta's own provisioning has made the account of that
// id in the app, and keeps it: PROVISIONED, SYNCHRONIZED.
func (s *Server) ProvisionAssignment(appID, userID, externalID string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustAssignment(appID, userID)
	s.keepImage(a.user)
	now := s.stamp()
	a.status, a.syncState, a.externalID = "PROVISIONED", "SYNCHRONIZED", externalID
	a.statusChanged, a.lastUpdated = now, now
	s.logAssignment("provision", "Provision user to application", a)
}

// UnassignUser ends a user's own assignment to an app. When a group of theirs is
// assigned they stay, with scope GROUP.
func (s *Server) UnassignUser(appID, userID string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustAssignment(appID, userID)
	if a.grant != nil {
		panic(fmt.Sprintf("oktatest: the user %s has the app %s through a group; take them out of it", userID, appID))
	}
	s.keepImage(a.user)
	s.unassign(a)
	s.process(a.user, a.app)
}

func (s *Server) mustAssignment(appID, userID string) *assignment {
	a := s.mustUser(userID).assigned(s.mustApp(appID))
	if a == nil {
		panic(fmt.Sprintf("oktatest: the user %s is not assigned to the app %s", userID, appID))
	}
	return a
}

func (u *user) assigned(a *app) *assignment {
	for _, assigned := range u.assignments {
		if assigned.app == a {
			return assigned
		}
	}
	return nil
}

// process is Okta's group processing for one user and one app: it makes, changes or
// ends the assignment that the user's groups give. One of the user's own wins.
func (s *Server) process(u *user, a *app) {
	assigned, due := u.assigned(a), a.granting(u)
	switch {
	case assigned != nil && assigned.grant == nil:
		return
	case due == nil:
		if assigned != nil {
			s.unassign(assigned)
		}
		return
	case assigned == nil && u.status == StatusDeprovisioned:
		return
	}
	kind, what := "update", "Update user application membership"
	if assigned == nil {
		assigned, kind, what = s.assign(u, a), "add", "Add user to application membership"
	}
	profile := object(due.profile)
	if assigned.grant != due || string(assigned.profile) != string(profile) {
		assigned.grant, assigned.profile, assigned.lastUpdated = due, profile, s.stamp()
		s.logAssignment(kind, what, assigned)
	}
}

func (s *Server) assign(u *user, a *app) *assignment {
	now := s.stamp()
	assigned := &assignment{app: a, user: u, userName: u.login, status: StatusActive, syncState: "DISABLED",
		created: now, lastUpdated: now, statusChanged: now}
	if slices.Contains(a.features, "PUSH_NEW_USERS") {
		assigned.status, assigned.syncState = "STAGED", "SYNCING"
	}
	u.assignments = append(u.assignments, assigned)
	a.users.add(assigned)
	return assigned
}

func (s *Server) unassign(a *assignment) {
	a.removed = true
	a.user.assignments = slices.DeleteFunc(a.user.assignments, func(other *assignment) bool { return other == a })
	a.app.users.changed()
	s.logAssignment("remove", "Remove user's application membership", a)
}

func appendAssignment(b []byte, base string, a *assignment, expand string) []byte {
	b = appendAll(b, `{"id":"`, a.user.id, `","externalId":`)
	b = appendStamp(b, a.externalID)
	scope := ScopeUser
	if a.grant != nil {
		scope = ScopeGroup
	}
	b = appendAll(b, `,"created":"`, a.created, `","lastUpdated":"`, a.lastUpdated, `","scope":"`, scope, `","status":`)
	b = appendText(b, a.status)
	b = appendAll(b, `,"statusChanged":"`, a.statusChanged, `","passwordChanged":null,"syncState":`)
	b = appendText(b, a.syncState)
	b = appendText(append(b, `,"credentials":{"userName":`...), a.userName)
	b = append(append(b, `},"profile":`...), a.profile...)
	if expand == "user" {
		b = append(appendUser(append(b, `,"_embedded":{"user":`...), base, a.user, true), '}')
	}
	b = appendAll(b, `,"_links":{"app":{"href":"`, base, `/api/v1/apps/`, a.app.id, `"},"user":{"href":"`, base, `/api/v1/users/`, a.user.id, `"}`)
	if a.grant != nil {
		b = appendText(append(b, `,"group":{"name":`...), a.grant.group.name)
		b = appendAll(b, `,"href":"`, base, `/api/v1/groups/`, a.grant.group.id, `"}`)
	}
	return append(b, "}}"...)
}
