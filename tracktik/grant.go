package tracktik

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"
)

// maxBlockedLogins is how often a token is asked for that is answered with 429. After too
// many failed logins the portal answers so for two hours.
const maxBlockedLogins = 3

// longestLifetime bounds what an access token is believed to live, in seconds: a year.
const longestLifetime = 365 * 24 * 3600

// obtain gets a new token by the configured grant.
func (s *tokenSource) obtain(ctx context.Context, saved Token) (Token, error) {
	if s.auth.Grant == GrantPassword {
		return s.login(ctx)
	}
	refresh := saved.Refresh
	if seed := s.auth.seedFingerprint(); seed != "" && seed != saved.Seed {
		refresh = s.auth.RefreshToken // configured anew since the last time
	}
	if refresh == "" {
		return s.fallBack(ctx, s.refused("there is no refresh token yet"))
	}
	token, err := s.exchange(ctx, refresh)
	if isLost(err) {
		s.log.WithError(err).Warn("the answer with the new tokens was lost; trying the old refresh token once more")
		if s.wire.wait(ctx, firstBackoff) == nil {
			token, err = s.exchange(ctx, refresh)
		}
	}
	if err != nil && !isUnsent(err) {
		return s.fallBack(ctx, err)
	}
	return token, err
}

// fallBack logs in with the password where one is configured: the refresh token
// is no longer good, and cause says why.
func (s *tokenSource) fallBack(ctx context.Context, cause error) (Token, error) {
	if s.auth.Username == "" || s.auth.Password == "" {
		return Token{}, cause
	}
	s.log.WithError(cause).Warn("the refresh token is not accepted; logging in with the password")
	return s.login(ctx)
}

// login is the password grant. It sends no scope: the portal gives what the
// account may (support article 23672739298199).
func (s *tokenSource) login(ctx context.Context) (Token, error) {
	return s.request(ctx, true, func(ctx context.Context) (*oauth2.Token, error) {
		return s.oauth.PasswordCredentialsToken(ctx, s.auth.Username, s.auth.Password)
	})
}

// exchange is the refresh_token grant. refresh is used up by it.
func (s *tokenSource) exchange(ctx context.Context, refresh string) (Token, error) {
	return s.request(ctx, false, func(ctx context.Context) (*oauth2.Token, error) {
		return s.oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	})
}

// request asks for a token, again where the portal said 429 or could not be
// reached, and where the answer was lost if asking twice does no harm; none of
// these is a failed login. ctx ends the waiting; a request that is on its way is
// given a little longer, since cutting it off could cost the only refresh token.
func (s *tokenSource) request(ctx context.Context, harmless bool, ask func(context.Context) (*oauth2.Token, error)) (Token, error) {
	detached, cancel := outlive(context.WithValue(ctx, oauth2.HTTPClient, s.http))
	defer cancel()
	var tries attempts
	for {
		if err := s.wire.paused(ctx); err != nil {
			return Token{}, s.failure("waiting to ask for a token", err)
		}
		answer, err := ask(detached)
		if err == nil {
			return s.understood(answer), nil
		}
		e := s.tokenError(err)
		wait, again := tries.next(e, harmless)
		again = again && tries.throttled < maxBlockedLogins
		if !again || s.wire.wait(ctx, wait) != nil {
			e.spent = true
			return Token{}, e
		}
	}
}

// outlive is ctx with tokenGrace more to live.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(tokenGrace):
			cancel()
		case <-detached.Done():
		}
	})
	return detached, func() { stop(); cancel() }
}

// understood is the portal's answer as a Token.
func (s *tokenSource) understood(answer *oauth2.Token) Token {
	lifetime := time.Duration(answer.ExpiresIn) * time.Second
	if lifetime <= 0 {
		lifetime = tokenLifetime
	}
	now := s.now()
	// Where tokens live for minutes only, the usual margin would leave nothing.
	margin := min(tokenMargin, lifetime/4)
	return Token{Portal: s.portal, Access: answer.AccessToken, Refresh: answer.RefreshToken,
		Obtained: now, Until: now.Add(lifetime - margin),
		Seed: s.auth.seedFingerprint(), Credentials: s.auth.Fingerprint(s.portal)}
}

