package metrics

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promlint "github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// contract are the names and labels that others alert on.
var contract = []string{
	"tracktik_sync_actions{kind,outcome,portal}",
	"tracktik_sync_api_requests{code,portal,route,system}",
	"tracktik_sync_build_info{portal,version}",
	"tracktik_sync_credential_expiry_timestamp_seconds{portal,system}",
	"tracktik_sync_events_cursor_age_seconds{portal}",
	"tracktik_sync_held{code,portal}",
	"tracktik_sync_last_backup_timestamp_seconds{portal}",
	"tracktik_sync_last_run_exit_code{portal}",
	"tracktik_sync_last_run_timestamp_seconds{portal}",
	"tracktik_sync_last_success_timestamp_seconds{portal}",
	"tracktik_sync_leaver_lag_seconds{portal}",
	"tracktik_sync_managed_employees{portal}",
	"tracktik_sync_people_without_role{portal}",
	"tracktik_sync_problems{code,portal}",
	"tracktik_sync_quarantined{portal,system}",
	"tracktik_sync_rate_limit_wait_seconds{portal,system}",
	"tracktik_sync_run_duration_seconds{portal}",
	"tracktik_sync_snapshot_bytes{portal}",
	"tracktik_sync_unmanaged_active_employees{portal}",
	"tracktik_sync_unmanaged_employees{class,portal}",
}

func gathered(t *testing.T, v Values) []*dto.MetricFamily {
	t.Helper()
	families, err := Registry(v).Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestNamesAndLabelsAreTheContracts(t *testing.T) {
	var got []string
	for _, family := range gathered(t, full()) {
		var labels []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		got = append(got, fmt.Sprintf("%s{%s}", family.GetName(), strings.Join(labels, ",")))
		if family.GetType() != dto.MetricType_GAUGE || family.GetHelp() == "" {
			t.Errorf("%s is a %s, helped by %q", family.GetName(), family.GetType(), family.GetHelp())
		}
	}
	if diff := cmp.Diff(contract, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamesKeepPrometheusConventions(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(gathered(t, full())).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestEachValueIsThere(t *testing.T) {
	wantLines(t, text(t, Registry(full())),
		`tracktik_sync_last_success_timestamp_seconds 1.79550009e+09`,
		`tracktik_sync_last_run_timestamp_seconds 1.79550009e+09`,
		`tracktik_sync_last_run_exit_code 4`,
		`tracktik_sync_run_duration_seconds 90`,
		`tracktik_sync_actions{kind="create",outcome="done"} 3`,
		`tracktik_sync_actions{kind="create",outcome="failed"} 1`,
		`tracktik_sync_actions{kind="create",outcome="unknown"} 1`,
		`tracktik_sync_actions{kind="terminate",outcome="done"} 1`,
		`tracktik_sync_actions{kind="terminate",outcome="held"} 2`,
		`tracktik_sync_actions{kind="update",outcome="done"} 0`,
		`tracktik_sync_leaver_lag_seconds 840`,
		`tracktik_sync_managed_employees 4000`,
		`tracktik_sync_unmanaged_active_employees 7`,
		`tracktik_sync_unmanaged_employees{class="doubtful"} 0`,
		`tracktik_sync_unmanaged_employees{class="left_okta"} 4`,
		`tracktik_sync_problems{code="refused"} 1`,
		`tracktik_sync_problems{code="duplicate"} 0`,
		`tracktik_sync_held{code="guard"} 2`,
		`tracktik_sync_held{code="clock"} 0`,
		`tracktik_sync_api_requests{code="429",route="GET /api/v1/apps/{app}/users",system="okta"} 2`,
		`tracktik_sync_api_requests{code="0",route="GET /api/v1/apps/{app}/users",system="okta"} 1`,
		`tracktik_sync_rate_limit_wait_seconds{system="okta"} 1.5`,
		`tracktik_sync_rate_limit_wait_seconds{system="tracktik"} 0`,
		`tracktik_sync_quarantined{system="okta"} 1`,
		`tracktik_sync_quarantined{system="tracktik"} 0`,
		`tracktik_sync_credential_expiry_timestamp_seconds{system="tracktik"} 1.798092e+09`,
		`tracktik_sync_snapshot_bytes 65536`,
		`tracktik_sync_people_without_role 2`,
		`tracktik_sync_last_backup_timestamp_seconds 1.7954964e+09`,
		`tracktik_sync_events_cursor_age_seconds 60`,
		`tracktik_sync_build_info{version="v1.4.0"} 1`,
	)
}

func TestWhatIsNotKnownHasNoValue(t *testing.T) {
	got := text(t, Registry(Values{Portal: "portal.example:8443", Run: plan.RunRecord{Started: morning, Ended: morning.Add(time.Second), ExitCode: 1}}))
	for _, name := range []string{"last_success", "unmanaged_active", "credential_expiry", "api_requests", "last_backup", "events_cursor_age", "people_without_role"} {
		if strings.Contains(got, prefix+name) {
			t.Errorf("%s has a value that nobody knows:\n%s", name, got)
		}
	}
	wantLines(t, got, `tracktik_sync_last_run_exit_code 1`, `tracktik_sync_actions{kind="create",outcome="done"} 0`)
}

func TestAnObservingRunCountsWhatItWouldDo(t *testing.T) {
	v := full()
	v.Document = &plan.Document{Mode: "observe", Actions: []plan.Action{{Kind: plan.Adopt}, {Kind: plan.Create}, {Kind: plan.Create}},
		Result: &plan.Result{Done: map[string]int{"adopt": 1}}}
	wantLines(t, text(t, Registry(v)),
		`tracktik_sync_actions{kind="create",outcome="would"} 2`,
		`tracktik_sync_actions{kind="adopt",outcome="done"} 1`,
		`tracktik_sync_actions{kind="adopt",outcome="would"} 0`)
}

// Whatever is written into texts for people, labels are of a closed set.
func TestNoLabelHoldsAPerson(t *testing.T) {
	got := text(t, Registry(full()))
	for _, trace := range []string{"acme", "00u", "ops@", "worker"} {
		if i := strings.Index(got, trace); i >= 0 {
			t.Errorf("%q is in a label: %s", trace, got[max(0, i-80):i+40])
		}
	}
	wantLines(t, got, `tracktik_sync_held{code="other"} 1`, `tracktik_sync_problems{code="other"} 1`)
}

// constants reads the texts of the plan's constants whose names begin with prefix.
func constants(t *testing.T, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../../sync/plan/finding.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
		return false
	})
	return values
}

func TestEveryCodeOfThePlanIsALabel(t *testing.T) {
	problems, held := constants(t, "Problem"), constants(t, "Held")
	if len(problems) < 10 || len(held) < 10 {
		t.Fatalf("found %d and %d codes: the test looks in the wrong place", len(problems), len(held))
	}
	for _, code := range problems {
		if codeIn(ui.ProblemWays, code) != code {
			t.Errorf("a problem %s would be counted as %s", code, otherCode)
		}
	}
	for _, code := range held {
		if codeIn(ui.HeldWays, code) != code {
			t.Errorf("what is held as %s would be counted as %s", code, otherCode)
		}
	}
}
