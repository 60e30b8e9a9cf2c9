package metrics

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"tracktik-sync/sync/plan"
)

var morning = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// full are values of a run in which everything occurs.
func full() Values {
	unmanaged, roleless := 7, 2
	d := &plan.Document{Mode: "apply",
		Held: []plan.Held{
			{Action: plan.Action{Kind: plan.Terminate, User: plan.UserRef{ID: "00u1ana", Login: "ana@acme.example"}}, Why: "guard: too many"},
			{Action: plan.Action{Kind: plan.Terminate, User: plan.UserRef{ID: "00u2bob"}}, Why: "guard: too many"},
			{Action: plan.Action{Kind: plan.GrantRole, User: plan.UserRef{ID: "00u3eve"}}, Why: "eve@acme.example is nobody's code"},
		},
		Result: &plan.Result{Done: map[string]int{"create": 3, "terminate": 1}, Failures: []plan.Failure{
			{Action: plan.Action{Kind: plan.Create}, Outcome: plan.Failed, Message: "mal@acme.example is taken"},
			{Action: plan.Action{Kind: plan.Create}, Outcome: plan.Unknown},
		}},
	}
	d.Seal()
	return Values{Version: "v1.4.0", Portal: "https://Portal.example:8443/", Document: d,
		Run: plan.RunRecord{ID: "20261124T060000Z-000007", Started: morning, Ended: morning.Add(90 * time.Second), Mode: "apply", By: "ops@worker-1 (timer)",
			ExitCode: 4, Managed: 4000, Held: 3, Problems: 2, OktaCalls: 23, TTCalls: 9},
		Meta: plan.Meta{LastSuccess: morning.Add(90 * time.Second), UnmanagedActive: &unmanaged, Roleless: &roleless, Unmanaged: map[plan.Class]int{plan.LeftOkta: 4, plan.Nobody: 3},
			Quarantine: &plan.Quarantine{System: "okta", Reason: "ana@acme.example is locked"}},
		Problems: []plan.Trouble{{Person: "00u4dan", Login: "dan@acme.example", Code: plan.ProblemRefused}, {Person: "00u5", Code: "dan@acme.example"}},
		Requests: map[string]map[string]map[int]int{
			"okta":     {"GET /api/v1/apps/{app}/users": {200: 20, 429: 2, 0: 1}},
			"tracktik": {"POST /employees": {200: 8, 422: 1, 503: 1}},
		},
		Waited:   map[string]time.Duration{"okta": 1500 * time.Millisecond},
		Expiry:   map[string]time.Time{"tracktik": morning.Add(30 * 24 * time.Hour)},
		Lag:      plan.Lag{Count: 1, Median: 14 * time.Minute, Longest: 14 * time.Minute},
		Snapshot: 65536,
		BackedUp: morning.Add(-time.Hour),
		Polled:   morning.Add(30 * time.Second),
	}
}

// withoutPortal finds the label that every metric has.
var withoutPortal = regexp.MustCompile(`\{portal="portal\.example:8443"\}|,portal="portal\.example:8443"|portal="portal\.example:8443",`)

// text is what a Prometheus would read.
func text(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&b, family); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// wantLines wants the lines in got, where each has the label of the portal besides.
func wantLines(t *testing.T, got string, lines ...string) {
	t.Helper()
	got = withoutPortal.ReplaceAllString(got, "")
	for _, line := range lines {
		if !strings.Contains("\n"+got, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
}
