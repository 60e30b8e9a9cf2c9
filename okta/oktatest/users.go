package oktatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The states of a user.
const (
	StatusStaged          = "STAGED"      // made, not activated
	StatusProvisioned     = "PROVISIONED" // activated, has not set a password: "pending user action"
	StatusActive          = "ACTIVE"
	StatusRecovery        = "RECOVERY" // password reset under way
	StatusPasswordExpired = "PASSWORD_EXPIRED"
	StatusLockedOut       = "LOCKED_OUT"
	StatusSuspended       = "SUSPENDED"
	StatusDeprovisioned   = "DEPROVISIONED" // deactivated
)

// A User is a person to be added.
type User struct {
	ID        string // 00u…; "": the next one
	Login     string // unique in the org, whatever the case
	Email     string // "": the login
	FirstName string // "": null
	LastName  string // "": null
	Status    string // "": StatusActive

	// Profile holds the other attributes, base and custom ones, by name. A value is
	// whatever JSON can hold.
	Profile map[string]any
}

type user struct {
	id, login, email, status, transition string

	created, activated, statusChanged, lastLogin, lastUpdated, passwordChanged string

	profile     []byte // JSON: people are many, and maps are large
	groups      []*group
	assignments []*assignment
	deleted     bool
}

func (u *user) key() string { return u.id }

// AddUser makes a user and returns their id.
func (s *Server) AddUser(person User) string {
	s.lock()
	defer s.mu.Unlock()
	now := s.stamp()
	u := &user{id: person.ID, status: person.Status, created: now, statusChanged: now, lastUpdated: now}
	if u.id == "" {
		u.id = s.newID("00u")
	}
	if s.users[u.id] != nil {
		panic(fmt.Sprintf("oktatest: the user %q is there already", u.id))
	}
	if u.status == "" {
		u.status = StatusActive
	}
	if u.status != StatusStaged {
		u.activated = now
		if u.status != StatusProvisioned && u.status != StatusDeprovisioned {
			u.passwordChanged = now
		}
	}
	s.setProfile(u, person.profile())
	s.users[u.id] = u
	s.userList.add(u)
	s.logUser("user.lifecycle.create", "Create Okta user", u)
	s.logStatus(u, "")
	return u.id
}

func (person User) profile() map[string]any {
	profile := map[string]any{"login": person.Login, "email": person.Email}
	if person.Email == "" {
		profile["email"] = person.Login
	}
	if person.FirstName != "" {
		profile["firstName"] = person.FirstName
	}
	if person.LastName != "" {
		profile["lastName"] = person.LastName
	}
	maps.Copy(profile, person.Profile)
	return profile
}

// alwaysThere are the attributes that recorded profiles hold even when they are
// null. Others that are not set are absent.
var alwaysThere = []string{"firstName", "lastName", "mobilePhone", "secondEmail", "login", "email"}

// setProfile replaces the profile of u, and sees to it that the login stays unique.
func (s *Server) setProfile(u *user, profile map[string]any) {
	login, _ := profile["login"].(string)
	email, _ := profile["email"].(string)
	if login == "" {
		panic("oktatest: a user needs a login")
	}
	name := strings.ToLower(login)
	if other := s.byLogin[name]; other != nil && other != u {
		panic(fmt.Sprintf("oktatest: the login %q is that of %s already", login, other.id))
	}
	delete(s.byLogin, strings.ToLower(u.login))
	s.byLogin[name] = u
	maps.DeleteFunc(profile, func(_ string, v any) bool { return v == nil })
	for _, attribute := range alwaysThere {
		if _, set := profile[attribute]; !set {
			profile[attribute] = nil
		}
	}
	u.login, u.email, u.profile = login, email, compact(profile)
}

func (u *user) attributes() map[string]any { return decoded(u.profile) }

// decoded returns a JSON object as a map. Numbers stay as they were written.
func decoded(object []byte) map[string]any {
	profile := map[string]any{}
	d := json.NewDecoder(strings.NewReader(string(object)))
	d.UseNumber()
	if err := d.Decode(&profile); err != nil {
		panic(err) // compact wrote it
	}
	return profile
}

// UpdateUser changes attributes of a user's profile. nil unsets one.
func (s *Server) UpdateUser(id string, changes map[string]any) {
	s.lock()
	defer s.mu.Unlock()
	u := s.mustUser(id)
	s.keepImage(u)
	profile := u.attributes()
	maps.Copy(profile, changes)
	s.setProfile(u, profile)
	u.lastUpdated = s.stamp()
	s.logUser("user.account.update_profile", "Update user profile for Okta", u)
}

