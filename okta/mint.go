package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

// tokenPath is the token endpoint of an org's own authorization server, the only
// one that grants scopes of Okta's API.
const tokenPath = "/oauth2/v1/token"

var routeToken = route{name: "POST " + tokenPath}

const (
	// leastShift is the smallest correction of our clock that makes another try
	// worth while.
	leastShift = time.Second
	// maxCures bounds how often one token request is put right and sent again, all
	// causes together; four suffice for proof, nonce, clock and key.
	maxCures = 6
)

// token returns an access token that is good for the next request. Goroutines who
// wait for one wait for the same request, and giving up ends only one's own wait.
func (a *ServiceApp) token(ctx context.Context) (*accessToken, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("okta: %s: %w", routeToken.name, err)
	}
	if token, err := a.known(); token != nil || err != nil {
		return token, err
	}
	result := a.flight.DoChan("", func() (any, error) {
		if token, err := a.known(); token != nil || err != nil { // got while we were on our way here
			return token, err
		}
		return a.mint(context.WithoutCancel(ctx))
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*accessToken), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("okta: %s: %w", routeToken.name, ctx.Err())
	}
}

// known returns the token in hand, or the refusal that is final, or neither.
func (a *ServiceApp) known() (*accessToken, error) {
	now := a.config.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused != nil {
		return nil, a.refused
	}
	if a.current == nil || !now.Before(a.current.renew) {
		return nil, nil
	}
	return a.current, nil
}

// A minting is the way to one access token: what has gone wrong, and was put right.
type minting struct {
	key    *signingKey
	backup *signingKey // the last one that Okta accepted, when key is another; nil: none
	fails  int
	cures  int

	bare   bool          // no more proofs: Okta does not take ours
	proved bool          // the last request had a proof
	nonce  string        // in it
	skew   time.Duration // that its times were made with
}

// mint gets an access token. A passing failure is retried like that of a read; a
// refusal of the credentials is kept, and never asked for again.
func (a *ServiceApp) mint(ctx context.Context) (*accessToken, error) {
	m := a.newMinting()
	for {
		token, err := a.request(ctx, m)
		if err == nil {
			a.take(token, m.key)
			return token, nil
		}
		var failure *Error
		if !errors.As(err, &failure) {
			return nil, err
		}
		if m.cures < maxCures && a.cure(m, failure) {
			m.cures++
			continue
		}
		m.fails++
		failure.Attempts = m.fails
		if failure.Credentials() {
			a.mu.Lock()
			a.refused = failure
			a.mu.Unlock()
			return nil, failure
		}
		if !failure.retry || m.fails > maxRetries {
			if failure.StatusCode == http.StatusTooManyRequests {
				failure.Kind = KindRateLimit
			}
			return nil, failure
		}
		if err := a.wait(ctx, failure); err != nil {
			return nil, err
		}
	}
}

func (a *ServiceApp) wait(ctx context.Context, failure *Error) error {
	d := max(min(failure.retryAfter, longestAsked), backoff(firstBackoff, lastBackoff, failure.Attempts))
	a.config.Log.WithFields(logrus.Fields{"route": routeToken.name, "status": failure.StatusCode, "request_id": failure.Request,
		"attempt": failure.Attempts, "cause": failure.Summary, "wait": d.String()}).Warn("getting an access token of okta failed, trying again")
	return a.config.Sleep(ctx, d)
}

// newMinting asks for the key. A broken one must not end what runs: the last good
// one is probably still registered.
func (a *ServiceApp) newMinting() *minting {
	key, err := a.readKey()
	a.mu.Lock()
	defer a.mu.Unlock()
	m := &minting{key: key}
	if err != nil {
		a.config.Log.WithError(err).Warn("the new private key for okta cannot be used, keeping the last good one")
		m.key = a.good
	} else if a.accepted {
		m.backup = a.good
	}
	return m
}

func (a *ServiceApp) readKey() (*signingKey, error) {
	data, err := a.config.Key()
	if err != nil {
		return nil, fmt.Errorf("okta: reading the private key: %w", err)
	}
	key, err := readKey(data, a.config.KeyID)
	if err != nil {
		return nil, fmt.Errorf("okta: the private key cannot be used: %w", err)
	}
	return key, nil
}

