package oktatest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"tracktik-sync/okta/oktatest"
)

const (
	client = "0oaservice"
	scopes = "okta.apps.read okta.groups.read okta.users.read"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, key any, options *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An issuer is a server with a clock and one registered service app.
type issuer struct {
	*oktatest.Server
	clock *stopped
	key   *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{start(t), newClock(), newKey(t)}
	i.Now = i.clock.now
	i.RegisterServiceApp(client, jose.JSONWebKey{Key: i.key.Public(), KeyID: "k1"})
	return i
}

// claims are those of a good assertion.
func (i *issuer) claims() map[string]any {
	now := i.clock.now().Unix()
	return map[string]any{"iss": client, "sub": client, "aud": i.URL + "/oauth2/v1/token", "jti": rand.Text(), "iat": now, "exp": now + 300}
}

// ask sends a form to the token endpoint, and the proof unless it is "".
func (i *issuer) ask(t *testing.T, form url.Values, proof string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.URL+"/oauth2/v1/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	a, err := try(i.Server, req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func form(assertion, scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func (i *issuer) good(t *testing.T) url.Values {
	return form(signed(t, i.key, nil, i.claims()), scopes)
}

// An issued is the answer of the token endpoint, good or bad.
type issued struct {
	Kind    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Value   string `json:"access_token"`
	Scope   string `json:"scope"`
	Code    string `json:"error"`
	Text    string `json:"error_description"`
}

func (a answer) issued(t *testing.T) issued {
	t.Helper()
	var got issued
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("the answer is %d %s", a.status, a.body)
	}
	return got
}

func (a answer) refusedWith(t *testing.T, status int, code, text string) {
	t.Helper()
	if got := a.issued(t); a.status != status || got.Code != code || !strings.Contains(got.Text, text) || got.Value != "" {
		t.Errorf("the answer is %d %s, want %d %s with %q", a.status, a.body, status, code, text)
	}
}

func (i *issuer) token(t *testing.T) string {
	t.Helper()
	a := i.ask(t, i.good(t), "")
	if a.status != http.StatusOK {
		t.Fatalf("the answer is %d %s", a.status, a.body)
	}
	return a.issued(t).Value
}

