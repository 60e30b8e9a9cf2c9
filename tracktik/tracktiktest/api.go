package tracktiktest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// call is one authorised request to the API. It is answered under the portal's
// lock.
type call struct {
	*http.Request
	id     int64 // from the path
	author author
}

// answered is what a call comes to: a status and a body, or a refusal.
type answered struct {
	status int
	body   []byte
	no     *refusal
}

func ok(body []byte) answered      { return answered{status: http.StatusOK, body: body} }
func no(r *refusal) answered       { return answered{no: r} }
func created(body []byte) answered { return answered{status: http.StatusCreated, body: body} }

// verbs name the rights that methods need.
var verbs = map[string]string{http.MethodGet: "read"}

// handle registers what answers a method on a path below the API's root.
func (s *Server) handle(pattern string, answer func(c *call) answered) {
	method, path, _ := strings.Cut(pattern, " ")
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	verb := verbs[method]
	if verb == "" {
		verb = "write"
	}
	s.mux.HandleFunc(method+" "+apiRoot+path, func(w http.ResponseWriter, r *http.Request) {
		if !s.admit(w, r, name, verb) {
			return
		}
		c := &call{Request: r, author: author{by: "api", flight: inFlight(r)}}
		if in := r.PathValue("id"); in != "" {
			id, err := strconv.ParseInt(in, 10, 64)
			if err != nil {
				refuse(http.StatusNotFound, "%s is not an id", in).write(w)
				return
			}
			c.id = id
		}
		if a := s.locked(verb, c, answer); a.no != nil {
			a.no.write(w)
		} else {
			writeBody(w, a.status, a.body)
		}
	})
}

// locked finds the answer alone, or beside other readers when it only reads. It is
// sent afterwards, so that a client that does not read holds up nobody.
func (s *Server) locked(verb string, c *call, answer func(c *call) answered) answered {
	if verb == "read" {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if r := s.Rules.Manners.refusal(c.URL.Query()); r != nil {
			return no(r)
		}
	} else {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	return answer(c)
}

// admit lets a call in, or answers 429, 401 or 403.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, name, verb string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait, over := s.throttled(); over {
		if !s.Limits.RetryAfter {
			wait = 0
		}
		tooMany(w, wait)
		return false
	}
	scopes, valid := s.bearer(r)
	switch {
	case !valid:
		refuse(http.StatusUnauthorized, "the access token is missing, unknown or expired").write(w)
	case !s.Rules.Manners.accepted(r):
		refuse(http.StatusNotAcceptable, "this portal answers application/json").write(w)
	case name != "me" && !allows(scopes, name, verb):
		refuse(http.StatusForbidden, "the token lacks the scope core:entities:%s:%s", name, verb).write(w)
	case s.forbidden(r):
		refuse(cmp.Or(s.Rules.ForbidStatus, http.StatusForbidden), "your role has no permission to %s %s", verb, name).write(w)
	default:
		return true
	}
	return false
}

func (s *Server) forbidden(r *http.Request) bool {
	return slices.ContainsFunc(s.Rules.Forbid, func(m Match) bool {
		return hits(m.Method, m.Path, r.Method, r.URL.Path)
	})
}

// unknown answers what has no route.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, apiRoot+"/"), "/")
	if slices.Contains([]string{"employees", "roles", "user-roles", "regions", "employment-termination-reasons", "oauth2-refresh-tokens", "me"}, name) {
		refuse(http.StatusMethodNotAllowed, "%s is not possible here", r.Method).write(w)
		return
	}
	refuse(http.StatusNotFound, "there is nothing at %s", r.URL.Path).write(w)
}

// listed and single answer the two kinds of GET.
func listed[T record](s *Server, r *resource[T]) func(*call) answered {
	return func(c *call) answered {
		body, err := r.list(c.URL.Query(), &s.Rules)
		return answered{http.StatusOK, body, err}
	}
}

// single answers as if what is hidden were not there; nil: nothing is.
func single[T record](r *resource[T], hidden func(T) bool) func(*call) answered {
	return func(c *call) answered {
		rec, found := r.get(c.id)
		if !found || hidden != nil && hidden(rec) {
			return no(notFound(r.name, c.id))
		}
		params := c.URL.Query()
		columns, err := r.shape(params.Get("fields"), params.Get("include"))
		if err != nil {
			return no(err)
		}
		m := newMeta(r.name, "view", strconv.FormatInt(c.id, 10))
		return ok(envelope(m, appendRecord(nil, rec, columns)))
	}
}

// shown is a record after a write.
func shown[T record](r *resource[T], rec T, right string) []byte {
	return envelope(newMeta(r.name, right, strconv.FormatInt(rec.key(), 10)), r.plain(rec))
}
