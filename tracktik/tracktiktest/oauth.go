package tracktiktest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The credentials of a portal that was told no others.
const (
	DefaultClientID     = "okta-sync"
	DefaultClientSecret = "simulated-client-secret"
	DefaultUsername     = "okta.integration"
	DefaultPassword     = "simulated-password"
	DefaultRefreshToken = "simulated-refresh-token"

	DefaultTokenPath     = "/rest/oauth2/access_token"
	DefaultAuthorizePath = "/rest/oauth2/authorize"
)

// OAuth is the portal's side of logging in. Empty texts are the defaults above.
type OAuth struct {
	ClientID, ClientSecret string
	Username, Password     string
	// RefreshToken is the first one, which support hands out. Like each later one
	// it is good for one use.
	RefreshToken string
	TokenPath    string
	// AuthorizePath serves the page where an administrator approves.
	AuthorizePath string

	// ExpiresIn is how long an access token lives. Zero: an hour.
	ExpiresIn time.Duration
	// Scopes are what tokens are good for. Nil: all:read and all:write.
	Scopes []string
	// Subject stands in the tokens' sub, and is whom GET /me tells of. Empty: the id of
	// IntegrationEmployee.
	Subject string

	// ApprovePage shows a page with an Approve and a Deny button instead of
	// approving at once.
	ApprovePage bool
	// RedirectURIs are the only ones that the authorize page sends anybody to. Nil:
	// any.
	RedirectURIs []string

	// OldErrors refuses in the words of league/oauth2-server before version 9: 401
	// with invalid_credentials or invalid_request, where later ones say 400 with
	// invalid_grant. Which one TrackTik runs is not on record.
	OldErrors bool
	// BlockStatus answers the logins of a blocked address. Zero: 429.
	BlockStatus int
}

func (o *OAuth) clientID() string     { return cmp.Or(o.ClientID, DefaultClientID) }
func (o *OAuth) clientSecret() string { return cmp.Or(o.ClientSecret, DefaultClientSecret) }
func (o *OAuth) username() string     { return cmp.Or(o.Username, DefaultUsername) }
func (o *OAuth) password() string     { return cmp.Or(o.Password, DefaultPassword) }
func (o *OAuth) refreshToken() string { return cmp.Or(o.RefreshToken, DefaultRefreshToken) }
func (o *OAuth) tokenPath() string    { return cmp.Or(o.TokenPath, DefaultTokenPath) }
func (o *OAuth) authorizePath() string {
	return cmp.Or(o.AuthorizePath, DefaultAuthorizePath)
}
func (o *OAuth) subject() string {
	return cmp.Or(o.Subject, strconv.FormatInt(IntegrationEmployee, 10))
}
func (o *OAuth) lifetime() time.Duration { return cmp.Or(o.ExpiresIn, time.Hour) }

func (o *OAuth) scopes() []string {
	if o.Scopes == nil {
		return []string{"all:read", "all:write"}
	}
	return o.Scopes
}

// oauthError is a refusal of the token endpoint, as league/oauth2-server words it.
type oauthError struct {
	status      int
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Hint        string `json:"hint,omitempty"`
	Message     string `json:"message"`
	login       bool   // it counts against the block
}

func oauthRefusal(status int, code, message, hint string) *oauthError {
	return &oauthError{status: status, Error: code, Description: message, Hint: hint, Message: message}
}

// failedLogin is a refusal of credentials.
func failedLogin(status int, code, message, hint string) *oauthError {
	e := oauthRefusal(status, code, message, hint)
	e.login = true
	return e
}

func badRequest(hint string) *oauthError {
	return oauthRefusal(http.StatusBadRequest, "invalid_request", "The request is missing a required parameter, "+
		"includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.", hint)
}

// badGrant is a refused password, refresh token or code; before version 9 of
// league/oauth2-server the first two had other codes.
func (o *OAuth) badGrant(oldCode, message, hint string) *oauthError {
	if o.OldErrors {
		return failedLogin(http.StatusUnauthorized, oldCode, message, hint)
	}
	return failedLogin(http.StatusBadRequest, "invalid_grant", message, hint)
}

