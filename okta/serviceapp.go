package okta

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/singleflight"
)

// neededScopes are what is asked for unless the configuration says otherwise: everything
// here is read.
var neededScopes = []string{"okta.apps.read", "okta.groups.read", "okta.users.read"}

// ServiceAppConfig is what a ServiceApp needs to know. OrgURL, ClientID and Key are
// required; every other field has a usable zero.
type ServiceAppConfig struct {
	OrgURL   string // as in Config
	ClientID string // 0oa…: of the service app, not of the app that is read

	// Key answers the private key: PEM (PKCS#1, PKCS#8 or SEC 1) or a JWK; RSA, or
	// EC on P-256, P-384 or P-521. It is asked anew for each access token, so that
	// the key can be changed while the process runs. When what it answers cannot be
	// used, or Okta refuses it, the last key that was good is used on.
	Key func() ([]byte, error)
	// KeyID is the kid under which Okta knows the key; a JWK's own comes first.
	// "": none, which is enough while the service app has a single key.
	KeyID string

	// Scopes are those to ask for. nil: those that every run needs. A token request for a
	// scope that was not granted fails, so what is optional has a ServiceApp of its own.
	Scopes []string

	// ProofKey signs DPoP proofs (RFC 9449), which every token request has, and every
	// read whose token is bound to them; on P-256. nil: one that lives as long as the
	// process.
	ProofKey *ecdsa.PrivateKey
	// Nonce is what Okta's token endpoint wanted in the last proof that an earlier
	// process made, and KeepNonce is told when it wants another one: without it, the
	// first request of each process is a failed grant in Okta's System Log. nil: it is
	// not kept.
	Nonce     string
	KeepNonce func(nonce string)

	Timeout   time.Duration // of one token request, answer included; 0: one minute
	TLS       *tls.Config   // as in Config, like all that follow
	UserAgent string
	Log       logrus.FieldLogger
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
}

// A ServiceApp authorizes requests as an OAuth 2.0 service app of Okta, which shows
// who it is with a private key (private_key_jwt), as
// https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/ has
// it. Config.Use plugs it into a Source. It is safe for use by several goroutines,
// who share one access token and one request for it.
type ServiceApp struct {
	config ServiceAppConfig
	base   http.RoundTripper
	prover *prover
	flight singleflight.Group
	meter  meter

	mu       sync.Mutex // guards everything below
	current  *accessToken
	dropped  bool        // the token before was refused
	refused  *Error      // final: Okta does not accept who we are
	good     *signingKey // the last one that was read, or better, accepted
	accepted bool        // good was accepted by Okta
	nonces   [2]string   // by asker: RFC 9449, section 9, keeps them apart
	kept     string      // the token endpoint's nonce as KeepNonce knows it
	skew     time.Duration
}

// Who asks for a nonce.
const (
	tokenEndpoint = iota
	resourceServer
)

// NewServiceApp returns a ServiceApp, without asking Okta anything. The key is read
// once, to find out now whether it is one.
func NewServiceApp(c ServiceAppConfig) (*ServiceApp, error) {
	c, shared, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := newProver(c.ProofKey)
	if err != nil {
		return nil, err
	}
	c.ProofKey = nil // the prover has it
	a := &ServiceApp{config: c, base: newConnection(shared), prover: p, kept: c.Nonce}
	a.nonces[tokenEndpoint] = c.Nonce
	if a.good, err = a.readKey(); err != nil {
		return nil, err
	}
	return a, nil
}

// withDefaults checks c and fills in what was left out; shared is the same for
// newConnection.
func (c ServiceAppConfig) withDefaults() (_ ServiceAppConfig, shared Config, err error) {
	if c.OrgURL, err = cleanOrgURL(c.OrgURL); err != nil {
		return c, shared, err
	}
	if err := checkID("service app", c.ClientID); err != nil {
		return c, shared, fmt.Errorf("okta: %w", err)
	}
	if c.Key == nil {
		return c, shared, errors.New("okta: the service app has no private key")
	}
	if c.Timeout < 0 {
		return c, shared, fmt.Errorf("okta: the timeout is %s, and must not be negative", c.Timeout)
	}
	if c.Scopes == nil {
		c.Scopes = neededScopes
	}
	shared = Config{Timeout: c.Timeout, TLS: c.TLS, UserAgent: c.UserAgent, Log: c.Log, Now: c.Now, Sleep: c.Sleep}
	shared.fillZeros()
	c.Timeout, c.UserAgent, c.Log, c.Now, c.Sleep = shared.Timeout, shared.UserAgent, shared.Log, shared.Now, shared.Sleep
	return c, shared, nil
}

