package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/tracktik"
)

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
		if end, known := tokenEnd(token.Refresh); known {
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

// tokenEnd is the exp claim (RFC 7519, 4.1.4) of a token that has one.
func tokenEnd(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var claims struct {
		Expires float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Expires <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.Expires), 0).UTC(), true
}
