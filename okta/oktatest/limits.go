package oktatest

import (
	"net/http"
	"strconv"
	"time"
)

// The buckets of Okta's rate limits, after the table that its documentation held
// until December 2025.
const (
	BucketApps   = "apps/*"      // everything below an app: its users, groups and push mappings
	BucketApp    = "apps/{id}"   // an app itself
	BucketGroups = "groups"      // the list of groups, and a group's members
	BucketGroup  = "groups/{id}" // a group itself
	BucketUsers  = "users"       // the list of users, and a user's groups
	BucketUser   = "users/{id}"  // a user themselves
	BucketLogs   = "logs"
	BucketToken  = "oauth2/token"
	BucketOther  = "other"
)

// DefaultRateLimit is so high that it does not bind.
const DefaultRateLimit = 1_000_000

// A window is the minute that a bucket is in. It begins with a request, not with a
// minute of the clock.
type window struct {
	ends int64 // Unix time
	used int
}

// spend takes one request off a bucket. remaining is negative when there was none.
func (s *Server) spend(bucket string) (limit, remaining int, reset int64) {
	s.lock()
	defer s.mu.Unlock()
	now := s.now().Unix()
	w := s.windows[bucket]
	if w == nil || now >= w.ends {
		w = &window{ends: now + 60}
		s.windows[bucket] = w
	}
	limit = s.limitOf(bucket)
	w.used++
	return limit, limit - w.used, w.ends
}

func (s *Server) limitOf(bucket string) int {
	s.fields.RLock()
	defer s.fields.RUnlock()
	if limit, set := s.RateLimit[bucket]; set {
		return limit
	}
	return DefaultRateLimit
}

// withinLimit sets the headers of the rate limit, and refuses a request beyond it.
func (s *Server) withinLimit(w http.ResponseWriter, r *http.Request, bucket string) bool {
	limit, remaining, reset := s.spend(bucket)
	setRateLimit(w.Header(), limit, max(remaining, 0), time.Unix(reset, 0))
	if remaining >= 0 {
		return true
	}
	refuseTooMany(w, r)
	return false
}

func setRateLimit(h http.Header, limit, remaining int, reset time.Time) {
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(remaining))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

func refuseTooMany(w http.ResponseWriter, r *http.Request) {
	Refuse(w, r, http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}
