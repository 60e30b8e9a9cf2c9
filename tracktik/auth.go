package tracktik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/oauth2"
)

const (
	// tokenMargin is how long before its end a token is no longer used.
	tokenMargin = time.Minute
	// tokenGrace is how long a token request may go on when its caller gave up.
	tokenGrace = 5 * time.Second
	// maxTokenFailures is how often in a row a token may not be had, each time
	// after several requests, before the client stops asking.
	maxTokenFailures = 2
)

// authTransport puts the access token on every request. A 401 means that the
// portal did nothing: the request, whatever it is, is sent once more with a new
// token.
//
// Where a new token is refused too, it is either no good, or the portal says 401 for a
// right that is missing. A read that the same token may make tells the two apart, and the
// kind of request is not worth another login then.
type authTransport struct {
	base   http.RoundTripper
	root   *url.URL // of the API
	tokens *tokenSource
}

func (t *authTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	access, err := t.tokens.token(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := t.send(req, access)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	route := req.Method + " " + routePath(below(t.root, req.URL))
	again, err := rewound(req)
	if err != nil || t.tokens.lacks(route, access) {
		return resp, nil //nolint:nilerr // what cannot be sent again keeps its 401
	}
	drain(resp)
	t.tokens.reject(access)
	if access, err = t.tokens.token(req.Context()); err != nil {
		return nil, err
	}
	resp, err = t.send(again, access)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && (t.tokens.isProven(access) || t.prove(req, access)) {
		t.tokens.noteLack(route)
	}
	return resp, err
}

// send makes one request. A success proves the token.
func (t *authTransport) send(req *http.Request, access string) (*http.Response, error) {
	resp, err := t.base.RoundTrip(authorized(req, access))
	if err == nil && resp.StatusCode/100 == 2 {
		t.tokens.prove(access)
	}
	return resp, err
}

// provingReads need few rights: who we are, and the regions where a portal does not say
// the first.
var provingReads = []string{"me", "regions"}

// prove reports whether the portal takes the token for a read. req is a request for which
// it did not.
func (t *authTransport) prove(req *http.Request, access string) bool {
	for _, path := range provingReads {
		read, err := http.NewRequestWithContext(req.Context(), http.MethodGet, t.root.JoinPath(path).String(), http.NoBody)
		if err != nil {
			return false
		}
		read.Header.Set("Accept", req.Header.Get("Accept"))
		resp, err := t.send(read, access)
		if err != nil {
			return false
		}
		drain(resp)
		if resp.StatusCode != http.StatusNotFound {
			break
		}
	}
	return t.tokens.isProven(access)
}

func authorized(req *http.Request, access string) *http.Request {
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", tokenScheme+access)
	return out
}

// rewound is req with its body at the beginning again.
func rewound(req *http.Request) (*http.Request, error) {
	out := req.Clone(req.Context())
	if req.GetBody == nil {
		return out, nil
	}
	var err error
	out.Body, err = req.GetBody()
	return out, err
}

func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	_ = resp.Body.Close()
}

// A tokenSource hands out one access token at a time and gets the next one when
// it must. Only one goroutine, and through the store's lock only one process,
// asks the portal at a time.
type tokenSource struct {
	auth     Auth
	portal   string
	oauth    oauth2.Config
	http     *http.Client
	store    TokenStore
	log      logrus.FieldLogger
	now      func() time.Time
	path     string        // of the token endpoint, for errors
	renewing chan struct{} // held while a new token is being got
	wire     *wire

	mu       sync.Mutex
	current  Token
	rejected string          // an access token that the portal answered with 401
	proven   string          // an access token with which something was read or written
	lacking  map[string]bool // routes that are answered with 401 to a token that is good
	unsaved  *Token          // got, and not yet durable: not to be used
	dead     error           // the answer to everything after credentials were refused
	failures int             // times in a row that no token could be had
}

func newTokenSource(cfg Config, portal *url.URL, w *wire) *tokenSource {
	return &tokenSource{
		auth:     cfg.Auth,
		portal:   portal.String(),
		oauth:    cfg.Auth.endpoint(portal),
		http:     &http.Client{Transport: tokenTransport{w}, CheckRedirect: refuseRedirect},
		store:    cfg.Tokens,
		log:      cfg.Log,
		now:      cfg.Now,
		path:     portal.JoinPath(cfg.Auth.TokenPath).Path,
		renewing: make(chan struct{}, 1),
		lacking:  map[string]bool{},
		wire:     w,
	}
}

// refuseRedirect keeps secrets from being posted anywhere else.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// token returns an access token that is good for now. It fails with an Error.
func (s *tokenSource) token(ctx context.Context) (string, error) {
	if access, err := s.ready(); access != "" || err != nil {
		return access, err
	}
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
	case <-ctx.Done():
		return "", s.failure("waiting for a token", ctx.Err())
	}
	if access, err := s.ready(); access != "" || err != nil {
		return access, err // somebody else was first
	}
	unlock, err := s.store.Lock(ctx)
	switch {
	case err == nil:
		defer unlock()
	case s.auth.Grant == GrantPassword && ctx.Err() == nil: // another login does no harm
		s.log.WithError(err).Warn("the saved tokens could not be locked")
	default:
		return "", s.failure("locking the saved tokens", err)
	}
	return s.renew(ctx)
}

