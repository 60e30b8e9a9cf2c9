package okta

import (
	"slices"
	"strings"
	"time"
)

// A RateLimit is what Okta last said of one of its buckets, in requests a minute.
type RateLimit struct {
	Bucket    string // "app/*": the app's users, groups and push mappings; "groups", "user", …
	Limit     int    // as it applies to this token or service app
	Remaining int
	Reset     time.Time // by our clock
}

// RateLimits lists the limits of the buckets that were used, by name. Okta's
// X-Rate-Limit headers tell them; of a bucket without such headers there is none.
func (s *Source) RateLimits() []RateLimit {
	t := s.transport
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []RateLimit
	for name, b := range t.budgets {
		if limit, told := b.told(); told {
			limit.Bucket = name
			all = append(all, limit)
		}
	}
	slices.SortFunc(all, func(a, b RateLimit) int { return strings.Compare(a.Bucket, b.Bucket) })
	return all
}

func (b *budget) told() (RateLimit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return RateLimit{Limit: b.limit, Remaining: b.remaining, Reset: b.reset}, b.limit > 0
}
