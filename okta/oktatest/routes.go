package oktatest

import (
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An endpoint is a path of the API, the rate limit it counts against, the scopes
// that an access token needs for it, as lacks has them, and what answers it, called
// with the org locked.
type endpoint struct {
	path   string
	bucket string
	scopes string
	read   func(*Server, *query) reply
}

var endpoints = []endpoint{
	{"/api/v1/users", BucketUsers, "okta.users.read", (*Server).readUsers},
	{"/api/v1/users/{user}", BucketUser, "okta.users.read", (*Server).readUser},
	{"/api/v1/users/{user}/groups", BucketUsers, "okta.users.read|okta.groups.read", (*Server).readUserGroups},
	{"/api/v1/groups", BucketGroups, "okta.groups.read", (*Server).readGroups},
	{"/api/v1/groups/{group}", BucketGroup, "okta.groups.read", (*Server).readGroup},
	{"/api/v1/groups/{group}/users", BucketGroups, "okta.groups.read", (*Server).readMembers},
	{"/api/v1/apps", BucketOther, "okta.apps.read", (*Server).readApps},
	{"/api/v1/apps/{app}", BucketApp, "okta.apps.read", (*Server).readApp},
	{"/api/v1/apps/{app}/users", BucketApps, "okta.apps.read", (*Server).readAssignments},
	{"/api/v1/apps/{app}/users/{user}", BucketApps, "okta.apps.read", (*Server).readAssignment},
	{"/api/v1/apps/{app}/groups", BucketApps, "okta.apps.read", (*Server).readGrants},
	{"/api/v1/apps/{app}/groups/{group}", BucketApps, "okta.apps.read", (*Server).readGrant},
	{"/api/v1/apps/{app}/group-push/mappings", BucketApps, "okta.apps.read okta.groups.read", (*Server).readMappings},
	{"/api/v1/apps/{app}/group-push/mappings/{mapping}", BucketApps, "okta.apps.read okta.groups.read", (*Server).readMapping},
	{"/api/v1/logs", BucketLogs, "okta.logs.read", (*Server).readLogs},
	{"/api/v1/meta/schemas/user/{schema}", BucketOther, "okta.schemas.read", (*Server).readUserSchema},
	{"/api/v1/meta/schemas/apps/{app}/default", BucketOther, "okta.schemas.read", (*Server).readAppSchema},
	{"/api/v1/org", BucketOther, "okta.orgs.read", (*Server).readOrg},
}

// A query is a request to an endpoint.
type query struct {
	*http.Request
	base   string // of the links in the answer: where the request came to
	values url.Values
}

// A reply is what an endpoint answers.
type reply struct {
	status int
	body   []byte
	links  []string
	etag   string
}

func (s *Server) route() {
	s.mux = http.NewServeMux()
	for _, e := range endpoints {
		s.mux.Handle(e.path, s.guarded(e))
	}
	s.mux.HandleFunc(tokenPath, s.answerToken)
	s.mux.HandleFunc("/.well-known/okta-organization", s.answerWellKnown)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, r, http.StatusNotFound, "E0000008", "The requested path was not found")
	})
}

// answer is what comes behind Intercept.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.start.Do(s.route)
	s.mux.ServeHTTP(w, r)
}

// guarded checks the method, the credentials and the rate limit, in this order, and
// then lets the endpoint answer.
func (s *Server) guarded(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			Refuse(w, r, http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
			return
		}
		if !s.authorized(w, r, e.scopes) || !s.withinLimit(w, r, e.bucket) {
			return
		}
		values, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			Refuse(w, r, http.StatusBadRequest, "E0000001", "Api validation failed: query", err.Error())
			return
		}
		if no := s.tooLarge(values); no != nil {
			no.send(w, r)
			return
		}
		s.lock()
		answer := e.read(s, &query{Request: r, base: baseOf(r), values: values})
		s.mu.Unlock()
		answer.send(w, r)
	})
}

// tooLarge refuses a limit above LargestPage.
func (s *Server) tooLarge(values url.Values) *reply {
	s.fields.RLock()
	most := s.LargestPage
	s.fields.RUnlock()
	if most == 0 {
		return nil
	}
	_, problem := bounds{most, 1, most}.limit(values)
	return problem
}

func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Server) authorized(w http.ResponseWriter, r *http.Request, scopes string) bool {
	s.fields.RLock()
	authorize, tokens := s.Authorize, s.Tokens
	s.fields.RUnlock()
	if authorize != nil {
		return authorize(w, r)
	}
	if scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " "); scheme == "Bearer" || scheme == "DPoP" {
		return s.authorizedByToken(w, r, scheme, value, scopes)
	}
	if tokens == nil {
		tokens = []string{DefaultToken}
	}
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "SSWS ")
	if found && slices.Contains(tokens, token) {
		return true
	}
	Refuse(w, r, http.StatusUnauthorized, "E0000011", "Invalid token provided")
	return false
}

func (answer reply) send(w http.ResponseWriter, r *http.Request) {
	h := setCommon(w, r)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(answer.body)))
	for _, link := range answer.links {
		h.Add("Link", link)
	}
	if answer.etag != "" {
		h.Set("ETag", answer.etag)
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // the client may have gone
}

// setCommon sets the headers that every answer of Okta has.
func setCommon(w http.ResponseWriter, r *http.Request) http.Header {
	h := w.Header()
	h.Set("Date", clock(r).UTC().Format(http.TimeFormat))
	h.Set("X-Okta-Request-Id", requestIDs.next())
	return h
}

// found answers one object.
func found(body []byte) reply { return reply{status: http.StatusOK, body: body} }

// tagged adds the entity tag that Okta gives a single user.
func (answer reply) tagged() reply {
	h := fnv.New64a()
	_, _ = h.Write(answer.body) // never fails
	answer.etag = `W/"` + strconv.FormatUint(h.Sum64(), 16) + `"`
	return answer
}
