package okta

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

// withProofs has DPoP demanded from the start.
func withProofs(nonces bool) func(*service, *ServiceAppConfig) {
	return func(o *service, _ *ServiceAppConfig) { o.RequireDPoP(testClient, nonces) }
}

// reads are the requests that went to the API.
func (o *service) reads() (all []sent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sent {
		if s.path != tokenPath {
			all = append(all, s)
		}
	}
	return all
}

// A first try without one would be a failed grant in Okta's System Log wherever proofs
// are demanded; elsewhere one does no harm.
func TestProofIsSentWithTheFirstTokenRequest(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	o.wantTokenRequests(t, 1)
	if o.tokenRequests()[0].proof == "" {
		t.Error("the token request has no proof")
	}
	for _, s := range o.reads() {
		if s.proof != "" {
			t.Errorf("%s: a proof was sent with a bearer token", s.path)
		}
	}
	if got := o.reads()[0].authorization; !strings.HasPrefix(got, "Bearer ") {
		t.Errorf("the scheme is %.10s", got)
	}
}

func TestDemandedProofsAreSentEverywhereAndRemembered(t *testing.T) {
	for nonces, first := range map[bool]int{false: 1, true: 2} {
		t.Run(fmt.Sprintf("nonces %v", nonces), func(t *testing.T) {
			o := newService(t, withProofs(nonces))
			o.mustRead(t)
			o.wantTokenRequests(t, first)
			_ = o.sleep(t.Context(), time.Hour)
			o.mustRead(t)
			o.wantTokenRequests(t, first+1)
			o.RevokeAccessTokens()
			o.mustRead(t)
			o.wantTokenRequests(t, first+2)
		})
	}
}

func TestProofIsOfThisRequestAndThisToken(t *testing.T) {
	key := ecKeys()[0]
	o := newService(t, withProofs(false), func(_ *service, c *ServiceAppConfig) { c.ProofKey = key })
	if err := o.source.AssignedGroups(t.Context(), func([]plan.Group) error { return nil }); err != nil {
		t.Fatal(err)
	}
	ids := map[any]bool{}
	requests := append(o.tokenRequests(), o.reads()...)
	if len(requests) != 2 {
		t.Fatalf("sent %d requests with proofs, want 2", len(requests))
	}
	for _, s := range requests {
		header, claims := decoded(t, s.proof)
		if used, ok := header.JSONWebKey.Key.(*ecdsa.PublicKey); !ok || !used.Equal(key.Public()) || header.ExtraHeaders["typ"] != "dpop+jwt" || header.Algorithm != "ES256" {
			t.Errorf("the header is %+v, want typ dpop+jwt, ES256 and the configured key", header)
		}
		method, hash := "POST", any(nil)
		if s.path != tokenPath {
			token, bound := strings.CutPrefix(s.authorization, "DPoP ")
			sum := sha256.Sum256([]byte(token))
			method, hash = "GET", base64.RawURLEncoding.EncodeToString(sum[:])
			if !bound || s.rawQuery == "" {
				t.Errorf("got the scheme %.8s and the query %q", s.authorization, s.rawQuery)
			}
		}
		if claims["htm"] != method || claims["htu"] != o.URL+s.path || claims["ath"] != hash {
			t.Errorf("%s: the claims are %v", s.path, claims)
		}
		if at := int64(claims["iat"].(float64)); at > o.now().Unix() || at < o.now().Add(-10*time.Second).Unix() {
			t.Errorf("made at %d, and it is %d", at, o.now().Unix())
		}
		ids[claims["jti"]] = true
	}
	if len(ids) != len(requests) || ids[nil] || ids[""] {
		t.Errorf("the ids of %d proofs are %v", len(requests), ids)
	}
}

func TestProofHoldsThePathAsOktaDecodesIt(t *testing.T) {
	o := newService(t, withProofs(false))
	for _, login := range []string{"ana silva@acme.example", "ána+guard@acme.example", "ana%40silva"} {
		if _, _, err := o.source.User(t.Context(), login); err != nil {
			t.Errorf("%q: %v", login, err)
		}
	}
	escaped, err := url.Parse("https://acme.okta.com/api/v1/users/ana%40acme.example?expand=x#y")
	if err != nil {
		t.Fatal(err)
	}
	if got := proofTarget(escaped); got != "https://acme.okta.com/api/v1/users/ana@acme.example" {
		t.Errorf("got %s", got)
	}
}

func TestRenewedNonceIsAdoptedMidRun(t *testing.T) {
	o := newService(t, withProofs(true))
	o.mustRead(t)
	for range 3 {
		o.RenewNonces()
		before := len(o.reads())
		o.mustRead(t)
		o.mustRead(t)
		if n := len(o.reads()) - before; n != 3 {
			t.Errorf("sent %d requests, want one more than the 2 reads", n)
		}
	}
	o.wantTokenRequests(t, 2)
	_ = o.sleep(t.Context(), time.Hour)
	o.mustRead(t)
	o.wantTokenRequests(t, 4)
}

