package oktatest

import (
	"cmp"
	"net/http"
	"strings"
)

// readApps lists all apps, 20 a page unless asked otherwise.
func (s *Server) readApps(q *query) reply {
	if problem := q.unsupported("q", "filter", "expand", "useOptimization", "includeNonDeleted"); problem != nil {
		return *problem
	}
	var all ordered[*app]
	all.live = func(*app) bool { return true }
	for _, a := range s.apps {
		all.add(a)
	}
	l := listing[*app]{items: &all, bounds: bounds{20, 1, 200}, append: func(b []byte, a *app) []byte { return appendApp(b, q.base, a, s.id) }}
	return l.answer(q)
}

func (a *app) key() string { return a.id }

func (s *Server) readApp(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	if problem := q.unsupported("expand"); problem != nil {
		return *problem
	}
	return found(appendApp(nil, q.base, a, s.id))
}

// expands returns the parameter expand when it is empty or the one that is known.
func (q *query) expands(known string) (string, *reply) {
	expand := q.values.Get("expand")
	if expand == "" || expand == known {
		return expand, nil
	}
	return "", q.unsupported("expand")
}

func (s *Server) readAssignments(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	expand, problem := q.expands("user")
	if problem != nil {
		return *problem
	}
	l := listing[*assignment]{items: &a.users, bounds: bounds{50, 1, 500},
		append: func(b []byte, as *assignment) []byte { return appendAssignment(b, q.base, as, expand) }}
	if prefix := q.values.Get("q"); prefix != "" {
		l.match = func(as *assignment) bool {
			return beginsWith(as.userName, prefix) ||
				anyBeginsWith(prefix, as.user.attribute, "profile.firstName", "profile.lastName", "profile.email")
		}
	}
	return l.answer(q)
}

func (s *Server) readAssignment(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	expand, problem := q.expands("user")
	if problem != nil {
		return *problem
	}
	if i := s.imageOf(q.PathValue("user")); i != nil {
		if body := i.assignments[a.id][expand]; body != nil {
			return q.shown(body)
		}
		return notFound("AppUser", q.PathValue("user"))
	}
	if u := s.users[q.PathValue("user")]; u != nil {
		if assigned := u.assigned(a); assigned != nil {
			return found(appendAssignment(nil, q.base, assigned, expand))
		}
	}
	return notFound("AppUser", q.PathValue("user"))
}

func (s *Server) readGrants(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	expand, problem := q.expands("group")
	if problem != nil {
		return *problem
	}
	l := listing[*grant]{items: &a.groups, bounds: bounds{20, 20, 200},
		append: func(b []byte, g *grant) []byte { return appendGrant(b, q.base, g, expand) }}
	if prefix := q.values.Get("q"); prefix != "" {
		l.match = func(g *grant) bool { return beginsWith(g.group.name, prefix) }
	}
	return l.answer(q)
}

func (s *Server) readGrant(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	expand, problem := q.expands("group")
	if problem != nil {
		return *problem
	}
	if g := s.groups[q.PathValue("group")]; g != nil {
		if granted := a.grantOf(g); granted != nil {
			return found(appendGrant(nil, q.base, granted, expand))
		}
	}
	return notFound("ApplicationGroupAssignment", q.PathValue("group"))
}

// readMappings lists push mappings; lastUpdated means "then or later".
func (s *Server) readMappings(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	source, status, since := q.values.Get("sourceGroupId"), q.values.Get("status"), q.values.Get("lastUpdated")
	if since != "" {
		at, err := parseStamp(since)
		if err != nil {
			return invalid("lastUpdated", "It is no point in time.")
		}
		since = at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return listing[*mapping]{items: &a.mappings, bounds: bounds{100, 1, 1000},
		match: func(m *mapping) bool {
			return (source == "" || source == m.source.id) && (status == "" || status == m.status) && m.lastUpdated >= since
		},
		append: func(b []byte, m *mapping) []byte { return appendMapping(b, q.base, m) }}.answer(q)
}

func (s *Server) readMapping(q *query) reply {
	m := s.mappings[q.PathValue("mapping")]
	if m == nil || m.app.id != q.PathValue("app") {
		return notFound("GroupPushMapping", q.PathValue("mapping"))
	}
	return found(appendMapping(nil, q.base, m))
}

func (s *Server) subdomain() string {
	s.fields.RLock()
	defer s.fields.RUnlock()
	return cmp.Or(s.Subdomain, "acme")
}

func (s *Server) readOrg(q *query) reply {
	name := s.subdomain()
	return found(compact(map[string]any{"id": s.id, "subdomain": name, "status": StatusActive,
		"companyName": strings.ToUpper(name[:1]) + name[1:],
		"_links":      map[string]any{"self": map[string]any{"href": q.base + "/api/v1/org"}}}))
}

// answerWellKnown tells everybody which org this is: no credentials are asked for.
func (s *Server) answerWellKnown(w http.ResponseWriter, r *http.Request) {
	s.lock()
	id := s.id
	s.mu.Unlock()
	found(compact(map[string]any{"id": id, "cell": "ok1", "pipeline": "idx",
		"_links":   map[string]any{"organization": map[string]any{"href": baseOf(r)}},
		"settings": map[string]any{"analyticsCollectionEnabled": false, "bugReportingEnabled": true, "omEnabled": true}})).send(w, r)
}
