package main

import (
	"strings"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/tracktik"
)

// tokenFile is where TrackTik's tokens lie, encrypted where state.key is set.
func tokenFile(cfg *configs.Config) *state.TokenFile {
	return state.Tokens(cfg.State.Path).WithKey(stateKey(cfg))
}

// savedToken is what is kept of the configured portal; the zero Token when there is
// nothing, or only something of another portal.
func savedToken(cfg *configs.Config) (tracktik.Token, error) {
	record, err := tokenFile(cfg).Load()
	if err != nil {
		return tracktik.Token{}, err
	}
	token, err := tracktik.ParseToken(record)
	if err != nil || canonical(strings.TrimRight(token.Portal, "/")) != binding(cfg).Portal {
		return tracktik.Token{}, err
	}
	return token, nil
}

// A credentialEnd is when something that we log in with ends.
type credentialEnd struct {
	System string    `json:"system"`
	What   string    `json:"what"`
	Ends   time.Time `json:"ends"`
}

// credentialEnds are the ends that can be known without a call: of a kept refresh
// token that is a JWT, and of the authorities in the CA files. An API token of Okta's
// says nothing about its end.
func credentialEnds(cfg *configs.Config) []credentialEnd {
	var ends []credentialEnd
	if token, err := savedToken(cfg); err == nil && cfg.TrackTik.Auth.Grant != tracktik.GrantPassword {
		if end, known := token.RefreshEnds(); known {
			ends = append(ends, credentialEnd{"tracktik", "refresh token", end})
		}
	}
	for _, file := range []struct{ system, path string }{{"okta", cfg.Okta.CAFile}, {"tracktik", cfg.TrackTik.CAFile}} {
		if end, known := authorityEnd(file.path); known {
			ends = append(ends, credentialEnd{file.system, "certificate in " + file.path, end})
		}
	}
	return ends
}

// firstEnds is, for each system, what ends first.
func firstEnds(ends []credentialEnd) map[string]time.Time {
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

// renewed is cfg with the secrets as their files hold them now, for a process that
// stays up while they are rotated. The rest of cfg is not read again.
func renewed(cfg *configs.Config) (*configs.Config, error) {
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

// fresh is a secret as its file holds it now; as it was read before when that fails,
// since a run must not fail for it.
func fresh(s configs.Secret) string {
	if again, err := s.Reread(); err == nil {
		return again.Reveal()
	}
	return s.Reveal()
}
