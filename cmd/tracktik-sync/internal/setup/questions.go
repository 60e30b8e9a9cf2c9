// Package setup asks what a first configuration must say. Each answer is checked at once,
// both systems are logged in to as soon as that can be done, and what they have is offered.
package setup

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
)

// A Question is what is asked for one key.
type Question struct {
	Key  string
	Text string

	standard string // what no answer means; empty: an answer is needed, unless optional
	optional bool
}

// The keys of Questions that decide which others are asked, or that are offered.
const (
	keyOrg, keyApp                   = "okta.org_url", "okta.app_id"
	keyService, keyKey, keyToken     = "okta.auth.client_id", "okta.auth.private_key_file", "okta.auth.api_token_file"
	keyPortal, keyGrant              = "tracktik.base_url", "tracktik.auth.grant"
	keyClient, keySecret             = "tracktik.auth.client_id", "tracktik.auth.client_secret_file"
	keyUser, keyPassword, keyRefresh = "tracktik.auth.username", "tracktik.auth.password_file",
		"tracktik.auth.refresh_token_file"
	keyReason, keyRegion               = "tracktik.termination_reason", "sync.default_region"
	keyPerPerson, keyRole              = "sync.roles.per_person", "sync.roles.default"
	grantPassword, grantRefresh, noLog = "password", "refresh_token", "authorization_code"
)

// Questions are in the order in which they are asked.
var Questions = []Question{
	{Key: keyOrg, Text: "Address of the Okta org"},
	{Key: keyService, Text: "Client id of the Okta service app; empty: use an API token", optional: true},
	{Key: keyKey, Text: "File with its private key"},
	{Key: keyToken, Text: "File with the Okta API token"},
	{Key: keyApp, Text: "Id of the TrackTik app in Okta (0oa…)"},
	{Key: keyPortal, Text: "Address of the TrackTik portal"},
	{Key: keyGrant, Text: "TrackTik grant: password, refresh_token or authorization_code", standard: grantPassword},
	{Key: keyClient, Text: "TrackTik client id"},
	{Key: keySecret, Text: "File with the TrackTik client secret"},
	{Key: keyUser, Text: "TrackTik username"},
	{Key: keyPassword, Text: "File with the TrackTik password"},
	{Key: keyRefresh, Text: "File with the first refresh token"},
	{Key: keyReason, Text: "Reason of terminations; empty: the portal's first", optional: true},
	{Key: keyRegion, Text: "Region for people without a division", standard: "HQ"},
	{Key: keyPerPerson, Text: "Roles a person may hold: many, or one as TrackTik recommends", standard: "many"},
	{Key: keyRole, Text: "Role for people whom no group gives one; empty: none", optional: true},
}

// Flag is the key with dashes: okta-org-url.
func (q Question) Flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(q.Key)
}

func question(key string) Question {
	for _, q := range Questions {
		if q.Key == key {
			return q
		}
	}
	panic("setup: no question is about " + key)
}

// Answers are what a file is to say, by key.
type Answers map[string]any

// isMoot reports whether an earlier answer leaves nothing to ask.
func (a Answers) isMoot(key string) bool {
	_, service := a[keyService]
	_, token := a[keyToken]
	grant, _ := a[keyGrant].(string)
	switch key {
	case keyService:
		return token
	case keyKey:
		return !service
	case keyToken:
		return service
	case keyUser, keyPassword:
		return grant != "" && grant != grantPassword
	case keyRefresh:
		return grant != grantRefresh
	}
	return false
}

// Text is the commented file with the answers in it. The ways into the two systems that
// were not chosen are commented out: the sample has one of each.
func (a Answers) Text() (string, error) {
	all := maps.Clone(a)
	without := func(keys ...string) {
		for _, key := range keys {
			if _, given := all[key]; !given {
				all[key] = nil
			}
		}
	}
	if _, token := a[keyToken]; token {
		without(keyService, keyKey)
	}
	if grant, given := a[keyGrant].(string); given && grant != grantPassword {
		without(keyUser, keyPassword)
	}
	return configs.Fill(all)
}

// Left are the keys that still have what the sample has in their place.
func (a Answers) Left() []string {
	var left []string
	for _, key := range []string{keyOrg, keyApp, keyService, keyPortal} {
		if _, given := a[key]; !given && !a.isMoot(key) {
			left = append(left, key)
		}
	}
	return left
}

// problem says what is wrong with an answer for the file at path; empty: nothing is. A
// file that is named and cannot be read is missing.
func (a Answers) problem(path, key, value string) (problem string, missing bool) {
	if configs.Placeholder(key, value) {
		return fmt.Sprintf("%s: %s only stands for yours in the sample", key, value), false
	}
	all := maps.Clone(a)
	all[key] = value
	text, err := all.Text()
	if err != nil {
		return err.Error(), false
	}
	_, findings := configs.Judge(text, path, wiring.Checks)
	for _, f := range findings.Of(key) {
		return key + ": " + f.Message, f.Key == key && strings.HasSuffix(key, "_file")
	}
	return "", false
}

// Check holds answers that nobody typed to the same rules, for the file at path. Files that
// are not there yet are told, and may come later.
func (a Answers) Check(path string) (later []string, err error) {
	for _, q := range Questions {
		value, given := a[q.Key].(string)
		if !given || value == "" {
			continue
		}
		if problem, missing := a.problem(path, q.Key, value); missing {
			later = append(later, problem)
		} else if problem != "" {
			err = errors.Join(err, errors.New(problem))
		}
	}
	return later, err
}