// cure puts right what a refusal complains of, where that is possible, and reports
// whether to ask again at once.
func (a *ServiceApp) cure(m *minting, refusal *Error) bool {
	if refusal.Kind != KindAnswered || refusal.StatusCode/100 != 4 {
		return false
	}
	log := a.config.Log.WithField("cause", refusal.Summary)
	switch {
	case refusal.Code == codeUseNonce:
		return m.proved && a.nonce(tokenEndpoint) != m.nonce
	case aboutTime.MatchString(refusal.Summary) && (a.clockSkew()-m.skew).Abs() >= leastShift:
		log.WithField("skew", a.clockSkew().Round(time.Second).String()).Warn("our clock is not okta's, asking for an access token by okta's")
		return true
	case refusal.Code == codeInvalidProof && m.proved:
		log.Debug("okta does not take our dpop proof, asking without one")
		m.bare = true
		return true
	case refusal.Credentials() && !refusal.lacksScopes() && !refusal.denied() && m.backup != nil:
		log.Warn("okta refuses the new private key, using the last good one")
		m.key, m.backup = m.backup, nil
		return true
	}
	return false
}

// aboutTime matches what Okta says of an assertion or a proof that has expired,
// lasts too long, or was issued in the future.
var aboutTime = regexp.MustCompile(`(?i)expir|future|too old|in the past|\biat\b|issued|not yet|clock`)

// request asks for an access token once. The assertion is in the body: addresses
// end up in the logs of proxies.
func (a *ServiceApp) request(ctx context.Context, m *minting) (*accessToken, error) {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	req, err := a.prepare(ctx, m)
	if err != nil {
		return nil, err
	}
	sent := a.config.Now()
	resp, err := a.base.RoundTrip(req) //nolint:bodyclose // readBody closes it
	if err != nil {
		a.meter.sent(routeToken.name, 0)
		return nil, a.unanswered(err)
	}
	a.meter.sent(routeToken.name, resp.StatusCode)
	a.learn(tokenEndpoint, resp.Header)
	body, err := readBody(resp)
	switch {
	case err != nil:
		return nil, a.unanswered(err)
	case resp.StatusCode/100 == 3:
		failure := broken(routeToken.name, requestID(resp.Header), "a redirect, which is not followed; check okta.org_url")
		failure.retry = false
		return nil, failure
	case resp.StatusCode/100 != 2:
		return nil, a.refusal(resp, body)
	}
	token, failure := readToken(resp.Header, body, sent, m.proved, a.config.Scopes)
	if failure != nil {
		return nil, failure
	}
	return token, nil
}

func (a *ServiceApp) prepare(ctx context.Context, m *minting) (*http.Request, error) {
	a.mu.Lock()
	m.proved, m.nonce, m.skew = !m.bare, a.nonces[tokenEndpoint], a.skew
	a.mu.Unlock()
	endpoint, now := a.config.OrgURL+tokenPath, a.config.Now().Add(m.skew-clockMargin)
	assertion, err := m.key.assertion(a.config.ClientID, endpoint, now)
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(a.config.Scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("okta: making a token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", a.config.UserAgent)
	if m.proved {
		proof, err := a.prover.prove(req.Method, req.URL, "", m.nonce, now)
		if err != nil {
			return nil, err
		}
		req.Header.Set("DPoP", proof)
	}
	return req, nil
}

// take makes token the one in use.
func (a *ServiceApp) take(token *accessToken, key *signingKey) {
	a.mu.Lock()
	token.successor, a.dropped = a.dropped, false
	a.current, a.good, a.accepted = token, key, true
	nonce := a.nonces[tokenEndpoint]
	renewed := nonce != a.kept
	a.kept = nonce
	a.mu.Unlock()
	if renewed && a.config.KeepNonce != nil {
		a.config.KeepNonce(nonce)
	}
	log := a.config.Log.WithFields(logrus.Fields{"client_id": a.config.ClientID, "key_id": key.kid, "dpop": token.bound,
		"expires": token.expires.UTC().Format(time.RFC3339)})
	missing := slices.DeleteFunc(slices.Clone(a.config.Scopes), func(s string) bool { return slices.Contains(token.scopes, s) })
	if len(missing) > 0 {
		log.WithField("scopes", strings.Join(missing, " ")).Warn("okta grants the service app less than it needs")
		return
	}
	log.Debug("got an access token of okta")
}