func (i *issuer) read(t *testing.T, path string, header map[string]string) answer {
	t.Helper()
	req := request(t, i.Server, path)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	a, err := try(i.Server, req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (i *issuer) bearer(t *testing.T, path, token string) answer {
	return i.read(t, path, map[string]string{"Authorization": "Bearer " + token})
}

// challenged checks a refusal of the API that says why in its header alone.
func (a answer) challenged(t *testing.T, status int, scheme, code string) {
	t.Helper()
	header := a.header.Get("WWW-Authenticate")
	if a.status != status || !strings.HasPrefix(header, scheme+" ") || !strings.Contains(header, `error="`+code+`"`) || a.body != "" {
		t.Errorf("the answer is %d %q with %q, want %d %s", a.status, a.body, header, status, code)
	}
}

func TestGoodAssertionGetsAToken(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		i := newIssuer(t)
		i.OpaqueTokens = opaque
		a := i.ask(t, i.good(t), "")
		got := a.issued(t)
		if a.status != 200 || got.Kind != "Bearer" || got.Expires != 3600 || got.Scope != scopes || strings.Contains(got.Value, ".") == opaque {
			t.Fatalf("the answer is %d %s", a.status, a.body)
		}
		if a := i.bearer(t, "/api/v1/users", got.Value); a.status != 200 {
			t.Errorf("the API answers %d %s", a.status, a.body)
		}
		if i.Count("POST /oauth2/v1/token") != 1 {
			t.Error("the token request is not counted")
		}
	}
}

func TestAssertionThatIsNotGoodIsRefused(t *testing.T) {
	now := newClock().now().Unix()
	for name, c := range map[string]struct {
		claim string
		value any // nil: without
		text  string
	}{
		"expired":            {"exp", now, "expired"},
		"over an hour":       {"exp", now + 3601, "too far into the future"},
		"without end":        {"exp", nil, "expiration"},
		"in the future":      {"iat", now + 1, "issued in the future"},
		"another audience":   {"aud", "https://acme.okta.com/oauth2/v1/token", "audience"},
		"no audience":        {"aud", nil, "audience"},
		"the issuer's":       {"aud", "", "audience"},
		"an unknown client":  {"sub", "0oanobody", "client_id"},
		"of somebody else":   {"iss", "0oanobody", "client_id"},
		"without a subject":  {"sub", nil, "client_id"},
		"subject of another": {"sub", "0oaother", "client_id"},
	} {
		i := newIssuer(t)
		i.RegisterServiceApp("0oaother", jose.JSONWebKey{Key: i.key.Public()})
		claims := i.claims()
		claims[c.claim] = c.value
		if c.value == nil {
			delete(claims, c.claim)
		}
		t.Run(name, func(t *testing.T) {
			i.ask(t, form(signed(t, i.key, nil, claims), scopes), "").refusedWith(t, 401, "invalid_client", c.text)
		})
	}
}

func TestAssertionOfAnHourIsTheLongest(t *testing.T) {
	i := newIssuer(t)
	claims := i.claims()
	claims["exp"] = i.clock.now().Unix() + 3600
	if a := i.ask(t, form(signed(t, i.key, nil, claims), scopes), ""); a.status != 200 {
		t.Errorf("the answer is %d %s", a.status, a.body)
	}
}

func TestAssertionCountsOnce(t *testing.T) {
	i := newIssuer(t)
	request := i.good(t)
	if a := i.ask(t, request, ""); a.status != 200 {
		t.Fatalf("the answer is %d %s", a.status, a.body)
	}
	i.ask(t, request, "").refusedWith(t, 401, "invalid_client", "jti")
	claims := i.claims()
	delete(claims, "jti") // optional
	for range 2 {
		if a := i.ask(t, form(signed(t, i.key, nil, claims), scopes), ""); a.status != 200 {
			t.Errorf("without jti the answer is %d %s", a.status, a.body)
		}
	}
}

func TestKeyAndKidAreChecked(t *testing.T) {
	i := newIssuer(t)
	with := func(key *ecdsa.PrivateKey, kid string) url.Values {
		return form(signed(t, jose.JSONWebKey{Key: key, KeyID: kid}, nil, i.claims()), scopes)
	}
	second := newKey(t)
	i.ask(t, with(second, ""), "").refusedWith(t, 401, "invalid_client", "signature")
	i.ask(t, with(second, "k1"), "").refusedWith(t, 401, "invalid_client", "signature")
	i.ask(t, with(i.key, "k9"), "").refusedWith(t, 401, "invalid_client", "kid")
	i.RegisterServiceApp(client, jose.JSONWebKey{Key: i.key.Public(), KeyID: "k1"}, jose.JSONWebKey{Key: second.Public(), KeyID: "k2"})
	i.ask(t, with(i.key, ""), "").refusedWith(t, 401, "invalid_client", "kid")
	for kid, key := range map[string]*ecdsa.PrivateKey{"k1": i.key, "k2": second} {
		if a := i.ask(t, with(key, kid), ""); a.status != 200 {
			t.Errorf("%s: the answer is %d %s", kid, a.status, a.body)
		}
	}
	i.RegisterServiceApp(client, jose.JSONWebKey{Key: second.Public(), KeyID: "k2"})
	i.ask(t, with(i.key, "k1"), "").refusedWith(t, 401, "invalid_client", "kid")
}

func TestUnsignedAssertionIsRefused(t *testing.T) {
	i := newIssuer(t)
	i.ask(t, form("eyJhbGciOiJub25lIn0.eyJzdWIiOiIwb2FzZXJ2aWNlIn0.", scopes), "").refusedWith(t, 401, "invalid_client", "valid JWT")
	i.ask(t, form("nonsense", scopes), "").refusedWith(t, 401, "invalid_client", "valid JWT")
}

func TestFormIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		key, value, code string
	}{
		"grant":          {"grant_type", "password", "unsupported_grant_type"},
		"no assertion":   {"client_assertion", "", "invalid_request"},
		"assertion type": {"client_assertion_type", "saml", "invalid_request"},
		"no scope":       {"scope", "", "invalid_scope"},
		"unknown scope":  {"scope", scopes + " okta.everything", "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			f := i.good(t)
			f.Set(c.key, c.value)
			i.ask(t, f, "").refusedWith(t, 400, c.code, "")
		})
	}
	i := newIssuer(t)
	f := i.good(t)
	f.Set("client_id", "0oaother")
	i.ask(t, f, "").refusedWith(t, 401, "invalid_client", "client_id")
	i.GrantScopes(client, "okta.logs.read")
	i.ask(t, i.good(t), "").refusedWith(t, 400, "consent_required", "")
	i.GrantScopes(client, "okta.logs.read", "okta.users.read")
	if got := i.ask(t, i.good(t), "").issued(t).Scope; got != "okta.users.read" {
		t.Errorf("the token has the scopes %q", got)
	}
}