// ready is the current token while it is good, or the error that ended it all.
func (s *tokenSource) ready() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead != nil {
		return "", s.dead
	}
	if s.usable(s.current) {
		return s.current.Access, nil
	}
	return "", nil
}

func (s *tokenSource) usable(t Token) bool {
	return t.Access != "" && t.Access != s.rejected && s.now().Before(t.Until)
}

// reject takes access out of use after a 401. A token that was renewed in the
// meantime is not touched.
func (s *tokenSource) reject(access string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejected = access
}

func (s *tokenSource) prove(access string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proven = access
}

func (s *tokenSource) isProven(access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proven == access
}

func (s *tokenSource) noteLack(route string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lacking[route] = true
}

// lacks reports whether a 401 on a route is about a right: it is known to be missing, and
// the token has been good for something else. An empty token asks for the route alone.
func (s *tokenSource) lacks(route, access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lacking[route] && (access == "" || s.proven == access)
}

// renew takes the saved token, which another process may have renewed, or asks
// the portal. It runs under the store's lock.
func (s *tokenSource) renew(ctx context.Context) (string, error) {
	if s.unsaved != nil { // the disk was full, perhaps: the refresh token must not be lost
		return s.keep(*s.unsaved)
	}
	saved, err := s.load()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	usable := saved.Credentials == s.auth.Fingerprint(s.portal) && s.usable(saved)
	if usable {
		s.current = saved
	}
	s.mu.Unlock()
	if usable {
		return saved.Access, nil
	}
	if err := s.brake(&saved); err != nil {
		return "", s.failed(ctx, err)
	}
	token, err := s.obtain(ctx, saved)
	if err != nil {
		s.noteRefused(saved, err)
		return "", s.failed(ctx, err)
	}
	s.failures = 0
	return s.keep(token)
}

// load is the saved token, if it is this portal's. A password makes a record
// that cannot be read unimportant.
func (s *tokenSource) load() (Token, error) {
	record, err := s.store.Load()
	var t Token
	if err == nil {
		t, err = ParseToken(record)
	}
	switch {
	case err != nil && s.auth.Grant == GrantPassword:
		s.log.WithError(err).Warn("the saved tokens cannot be read; logging in anew")
		return Token{}, nil
	case err != nil:
		return Token{}, s.failure("loading the saved tokens", err)
	case t.Portal != s.portal:
		return Token{}, nil
	}
	return t, nil
}

// keep makes t durable, and only then the current token.
func (s *tokenSource) keep(t Token) (string, error) {
	record, err := json.Marshal(t)
	if err == nil {
		err = s.store.Save(record)
	}
	if err != nil && s.auth.Grant != GrantPassword {
		s.unsaved = &t
		return "", s.failure("saving the new tokens, which must be safe before they are used", err)
	}
	if err != nil { // nothing is lost: the password gives another one
		s.log.WithError(err).Warn("the tokens could not be saved")
	}
	s.unsaved = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = t
	return t.Access, nil
}

// failed notes a token request that came to nothing. What the portal refused is
// not tried again: 40 failed logins within two minutes block this address for
// two hours (support article 23794537688471).
func (s *tokenSource) failed(ctx context.Context, err error) error {
	if ctx.Err() == nil { // not merely interrupted
		s.failures++
	}
	var e *Error
	final := errors.As(err, &e) && (e.credentials || e.forbidden || e.status/100 == 4)
	if final || s.failures >= maxTokenFailures {
		s.mu.Lock()
		s.dead = err
		s.mu.Unlock()
	}
	return err
}

// stop makes every later call fail like err. A 401 that a new token did not cure
// would only be repeated.
func (s *tokenSource) stop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead == nil {
		s.dead = err
	}
}

// failure is an Error about the tokens, before anything was sent.
func (s *tokenSource) failure(doing string, err error) *Error {
	return &Error{Method: http.MethodPost, Path: s.path, Text: fmt.Sprintf("%s: %s", doing, plainCause(err)),
		unsent: true, spent: true, cause: err}
}

// redact takes the secrets out of a text that is about to be shown.
func (s *tokenSource) redact(text string) string {
	s.mu.Lock()
	secrets := []string{s.auth.ClientSecret, s.auth.Password, s.auth.RefreshToken, s.current.Access, s.current.Refresh}
	s.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return looksLikeToken.ReplaceAllString(text, "[secret]")
}

// looksLikeToken finds a JWT, also one that was cut or is of an earlier login.
var looksLikeToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}[A-Za-z0-9_.-]*`)

// errorText is what an answer says, without secrets. They go before the text is cut,
// since half of one is not found any more, and after, as JSON may have escaped them.
func (s *tokenSource) errorText(resp *http.Response, body []byte) string {
	return s.redact(errorText(resp, []byte(s.redact(string(body)))))
}
