package wiring

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/tracktik"
)

// TokenFile is where TrackTik's tokens lie, encrypted where state.key is set.
func TokenFile(cfg *configs.Config) *state.TokenFile {
	return state.Tokens(cfg.State.Path).WithKey(StateKey(cfg))
}

// SavedToken is what is kept of the configured portal; the zero Token when there is
// nothing, or only something of another portal.
func SavedToken(cfg *configs.Config) (tracktik.Token, error) {
	record, err := TokenFile(cfg).Load()
	if err != nil {
		return tracktik.Token{}, err
	}
	token, err := tracktik.ParseToken(record)
	if err != nil || canonical(strings.TrimRight(token.Portal, "/")) != Binding(cfg).Portal {
		return tracktik.Token{}, err
	}
	return token, nil
}

// A CredentialEnd is when a credential or an authority ends.
type CredentialEnd struct {
	System string    `json:"system"`
	What   string    `json:"what"`
	Ends   time.Time `json:"ends"`
}

// ExpiryNotice is how long before its end a credential or certificate is warned about.
const ExpiryNotice = 14 * 24 * time.Hour

// CredentialEnds are the ends that can be known without a call: of a kept refresh
// token that is a JWT, and of the authorities in the CA files. An API token of Okta's
// says nothing about its end.
func CredentialEnds(cfg *configs.Config) []CredentialEnd {
	var ends []CredentialEnd
	if token, err := SavedToken(cfg); err == nil && cfg.TrackTik.Auth.Grant != tracktik.GrantPassword {
		if end, known := token.RefreshEnds(); known {
			ends = append(ends, CredentialEnd{"tracktik", "refresh token", end})
		}
	}
	for _, file := range []struct{ system, path string }{{"okta", cfg.Okta.CAFile}, {"tracktik", cfg.TrackTik.CAFile}} {
		if end, known := authorityEnd(file.path); known {
			ends = append(ends, CredentialEnd{file.system, "certificate in " + file.path, end})
		}
	}
	return ends
}

// FirstEnds is, for each system, what ends first.
func FirstEnds(ends []CredentialEnd) map[string]time.Time {
	first := map[string]time.Time{}
	for _, e := range ends {
		if at, ok := first[e.System]; !ok || e.Ends.Before(at) {
			first[e.System] = e.Ends
		}
	}
	return first
}

// authorityEnd is when the first certificate of a CA file ends. A file that cannot be
// read is an error elsewhere.
func authorityEnd(file string) (first time.Time, known bool) {
	if file == "" {
		return first, false
	}
	certificates, err := authorities(file)
	if err != nil {
		return first, false
	}
	for _, c := range certificates {
		if !known || c.NotAfter.Before(first) {
			first, known = c.NotAfter.UTC(), true
		}
	}
	return first, known
}

// Renewed is cfg with the secrets as their files hold them now, for a process that
// stays up while they are rotated. The rest of cfg is not read again.
func Renewed(cfg *configs.Config) (*configs.Config, error) {
	out := *cfg
	for _, secret := range []*configs.Secret{
		&out.Okta.Auth.APIToken, &out.Okta.Auth.PrivateKey,
		&out.TrackTik.Auth.ClientSecret, &out.TrackTik.Auth.Password, &out.TrackTik.Auth.RefreshToken, &out.State.Key,
	} {
		fresh, err := secret.Reread()
		if err != nil {
			return nil, err
		}
		*secret = fresh
	}
	return &out, nil
}

// Fresh is a secret as its file holds it now; as it was read before when that fails,
// since a run must not fail for it.
func Fresh(s configs.Secret) string {
	if again, err := s.Reread(); err == nil {
		return again.Reveal()
	}
	return s.Reveal()
}

// Trust is the system's certificate authorities and those of file, which key names;
// nil without one.
func Trust(key, file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	certificates, err := authorities(file)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the authorities' file %s: %w", key, file, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // then the file alone decides
		pool = x509.NewCertPool()
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

const beginCertificate = "-----BEGIN CERTIFICATE-----"

// authorities are the certificates in a file of PEM blocks. One that Go does not take,
// as in bundles of many there may be, is passed over; one that is cut off is an error.
func authorities(file string) (certificates []*x509.Certificate, err error) {
	text, err := configs.ReadDocument(file)
	if err != nil {
		return nil, err
	}
	whole, private := 0, false
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		private = private || strings.HasSuffix(block.Type, "PRIVATE KEY")
		if block.Type != "CERTIFICATE" {
			continue
		}
		whole++
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			certificates = append(certificates, certificate)
		}
	}
	switch {
	case strings.Count(text, beginCertificate) > whole:
		return nil, errors.New("a certificate in it is not whole: from -----BEGIN to -----END, each line must be as it " +
			"was, without quotes")
	case len(certificates) > 0:
		return certificates, nil
	case private:
		return nil, errors.New("it holds a private key, and must hold the certificates of authorities")
	case whole > 0:
		return nil, errors.New("it says CERTIFICATE, but cannot be read as one")
	}
	return nil, errors.New("it holds no certificate in PEM form, which begins with " + beginCertificate)
}
