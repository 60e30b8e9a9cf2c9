package tracktik

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// The grants of Auth. TrackTik describes the first two in its support articles
// 23672739298199 and 23952249474839.
const (
	GrantPassword          = "password"
	GrantRefreshToken      = "refresh_token"
	GrantAuthorizationCode = "authorization_code" // refreshes what a login in the portal gave
)

// Auth is the OAuth 2.0 client and what its grant needs.
type Auth struct {
	Grant         string
	ClientID      string
	ClientSecret  string
	Username      string // of the employee record made for the integration
	Password      string
	RefreshToken  string // only the first one; the portal gives a new one each time
	TokenPath     string // empty: DefaultTokenPath
	AuthorizePath string // empty: DefaultAuthorizePath
}

// check refuses an Auth that cannot get a token.
func (a Auth) check() error {
	switch {
	case a.Grant != GrantPassword && a.Grant != GrantRefreshToken && a.Grant != GrantAuthorizationCode:
		return fmt.Errorf("tracktik.auth.grant %q is none of %s, %s, %s", a.Grant, GrantPassword, GrantRefreshToken, GrantAuthorizationCode)
	case a.ClientID == "" || a.ClientSecret == "":
		return errors.New("tracktik.auth needs client_id and client_secret")
	case a.Grant == GrantPassword && (a.Username == "" || a.Password == ""):
		return errors.New("tracktik.auth needs username and password for the grant password")
	}
	return nil
}

// endpoint is where the portal's tokens come from. The client's id and secret go
// into the form: trying both styles, as the library would, doubles failed logins.
func (a Auth) endpoint(portal *url.URL) oauth2.Config {
	return oauth2.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret, Endpoint: oauth2.Endpoint{
		AuthURL:   portal.JoinPath(a.AuthorizePath).String(),
		TokenURL:  portal.JoinPath(a.TokenPath).String(),
		AuthStyle: oauth2.AuthStyleInParams,
	}}
}

// Fingerprint tells one set of credentials from another without giving them
// away. The client secret is the key, so that a leaked fingerprint does not let
// anybody try passwords.
func (a Auth) Fingerprint(baseURL string) string {
	return a.keyed("credentials", baseURL, a.Grant, a.ClientID, a.Username, a.Password, a.RefreshToken)
}

// seedFingerprint is empty when no refresh token is configured.
func (a Auth) seedFingerprint() string {
	if a.RefreshToken == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("seed\x00" + a.RefreshToken))
	return hex.EncodeToString(sum[:8])
}

func (a Auth) keyed(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(a.ClientSecret))
	mac.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
