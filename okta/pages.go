package okta

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"tracktik-sync/sync/plan"
)

// pages are how long a page may be where Okta has refused what it documents.
type pages struct {
	mu   sync.Mutex
	most map[string]int // by route
}

// of is the length that a listing begins with.
func (p *pages) of(l *listing) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if most, refused := p.most[l.name]; refused {
		return min(most, l.limit)
	}
	return l.limit
}

// aboutLimit matches a refusal of the length of a page.
var aboutLimit = regexp.MustCompile(`(?i)\blimit\b`)

// shorten halves the pages of a listing, for this Source from then on, when a refusal
// names their length; false: it does not, or they are as short as they can be.
func (p *pages) shorten(l *listing, refusal *Error) bool {
	if refusal.Kind != KindAnswered || refusal.StatusCode != http.StatusBadRequest || l.limit <= l.least ||
		!aboutLimit.MatchString(refusal.Summary+" "+refusal.causes) {
		return false
	}
	l.limit = max(l.limit/2, l.least)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most[l.name] = l.limit
	return true
}

// RefusedAnswers are the last that were refusals, or could not be read, without what they
// said.
func (s *Source) RefusedAnswers() []plan.Answer {
	s.transport.mu.Lock()
	defer s.transport.mu.Unlock()
	return s.transport.refused.All()
}

// AskedOtherwise are warnings that stay for as long as the Source does: what this org
// refuses to be asked, and how it is asked instead.
func (s *Source) AskedOtherwise() []plan.Warning {
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	var warnings []plan.Warning
	for _, route := range slices.Sorted(maps.Keys(s.pages.most)) {
		warnings = append(warnings, plan.Warning{Code: plan.WarningAskedOtherwise,
			Message: fmt.Sprintf("okta: %s is asked for pages of %d: longer ones are refused", route, s.pages.most[route])})
	}
	return warnings
}
