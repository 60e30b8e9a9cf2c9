package oktatest

import "slices"

// The events of the changes that the org's methods make, with their targets as recorded
// ones have them. Each is called with the org locked.

func (u *user) target() LogTarget {
	attributes := u.attributes()
	name := text(attributes["firstName"]) + " " + text(attributes["lastName"])
	if name == " " {
		name = u.login
	}
	return LogTarget{"User", u.id, u.login, name}
}

func (g *group) target() LogTarget { return LogTarget{"UserGroup", g.id, "unknown", g.name} }

func (a *app) target() LogTarget { return LogTarget{"AppInstance", a.id, a.label, a.label} }

func (a *assignment) targets() []LogTarget {
	person := a.user.target()
	id := "0ua" + a.user.id[min(3, len(a.user.id)):]
	return []LogTarget{{"AppUser", id, a.userName, person.DisplayName}, a.app.target(), person}
}

func (s *Server) logUser(kind, what string, u *user) {
	s.put(LogEvent{Type: kind, Text: what, Targets: []LogTarget{u.target()}})
}

// logAssignment is about an app user. Those of groups are made by the system.
func (s *Server) logAssignment(kind, what string, a *assignment) {
	s.put(LogEvent{Type: "application.user_membership." + kind, Text: what, Targets: a.targets(), BySystem: a.grant != nil})
}

func (s *Server) logMember(kind, what string, u *user, g *group) {
	s.put(LogEvent{Type: "group.user_membership." + kind, Text: what, Targets: []LogTarget{u.target(), g.target()}})
}

func (s *Server) logGroup(kind, what string, g *group) {
	s.put(LogEvent{Type: kind, Text: what, Targets: []LogTarget{g.target()}})
}

func (s *Server) logGrant(kind, what string, g *grant) {
	s.put(LogEvent{Type: "group.application_assignment." + kind, Text: what,
		Targets: []LogTarget{g.group.target(), g.app.target()}})
}

func (s *Server) logApp(kind, what string, a *app) {
	s.put(LogEvent{Type: "application.lifecycle." + kind, Text: what, Targets: []LogTarget{a.target()}})
}

func (s *Server) logMapping(kind, what string, m *mapping) {
	s.put(LogEvent{Type: "application.provision.group_push.mapping." + kind, Text: what,
		Targets: []LogTarget{m.app.target(), m.source.target()}})
}

// logStatus is the event of a user's change from one state to another. States that Okta
// does not know have none.
func (s *Server) logStatus(u *user, from string) {
	if from == u.status {
		return
	}
	was := func(states ...string) bool { return slices.Contains(states, from) }
	switch u.status {
	case StatusSuspended:
		s.logUser("user.lifecycle.suspend", "Suspend Okta user", u)
	case StatusDeprovisioned:
		s.logUser("user.lifecycle.deactivate", "Deactivate Okta user", u)
	case StatusLockedOut:
		s.logUser("user.account.lock", "Max sign in attempts exceeded", u)
	case StatusPasswordExpired, StatusRecovery:
		s.logUser("user.account.reset_password", "Fired when the user's Okta password is reset", u)
	case StatusActive, StatusProvisioned:
		switch {
		case was(StatusSuspended):
			s.logUser("user.lifecycle.unsuspend", "Unsuspend Okta user", u)
		case was("", StatusStaged, StatusDeprovisioned):
			s.logUser("user.lifecycle.activate", "Activate Okta user", u)
		case was(StatusLockedOut):
			s.logUser("user.account.unlock", "Unlock user account", u)
		case u.status == StatusProvisioned:
			s.logUser("user.lifecycle.reactivate", "Reactivate Okta user", u)
		}
	}
}
