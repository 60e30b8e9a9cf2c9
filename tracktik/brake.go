package tracktik

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// TrackTik blocks an address for two hours after 40 failed logins within two minutes
// (support article 23794537688471). A run tries once and waits; whoever calls a command that
// only reads again and again, as a monitoring does, must not come near that either.
const (
	brakeWindow = 2 * time.Minute
	brakeAfter  = 5 // refused logins within brakeWindow, with the same credentials
)

// brake refuses a login without a call where too many were refused a moment ago, by this
// process or another one. Other credentials are tried.
func (s *tokenSource) brake(saved *Token) error {
	saved.forget(s.auth.Fingerprint(s.portal), s.now())
	if len(saved.Refused) < brakeAfter {
		return nil
	}
	return &Error{Method: http.MethodPost, Path: s.path, credentials: true, unsent: true,
		Text: fmt.Sprintf("%d logins were refused within two minutes, and none is tried before %s: TrackTik blocks an address after 40; %s",
			len(saved.Refused), saved.Refused[0].Add(brakeWindow).UTC().Format(time.RFC3339), s.wayOut(""))}
}

// forget drops refusals that are over, or of other credentials.
func (t *Token) forget(credentials string, now time.Time) {
	if t.RefusedCredentials != credentials {
		t.Refused = nil
	}
	t.Refused = slices.DeleteFunc(slices.Clone(t.Refused), func(at time.Time) bool {
		age := now.Sub(at)
		return age < 0 || age >= brakeWindow
	})
	t.RefusedCredentials = credentials
}

// noteRefused remembers a login that the portal refused. That it cannot is no matter of the
// login's.
func (s *tokenSource) noteRefused(saved Token, err error) {
	var e *Error
	if !errors.As(err, &e) || !e.credentials || e.unsent {
		return
	}
	saved.Portal = s.portal
	saved.Refused = append(saved.Refused, s.now())
	record, err := json.Marshal(saved)
	if err == nil {
		err = s.store.Save(record)
	}
	if err != nil {
		s.log.WithError(err).Warn("a refused login could not be noted")
	}
}
