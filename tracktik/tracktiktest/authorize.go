package tracktiktest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// code is an authorization code: good once, for ten minutes.
type code struct {
	until                        time.Time
	redirect, challenge, hashing string
	scopes                       []string
}

var approvePage = template.Must(template.New("approve").Parse(`<!doctype html>
<title>Approve access</title>
<h1>{{.Client}} asks for access to this portal</h1>
<form method="post" action="{{.Action}}">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button>
</form>
`))

// serveAuthorize answers the page on which an administrator, taken to be logged in
// to the portal, approves an integration.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	target, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case s.blocked(r):
		refuse(cmp.Or(s.OAuth.BlockStatus, http.StatusTooManyRequests), "too many failed logins: try again in 2 hours").write(w)
	case q.Get("client_id") != s.OAuth.clientID(), err != nil, !s.mayRedirect(q.Get("redirect_uri")):
		writeJSON(w, http.StatusUnauthorized, oauthRefusal(0, "invalid_client", "Client authentication failed", ""))
	case r.Method == http.MethodGet && s.OAuth.ApprovePage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = approvePage.Execute(w, map[string]string{"Client": s.OAuth.clientID(), "Action": r.URL.RequestURI()})
	default:
		target.RawQuery = s.decision(r, target.Query(), q).Encode()
		http.Redirect(w, r, target.String(), http.StatusFound)
	}
}

// mayRedirect needs an absolute address that is registered.
func (s *Server) mayRedirect(uri string) bool {
	return uri != "" && (s.OAuth.RedirectURIs == nil || slices.Contains(s.OAuth.RedirectURIs, uri))
}

// decision is the query with which the browser goes back: a code or an error, and
// the state as it came.
func (s *Server) decision(r *http.Request, back, q url.Values) url.Values {
	if state := q.Get("state"); state != "" {
		back.Set("state", state)
	}
	scopes, bad := s.narrowed(q.Get("scope"), s.OAuth.scopes())
	switch {
	case q.Get("response_type") != "code":
		back.Set("error", "unsupported_response_type")
	case bad != nil:
		back.Set("error", bad.Error)
	case r.Method == http.MethodPost && r.PostFormValue("decision") != "approve":
		back.Set("error", "access_denied")
	default:
		value := random(32)
		s.auth.codes[value] = code{until: s.now().Add(10 * time.Minute), redirect: q.Get("redirect_uri"),
			challenge: q.Get("code_challenge"), hashing: q.Get("code_challenge_method"), scopes: scopes}
		back.Set("code", value)
	}
	return back
}

// byCode judges the authorization_code grant (RFC 6749 section 4.1.3, RFC 7636
// section 4.6).
func (s *Server) byCode(r *http.Request) ([]string, *oauthError) {
	value := r.PostForm.Get("code")
	c, known := s.auth.codes[value]
	delete(s.auth.codes, value)
	switch {
	case value == "":
		return nil, badRequest("Check the `code` parameter")
	case !known || !s.now().Before(c.until):
		return nil, s.OAuth.badGrant("invalid_request", "The authorization code is invalid.", "Authorization code has expired")
	case r.PostForm.Get("redirect_uri") != c.redirect:
		return nil, s.OAuth.badGrant("invalid_client", "Client authentication failed", "Check the `redirect_uri` parameter")
	case !c.verifies(r.PostForm.Get("code_verifier")):
		return nil, s.OAuth.badGrant("invalid_grant", "Failed to verify `code_verifier`.", "")
	}
	return c.scopes, nil
}

func (c code) verifies(verifier string) bool {
	switch {
	case c.challenge == "":
		return true
	case c.hashing == "S256":
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge
	}
	return verifier == c.challenge
}