// SetUserStatus puts a user into any state, known to Okta or not, and ends a
// transition. Nothing follows from it: to deactivate, with all that it means, is
// DeactivateUser. A user who is activated again gets no app back by it, as in Okta.
func (s *Server) SetUserStatus(id, status string) {
	s.lock()
	defer s.mu.Unlock()
	s.setStatus(s.mustUser(id), status)
}

func (s *Server) setStatus(u *user, status string) {
	s.keepImage(u)
	now, before := s.stamp(), u.status
	u.status, u.transition = status, ""
	u.statusChanged, u.lastUpdated = now, now
	if status != StatusStaged && u.activated == "" {
		u.activated = now
	}
	s.logStatus(u, before)
}

// SetTransitioning says that a user is on the way to a state (ACTIVE, PROVISIONED,
// DEPROVISIONED), as Okta does while it works on a change; "" ends it. The status
// stays as it is until SetUserStatus or DeactivateUser.
func (s *Server) SetTransitioning(id, to string) {
	s.lock()
	defer s.mu.Unlock()
	s.mustUser(id).transition = to
}

// RecordLogin says that a user has logged in, which is no change of the user.
func (s *Server) RecordLogin(id string) {
	s.lock()
	defer s.mu.Unlock()
	u := s.mustUser(id)
	u.lastLogin = s.stamp()
	s.logUser("user.session.start", "User login to Okta", u)
}

// DeactivateUser makes a user DEPROVISIONED: their assignments to active apps end,
// those to inactive ones and the memberships of groups stay, and no group's
// lastMembershipUpdated moves.
func (s *Server) DeactivateUser(id string) {
	s.lock()
	defer s.mu.Unlock()
	s.deactivate(s.mustUser(id))
}

func (s *Server) deactivate(u *user) {
	s.setStatus(u, StatusDeprovisioned)
	u.passwordChanged = ""
	for _, a := range slices.Clone(u.assignments) {
		if a.app.status == StatusActive {
			s.unassign(a)
		}
	}
}

// DeleteUser deactivates a user and then deletes them: every answer about them is
// 404 from now on, and their login is free.
func (s *Server) DeleteUser(id string) {
	s.lock()
	defer s.mu.Unlock()
	u := s.mustUser(id)
	s.deactivate(u)
	s.logUser("user.lifecycle.delete.initiated", "Delete Okta user initiated", u)
	for _, a := range slices.Clone(u.assignments) {
		s.unassign(a)
	}
	groups := u.groups
	u.groups, u.deleted = nil, true
	for _, g := range groups {
		g.members.changed()
	}
	delete(s.users, id)
	delete(s.byLogin, strings.ToLower(u.login))
	s.userList.changed()
	s.logUser("user.lifecycle.delete.completed", "Delete Okta user completed", u)
}

// appendUser appends what Okta says about a user. The links of an element of a list
// are fewer.
func appendUser(b []byte, base string, u *user, listed bool) []byte {
	b = appendAll(b, `{"id":"`, u.id, `","status":`)
	b = appendText(b, u.status)
	if u.transition != "" {
		b = appendText(append(b, `,"transitioningToStatus":`...), u.transition)
	}
	b = appendStamp(append(b, `,"created":`...), u.created)
	b = appendStamp(append(b, `,"activated":`...), u.activated)
	b = appendStamp(append(b, `,"statusChanged":`...), u.statusChanged)
	b = appendStamp(append(b, `,"lastLogin":`...), u.lastLogin)
	b = appendStamp(append(b, `,"lastUpdated":`...), u.lastUpdated)
	b = appendStamp(append(b, `,"passwordChanged":`...), u.passwordChanged)
	b = appendAll(b, `,"type":{"id":"`, userTypeID, `"},"profile":`)
	b = append(b, u.profile...)
	b = append(b, `,"credentials":{"provider":{"type":"OKTA","name":"OKTA"}},"_links":{`...)
	if !listed {
		b = appendAll(b, `"schema":{"href":"`, base, `/api/v1/meta/schemas/user/`, userSchemaID, `"},"type":{"href":"`,
			base, `/api/v1/meta/types/user/`, userTypeID, `"},`)
	}
	return appendAll(b, `"self":{"href":"`, base, `/api/v1/users/`, u.id, `"}}}`)
}