// tokenError is a failed token request as an Error.
func (s *tokenSource) tokenError(err error) *Error {
	e := &Error{Method: http.MethodPost, Path: s.path, cause: err}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		e.Text = s.redact(plainCause(err))
		var wire *wireError
		e.unsent = errors.As(err, &wire) && !wire.left
		return e
	}
	e.status, e.code = answer.Response.StatusCode, answer.ErrorCode
	e.Text = s.errorText(answer.Response, answer.Body)
	e.cause = nil // its text holds the whole answer
	switch {
	case e.status == http.StatusUnauthorized, credentialErrors[e.code] && e.status < 500:
		e.credentials = true
		e.Text += "; no further login is tried: " + s.wayOut(e.code)
	case e.status == http.StatusTooManyRequests:
		e.Text += "; 40 failed logins within two minutes block this address for two hours: find out who fails, and wait"
	case e.AddressRefused():
		e.forbidden = true
		e.Text += "; no further login is tried: the portal lets only some addresses in, have TrackTik support add that of this machine"
	case e.status == http.StatusForbidden:
		e.forbidden = true
		e.Text += "; no further login is tried: too many failed logins block an address for two hours"
	}
	return e
}

// wayOut says what settles a refusal in those words (RFC 6749, section 5.2).
func (s *tokenSource) wayOut(code string) string {
	switch code {
	case "invalid_client":
		return "check tracktik.auth.client_id and client_secret, as TrackTik support gave them"
	case "unauthorized_client", "unsupported_grant_type":
		return "have TrackTik support allow the client the grant " + s.auth.Grant + ", or name another one in tracktik.auth.grant"
	case "invalid_scope":
		return "have TrackTik support give the client its scopes"
	}
	switch {
	case s.auth.Grant == GrantPassword:
		return "check tracktik.auth.username and password, and that the account is active and may log in"
	case s.auth.Password != "": // it was tried last
		return "check tracktik.auth.username and password, or log in anew with `auth login`"
	case s.auth.Grant == GrantRefreshToken:
		return "the refresh token is used up or has ended: put a new one into tracktik.auth.refresh_token, or log in anew with `auth login`"
	}
	return "the approval has ended: log in anew with `auth login`"
}

// refused is a credentials error that needed no request.
func (s *tokenSource) refused(why string) *Error {
	return &Error{Method: http.MethodPost, Path: s.path, credentials: true, unsent: true,
		Text: why + ": log in once with `auth login`, or configure tracktik.auth.refresh_token_file"}
}

// isLost reports a token request that may have used up the refresh token
// although no token came of it.
func isLost(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.unsent && !e.credentials && (e.status == 0 || e.status/100 == 5 || e.status/100 == 2)
}

func isUnsent(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.unsent || e.status == http.StatusTooManyRequests)
}

// tokenTransport carries token requests, and brings their answers into the one form that
// the oauth2 package reads. The portal answers them in JSON (support article
// 23505374605463), whatever its Content-Type says.
type tokenTransport struct{ base http.RoundTripper }

func (t tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.Header.Set("Accept", "application/json")
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil { // read here, since the oauth2 package would keep only the words
		return nil, &wireError{left: true, err: err}
	}
	body = plainLifetime(withoutMark(body))
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Del("Content-Length")
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// plainLifetime makes whole seconds of an expires_in that is a fraction or a text. One
// that says nothing of use is taken out, as if it had not come.
func plainLifetime(body []byte) []byte {
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || answer["expires_in"] == nil {
		return body
	}
	var said text
	_ = json.Unmarshal(answer["expires_in"], &said) // what is no text has none
	seconds, err := strconv.ParseFloat(said.value, 64)
	if err != nil || !(seconds >= 1) {
		delete(answer, "expires_in")
	} else {
		answer["expires_in"] = strconv.AppendInt(nil, int64(min(seconds, longestLifetime)), 10)
	}
	if plain, err := json.Marshal(answer); err == nil {
		body = plain
	}
	return body
}