// Format prints the client's id, whatever the verb: fmt would else take everything
// apart, keys and tokens among it.
func (a *ServiceApp) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "okta.ServiceApp(%s)", a.config.ClientID)
}

// Use makes a Source of c authorize its requests as the service app, and count those for
// tokens with its own.
func (c *Config) Use(a *ServiceApp) {
	c.Authorize, c.Challenged, c.Answered, c.tokens = a.Authorize, a.Challenged, a.Answered, &a.meter
}

// Authorize puts an access token on a request to the org, and a DPoP proof where
// the token is bound to our key. It fails with an *Error when Okta gives no token;
// one with Credentials() is final, and comes again without another request.
func (a *ServiceApp) Authorize(ctx context.Context, r *http.Request) error {
	if r.URL.Scheme+"://"+strings.ToLower(r.URL.Host) != a.config.OrgURL {
		return fmt.Errorf("okta: a request to %s is not one to the org", printable(r.URL.Host, 100))
	}
	token, err := a.token(ctx)
	if err != nil {
		return err
	}
	if !token.bound {
		r.Header.Set("Authorization", "Bearer "+*token.value)
		return nil
	}
	proof, err := a.prover.prove(r.Method, r.URL, *token.value, a.nonce(resourceServer), a.signingTime())
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "DPoP "+*token.value)
	r.Header.Set("DPoP", proof)
	return nil
}

// Answered learns from an answer of the org: its clock, and the nonce that it wants
// in proofs.
func (a *ServiceApp) Answered(resp *http.Response) {
	a.learn(resourceServer, resp.Header)
	if resp.StatusCode/100 != 2 || resp.Request == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current != nil && carries(resp.Request, a.current) {
		a.current.used = true
	}
}

// Challenged is shown a refusal, and reports whether the request may do better with
// what Authorize puts on it now: another token, or another proof. A token that is
// refused is dropped; when the one that follows it is refused as well, before it
// was any good, that is final.
func (a *ServiceApp) Challenged(resp *http.Response) bool {
	a.Answered(resp)
	switch challengeCode(resp.Header) {
	case codeUseNonce:
		return offeredNonce(resp.Header) != ""
	case codeInvalidProof: // most likely its time; Okta's clock is known now
		return resp.Request != nil && resp.Request.Header.Get("DPoP") != ""
	}
	return resp.StatusCode == http.StatusUnauthorized && resp.Request != nil && a.drop(resp.Request)
}

func (a *ServiceApp) drop(refused *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch t := a.current; {
	case t == nil, !carries(refused, t):
		return true // there is another one by now, or there will be
	case t.successor && !t.used:
		return false
	}
	a.current, a.dropped = nil, true
	return true
}

func carries(r *http.Request, t *accessToken) bool {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value == *t.value
}

// Scopes are those of the access token, as Okta granted them; nil before there is
// one.
func (a *ServiceApp) Scopes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == nil {
		return nil
	}
	return slices.Clone(a.current.scopes)
}

// Expiry is when the access token ends, by our clock; zero when there is none. It
// is renewed shortly before.
func (a *ServiceApp) Expiry() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == nil {
		return time.Time{}
	}
	return a.current.expires
}

// RequestsByRoute counts the token requests like those of a Source.
func (a *ServiceApp) RequestsByRoute() map[string]map[int]int { return a.meter.routes() }

// learn takes in what any answer may say: Okta's clock, and a nonce. Date is cut to
// whole seconds and made before it arrives, so that our idea of Okta's time is
// behind rather than ahead.
func (a *ServiceApp) learn(asker int, header http.Header) {
	date, err := http.ParseTime(header.Get("Date"))
	now := a.config.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.skew = date.Sub(now)
	}
	if nonce := offeredNonce(header); nonce != "" {
		a.nonces[asker] = nonce
	}
}

func (a *ServiceApp) nonce(asker int) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.nonces[asker]
}

// clockMargin is how far back what we sign is dated, for as long as Okta's clock is
// not known: what was issued in the future is refused.
const clockMargin = 5 * time.Second

// signingTime is the time by Okta's clock, as far as that is known, or a little
// earlier.
func (a *ServiceApp) signingTime() time.Time {
	return a.config.Now().Add(a.clockSkew() - clockMargin)
}

func (a *ServiceApp) clockSkew() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.skew
}