// serveToken answers the token endpoint.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocked(r) {
		refuse(cmp.Or(s.OAuth.BlockStatus, http.StatusTooManyRequests), "too many failed logins: try again in 2 hours").write(w)
		return
	}
	if r.Method != http.MethodPost {
		refuse(http.StatusMethodNotAllowed, "the token endpoint takes POST").write(w)
		return
	}
	answer, err := s.token(r)
	if err != nil {
		if err.login {
			s.failed(r)
		}
		if err.Error == "invalid_client" {
			w.Header().Set("WWW-Authenticate", `Basic realm="OAuth"`)
		}
		writeJSON(w, err.status, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, answer)
}

// token judges a token request. Only the form counts, never the query.
func (s *Server) token(r *http.Request) (any, *oauthError) {
	if err := r.ParseForm(); err != nil {
		return nil, badRequest("The form cannot be read")
	}
	grants := map[string]func(*http.Request) ([]string, *oauthError){
		"password": s.byPassword, "refresh_token": s.byRefreshToken, "authorization_code": s.byCode,
	}
	judge, known := grants[r.PostForm.Get("grant_type")]
	if !known {
		return nil, oauthRefusal(http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not "+
			"supported by the authorization server.", "Check that all required parameters have been provided")
	}
	if !s.rightClient(r) {
		return nil, failedLogin(http.StatusUnauthorized, "invalid_client", "Client authentication failed", "")
	}
	scopes, err := judge(r)
	if err != nil {
		return nil, err
	}
	return s.issue(scopes), nil
}

// rightClient accepts the client by Basic authentication or by the form.
func (s *Server) rightClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	return id == s.OAuth.clientID() && secret == s.OAuth.clientSecret()
}

func (s *Server) byPassword(r *http.Request) ([]string, *oauthError) {
	name, password := r.PostForm.Get("username"), r.PostForm.Get("password")
	switch {
	case name == "":
		return nil, badRequest("Check the `username` parameter")
	case password == "":
		return nil, badRequest("Check the `password` parameter")
	case fold(name) != fold(s.OAuth.username()), password != s.OAuth.password(), !s.mayLogIn():
		return nil, s.OAuth.badGrant("invalid_credentials", "The user credentials were incorrect.", "")
	}
	return s.narrowed(r.PostForm.Get("scope"), s.OAuth.scopes())
}

// mayLogIn is false once somebody terminated or banned the integration's own
// employee.
func (s *Server) mayLogIn() bool {
	e, found := s.employees.get(IntegrationEmployee)
	return found && e.Status == Active
}

func (s *Server) byRefreshToken(r *http.Request) ([]string, *oauthError) {
	token := r.PostForm.Get("refresh_token")
	if token == "" {
		return nil, badRequest("Check the `refresh_token` parameter")
	}
	scopes, issued := s.auth.refresh[token]
	if !issued && token == s.OAuth.refreshToken() {
		scopes, issued = s.OAuth.scopes(), true
	}
	switch {
	case s.auth.spent[token]:
		return nil, s.OAuth.badGrant("invalid_request", "The refresh token is invalid.", "Token has been revoked")
	case !issued:
		return nil, s.OAuth.badGrant("invalid_request", "The refresh token is invalid.", "Cannot decrypt the refresh token")
	case !s.mayLogIn():
		return nil, s.OAuth.badGrant("invalid_request", "The refresh token is invalid.", "The user is not active")
	}
	scopes, err := s.narrowed(r.PostForm.Get("scope"), scopes)
	if err != nil {
		return nil, err
	}
	s.auth.spent[token] = true
	delete(s.auth.refresh, token)
	return scopes, nil
}

// narrowed are the scopes asked for, which must be among those to be had; none
// asked for: all of them.
func (s *Server) narrowed(asked string, all []string) ([]string, *oauthError) {
	if asked == "" {
		return all, nil
	}
	scopes := strings.Fields(asked)
	for _, scope := range scopes {
		if !slices.Contains(all, scope) {
			return nil, oauthRefusal(http.StatusBadRequest, "invalid_scope",
				"The requested scope is invalid, unknown, or malformed", "Check the `"+scope+"` scope")
		}
	}
	return scopes, nil
}