// The next process begins with the nonce that the one before ended with.
func TestNonceThatIsKeptSparesAFailedGrant(t *testing.T) {
	kept := []string{""}
	o := newService(t, withProofs(true))
	process := func(wantRefused int) {
		t.Helper()
		app, err := NewServiceApp(ServiceAppConfig{OrgURL: o.URL, ClientID: testClient, Now: o.now, Sleep: o.sleep, Key: o.key,
			Nonce: kept[len(kept)-1], KeepNonce: func(nonce string) { kept = append(kept, nonce) }})
		if err != nil {
			t.Fatal(err)
		}
		before := len(o.tokenRequests())
		if _, err := app.token(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(o.tokenRequests()) - before - 1; n != wantRefused {
			t.Errorf("%d token requests were refused, want %d", n, wantRefused)
		}
	}
	process(1)
	process(0)
	process(0)
	o.RenewNonces()
	process(1)
	process(0)
	if len(kept) != 3 {
		t.Errorf("the nonces %q were kept, want each once", kept)
	}
}

func TestNonceThatIsKeptInVainEnds(t *testing.T) {
	o := newService(t)
	o.RequireDPoP(testClient, true)
	app, err := NewServiceApp(ServiceAppConfig{OrgURL: o.URL, ClientID: testClient, Now: o.now, Sleep: o.sleep, Key: o.key, Nonce: "of another org"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.token(t.Context()); err != nil {
		t.Error(err)
	}
	o.wantTokenRequests(t, 2)
}

// An org may refuse what it did not ask for.
func TestProofThatIsNotTakenIsLeftOut(t *testing.T) {
	o := newService(t)
	o.fault = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Header.Get("DPoP") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Date", o.now().UTC().Format(http.TimeFormat))
		w.WriteHeader(400)
		_, _ = w.Write([]byte(`{"error":"invalid_dpop_proof","error_description":"DPoP is not enabled."}`))
	}
	o.mustRead(t)
	o.wantTokenRequests(t, 2)
}

func TestNonceOfAnyAnswerIsInTheNextProof(t *testing.T) {
	o := newService(t, withProofs(false))
	nonce := ""
	o.api = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if nonce != "" {
			w.Header().Set("DPoP-Nonce", nonce)
		}
		next.ServeHTTP(w, r)
	}
	for _, next := range []string{"first", "", strings.Repeat("x", 5000), "second"} {
		nonce = next
		o.mustRead(t)
	}
	o.mustRead(t)
	var got []any
	for _, s := range o.reads() {
		_, claims := decoded(t, s.proof)
		got = append(got, claims["nonce"])
	}
	if fmt.Sprint(got) != "[<nil> first first first second]" {
		t.Errorf("the nonces are %v", got)
	}
	last := o.tokenRequests()
	if _, claims := decoded(t, last[len(last)-1].proof); claims["nonce"] != nil {
		t.Errorf("the token endpoint was shown the API's nonce %v", claims["nonce"])
	}
}

func TestNonceThatIsNeverRightEnds(t *testing.T) {
	o := newService(t, withProofs(true))
	o.fault = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		o.RenewNonces()
		next.ServeHTTP(w, r)
	}
	_, err := o.authorize(t.Context())
	o.wantRefusal(t, err)
	o.wantTokenRequests(t, maxCures+1)

	o = newService(t, withProofs(true))
	o.mustRead(t)
	o.api = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		o.RenewNonces()
		next.ServeHTTP(w, r)
	}
	before := len(o.reads())
	if _, err := o.source.App(t.Context()); err == nil || len(o.reads())-before != 2 {
		t.Errorf("got %v after %d requests, want an error after 2", err, len(o.reads())-before)
	}
}

func TestProofThatIsRefusedForGoodIsNotSentForEver(t *testing.T) {
	o := newService(t, withProofs(false))
	o.fault = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(400)
		_, _ = w.Write([]byte(`{"error":"invalid_dpop_proof","error_description":"'htu' claim in the DPoP proof JWT is invalid."}`))
	}
	_, err := o.authorize(t.Context())
	o.wantRefusal(t, err)
	o.wantTokenRequests(t, 2)
}

func TestDemandForProofsMidRunIsMet(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	o.RequireDPoP(testClient, true)
	o.RevokeAccessTokens()
	o.mustRead(t)
	if last := o.reads(); !strings.HasPrefix(last[len(last)-1].authorization, "DPoP ") {
		t.Error("the last read was not bound to a key")
	}
}

func TestManyGoroutinesSendProofsWithOneToken(t *testing.T) {
	o := newService(t, withProofs(true))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, _, err := o.source.Group(t.Context(), "00gnobody"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	o.wantTokenRequests(t, 2)
}

func TestBoundTokenIsUselessToOthers(t *testing.T) {
	o, thief := newService(t, withProofs(false)), newService(t, withProofs(false))
	header, err := o.authorize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stolen := strings.TrimPrefix(header.Get("Authorization"), "DPoP ")
	proof, err := thief.prover.prove(http.MethodGet, &url.URL{Scheme: "http", Host: strings.TrimPrefix(o.URL, "http://"), Path: "/api/v1/groups"}, stolen, "", o.now())
	if err != nil {
		t.Fatal(err)
	}
	for name, headers := range map[string]map[string]string{
		"as a bearer":      {"Authorization": "Bearer " + stolen},
		"without a proof":  {"Authorization": "DPoP " + stolen},
		"with another key": {"Authorization": "DPoP " + stolen, "DPoP": proof},
	} {
		r, w := httptest.NewRequest(http.MethodGet, o.URL+"/api/v1/groups", nil), httptest.NewRecorder()
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		o.ServeHTTP(w, r)
		if w.Code/100 != 4 {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
}

func TestAnswerWithoutAChallengeIsNotAskedForAgain(t *testing.T) {
	o := newService(t, withProofs(true))
	o.mustRead(t)
	o.api = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		oktatest.Refuse(w, r, 400, "E0000001", "Api validation failed: limit")
	}
	before := len(o.reads())
	_, err := o.source.App(t.Context())
	if failure := wantError(t, err); !failure.Refused() || len(o.reads()) != before+1 {
		t.Errorf("got %v after %d requests", err, len(o.reads())-before)
	}
}
