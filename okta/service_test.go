package okta

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/sirupsen/logrus"

	"tracktik-sync/okta/oktatest"
)

const testClient = "0oaserviceapp"

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	})
	ecKeys = sync.OnceValue(func() (keys [3]*ecdsa.PrivateKey) {
		for i, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			var err error
			if keys[i], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
				panic(err)
			}
		}
		return keys
	})
)

func pkcs8(key crypto.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func public(key crypto.Signer, kid string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: kid}
}

// A sent is what the org was shown of us in one request.
type sent struct {
	path, rawQuery string
	form           map[string][]string
	authorization  string
	proof          string
}

// A service is a simulated org with a service app, whose clock may differ from ours.
type service struct {
	*oktatest.Server
	*clock
	*ServiceApp
	source *Source
	group  string
	ahead  time.Duration // Okta's clock is this much ahead of ours

	mu    sync.Mutex
	key   func() ([]byte, error)
	fault oktatest.Interceptor // at the token endpoint; nil: none
	api   oktatest.Interceptor // everywhere else
	sent  []sent
	logs  journal
}

func newService(t *testing.T, change ...func(*service, *ServiceAppConfig)) *service {
	t.Helper()
	o := &service{Server: oktatest.NewServer(), clock: newClock()}
	t.Cleanup(o.Close)
	o.RegisterServiceApp(testClient, public(ecKeys()[0], "kid-1"))
	o.key = func() ([]byte, error) { return pkcs8(ecKeys()[0]), nil }
	o.Server.Tokens, o.Server.Intercept = []string{}, o.intercept
	o.Server.Now = func() time.Time { return o.now().Add(o.ahead) }
	log := logrus.New()
	log.SetOutput(&o.logs)
	log.SetLevel(logrus.TraceLevel)
	c := ServiceAppConfig{OrgURL: o.URL, ClientID: testClient, Log: log, Now: o.now, Sleep: o.sleep,
		Key: func() ([]byte, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.key() }}
	for _, f := range change {
		f(o, &c)
	}
	app := o.AddApp(oktatest.App{Label: "TrackTik"})
	o.group = o.AddGroup(oktatest.Group{Name: "Guards"})
	o.AssignGroup(app, o.group, oktatest.GroupAssignment{})
	o.AddMembers(o.group, o.AddUser(oktatest.User{Login: "ana silva@acme.example", FirstName: "Ana", LastName: "Silva"}))
	var err error
	if o.ServiceApp, err = NewServiceApp(c); err != nil {
		t.Fatal(err)
	}
	config := Config{OrgURL: o.URL, AppID: app, Log: log, Now: o.now, Sleep: o.sleep, RateLimitShare: 1}
	config.Use(o.ServiceApp)
	if o.source, err = New(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.wantNoSecret(t, "a log", o.logs.String()) })
	return o
}

// A journal is a log that is read while somebody may write to it still: a token that
// nobody waits for any more is asked for all the same.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// intercept notes what the org is shown, and lets the faults work.
func (o *service) intercept(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s := sent{path: r.URL.Path, rawQuery: r.URL.RawQuery, authorization: r.Header.Get("Authorization"), proof: r.Header.Get("DPoP")}
	fault := o.api
	if r.URL.Path == tokenPath {
		_ = r.ParseForm() // the org reads it again, and judges
		s.form, fault = r.PostForm, o.fault
	}
	o.mu.Lock()
	o.sent = append(o.sent, s)
	o.mu.Unlock()
	if fault != nil {
		fault(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

func (o *service) use(key []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.key = func() ([]byte, error) { return key, nil }
}

// tokenRequests are those that reached the token endpoint.
func (o *service) tokenRequests() (all []sent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sent {
		if s.path == tokenPath {
			all = append(all, s)
		}
	}
	return all
}

func (o *service) wantTokenRequests(t *testing.T, want int) {
	t.Helper()
	if got := len(o.tokenRequests()); got != want {
		t.Errorf("sent %d token requests, want %d", got, want)
	}
}

// authorize returns the headers that a request for the org's groups gets.
func (o *service) authorize(ctx context.Context) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL+"/api/v1/groups?limit=1", nil)
	if err != nil {
		return nil, err
	}
	err = o.ServiceApp.Authorize(ctx, r)
	return r.Header, err
}

func (o *service) mustRead(t *testing.T) {
	t.Helper()
	if _, err := o.source.App(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantNoSecret looks for everything secret that was sent, and the keys.
func (o *service) wantNoSecret(t *testing.T, what, text string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sent {
		_, token, _ := strings.Cut(s.authorization, " ")
		assertion := ""
		if s.form != nil {
			assertion = strings.Join(s.form["client_assertion"], "")
		}
		for _, secret := range []string{token, s.proof, assertion} {
			if secret != "" && strings.Contains(text, secret) {
				t.Errorf("%s shows a secret: %s", what, text)
			}
		}
	}
	if key, err := o.key(); err == nil && len(key) > 100 && strings.Contains(text, string(key[40:90])) {
		t.Errorf("%s shows the key: %s", what, text)
	}
}

func (o *service) wantRefusal(t *testing.T, err error) *Error {
	t.Helper()
	failure := wantError(t, err)
	if !failure.Credentials() || failure.Endpoint != "POST /oauth2/v1/token" {
		t.Errorf("got %v, want one of the token endpoint with Credentials()", err)
	}
	o.wantNoSecret(t, "an error", err.Error())
	return failure
}

// decoded reads a JWT without caring for its signature, which the org has checked.
func decoded(t *testing.T, text string) (header jose.Header, claims map[string]any) {
	t.Helper()
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256, jose.RS512, jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return token.Headers[0], claims
}

func marshalled(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A lifetime is understood in every form in which it comes.
func TestLifetimesOfTokensComeInManyForms(t *testing.T) {
	for said, want := range map[string]time.Duration{
		`3600.5`: time.Hour, `"3600"`: time.Hour, `"3600.5"`: time.Hour, `1.8e3`: 30 * time.Minute, `1e300`: 365 * 24 * time.Hour,
	} {
		o := newService(t)
		o.fault = oktatest.LifetimeAs(said)
		o.mustRead(t)
		if got := o.Expiry(); !got.Equal(o.now().Add(want)) {
			t.Errorf("%s: the token ends at %s, want %s from now", said, got, want)
		}
	}
	for _, said := range []string{`"soon"`, `null`, `-1`, `0`, `"NaN"`} {
		o := newService(t)
		o.fault = oktatest.LifetimeAs(said)
		if _, err := o.source.App(t.Context()); err == nil || !strings.Contains(err.Error(), "how long it lasts") {
			t.Errorf("%s: got %v", said, err)
		}
	}
}