func TestAssertionInTheAddressIsNotRead(t *testing.T) {
	i := newIssuer(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.URL+"/oauth2/v1/token?"+i.good(t).Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := try(i.Server, req)
	if err != nil {
		t.Fatal(err)
	}
	a.refusedWith(t, 400, "unsupported_grant_type", "")
	get(t, i.Server, "/oauth2/v1/token").refused(t, 405, "E0000022")
}

func TestTokenRequestsHaveALimit(t *testing.T) {
	i := newIssuer(t)
	i.RateLimit = map[string]int{oktatest.BucketToken: 1}
	i.token(t)
	i.ask(t, i.good(t), "").refused(t, 429, "E0000047")
}

func TestTokenEndsAndCanBeRevoked(t *testing.T) {
	i := newIssuer(t)
	i.TokenLifetime = 90 * time.Second
	first := i.token(t)
	i.clock.advance(90*time.Second - time.Nanosecond)
	if a := i.bearer(t, "/api/v1/users", first); a.status != 200 {
		t.Errorf("before its end: %d %s", a.status, a.body)
	}
	i.clock.advance(time.Nanosecond)
	i.bearer(t, "/api/v1/users", first).challenged(t, 401, "Bearer", "invalid_token")
	second := i.token(t)
	i.RevokeAccessTokens()
	i.bearer(t, "/api/v1/users", second).challenged(t, 401, "Bearer", "invalid_token")
	if a := i.bearer(t, "/api/v1/users", i.token(t)); a.status != 200 {
		t.Errorf("after the revocation a new token is answered %d", a.status)
	}
	i.bearer(t, "/api/v1/users", "invented").refused(t, 401, "E0000011")
}

func TestEveryEndpointWantsItsScopes(t *testing.T) {
	i := newIssuer(t)
	all := strings.Fields(scopes + " okta.orgs.read okta.schemas.read okta.logs.read")
	app := i.AddApp(oktatest.App{})
	user, group := i.AddUser(oktatest.User{Login: "ada@acme.example"}), i.AddGroup(oktatest.Group{Name: "Guards"})
	i.AssignUser(app, user, oktatest.Assignment{})
	i.AssignGroup(app, group, oktatest.GroupAssignment{})
	tokens := map[string]string{"": ""} // by what is missing
	for _, missing := range append(all, "") {
		var rest []string
		for _, scope := range all {
			if scope != missing {
				rest = append(rest, scope)
			}
		}
		i.GrantScopes(client, rest...)
		tokens[missing] = i.ask(t, form(signed(t, i.key, nil, i.claims()), strings.Join(rest, " ")), "").issued(t).Value
	}
	for path, needed := range map[string]string{
		"/api/v1/logs":                                  "okta.logs.read",
		"/api/v1/users":                                 "okta.users.read",
		"/api/v1/users/" + user:                         "okta.users.read",
		"/api/v1/users/" + user + "/groups":             "",
		"/api/v1/groups":                                "okta.groups.read",
		"/api/v1/groups/" + group:                       "okta.groups.read",
		"/api/v1/groups/" + group + "/users":            "okta.groups.read",
		"/api/v1/apps/" + app:                           "okta.apps.read",
		"/api/v1/apps/" + app + "/users":                "okta.apps.read",
		"/api/v1/apps/" + app + "/users?expand=user":    "okta.apps.read okta.users.read",
		"/api/v1/apps/" + app + "/users/" + user:        "okta.apps.read",
		"/api/v1/apps/" + app + "/groups":               "okta.apps.read",
		"/api/v1/apps/" + app + "/groups/" + group:      "okta.apps.read",
		"/api/v1/apps/" + app + "/group-push/mappings":  "okta.apps.read okta.groups.read",
		"/api/v1/meta/schemas/user/default":             "okta.schemas.read",
		"/api/v1/meta/schemas/apps/" + app + "/default": "okta.schemas.read",
		"/api/v1/org":                                   "okta.orgs.read",
	} {
		for missing, token := range maps.All(tokens) {
			a := i.bearer(t, path, token)
			if missing == "" || !strings.Contains(needed, missing) {
				if a.status != 200 {
					t.Errorf("%s without %q: %d %s", path, missing, a.status, a.body)
				}
				continue
			}
			a.refused(t, 403, "E0000006")
			if h := a.header.Get("WWW-Authenticate"); !strings.Contains(h, `error="insufficient_scope"`) || !strings.Contains(h, missing) {
				t.Errorf("%s without %s: the challenge is %q", path, missing, h)
			}
		}
	}
}

func TestServiceAppNeedsPublicKeys(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a private key was registered")
		}
	}()
	start(t).RegisterServiceApp(client, jose.JSONWebKey{Key: newKey(t)})
}

func TestUnreadableTokenRequestIsRefused(t *testing.T) {
	i := newIssuer(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.URL+"/oauth2/v1/token", io.NopCloser(strings.NewReader("%zz=%")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := try(i.Server, req)
	if err != nil {
		t.Fatal(err)
	}
	a.refusedWith(t, 400, "invalid_request", "")
}
