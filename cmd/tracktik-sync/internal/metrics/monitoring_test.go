package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const monitoring = "../../../../configs/monitoring/"

// Rules are a file of alert rules as Prometheus' documentation describes it
// ("Alerting rules"); a key that is not here is a mistake there.
type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// A dashboard is what a test looks at of Grafana's.
type dashboard struct {
	Panels []struct {
		ID      int    `json:"id"`
		Type    string `json:"type"`
		Title   string `json:"title"`
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, LegendFormat string }
	} `json:"panels"`
	Templating struct {
		List []struct{ Name, Definition string }
	} `json:"templating"`
}

// TestEveryExitCodeThatNeedsSomebodyHasAnAlert: failed, bad configuration and refused.
func TestEveryExitCodeThatNeedsSomebodyHasAnAlert(t *testing.T) {
	for _, code := range []string{"1", "2", "3"} {
		if !slices.ContainsFunc(readAlerts(t), func(r rule) bool { return strings.Contains(r.Expr, "last_run_exit_code == "+code) }) {
			t.Errorf("exit code %s has no alert", code)
		}
	}
}

func readAlerts(t *testing.T) []rule {
	t.Helper()
	file, err := os.Open(monitoring + "alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var r rules
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if len(r.Groups) != 1 || r.Groups[0].Name == "" || len(r.Groups[0].Rules) == 0 {
		t.Fatalf("groups %+v", r.Groups)
	}
	return r.Groups[0].Rules
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	data, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// series are those that a run in which everything occurs leaves, as they are scraped.
func series(t *testing.T) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, family := range gathered(t, full()) {
		for _, m := range family.GetMetric() {
			s := map[string]string{model.MetricNameLabel: family.GetName(), "job": "node", "instance": "worker-1"}
			for _, l := range m.GetLabel() {
				s[l.GetName()] = l.GetValue()
			}
			all = append(all, s)
		}
	}
	return all
}

// check wants a query whose every selector finds something, were everything to occur.
func check(t *testing.T, where, query string) (names []string) {
	t.Helper()
	all := series(t)
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %s: %v", where, query, err)
		return nil
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		names = append(names, selector.Name)
		if !slices.ContainsFunc(all, func(s map[string]string) bool { return matches(selector.LabelMatchers, s) }) {
			t.Errorf("%s: nothing is ever found by %s", where, selector)
		}
		return nil
	})
	return names
}

func matches(matchers []*labels.Matcher, s map[string]string) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		value, there := s[m.Name]
		return !there || !strings.HasPrefix(m.Value, "$") && !m.Matches(value) // Grafana fills in a $variable
	})
}

func TestAlertsFindWhatRunsLeave(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range readAlerts(t) {
		if i == 0 && r.Alert != "TracktikSyncStale" {
			t.Errorf("the first alert is %s, and staleness has to be", r.Alert)
		}
		if !regexp.MustCompile(`^TracktikSync[A-Z][A-Za-z]+$`).MatchString(r.Alert) || seen[r.Alert] {
			t.Errorf("the name %q is bad or there twice", r.Alert)
		}
		seen[r.Alert] = true
		if len(check(t, r.Alert, r.Expr)) == 0 {
			t.Errorf("%s asks for no metric", r.Alert)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has the labels %v", r.Alert, r.Labels)
		}
		if r.For != "" {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr("x[" + r.For + "]"); err != nil {
				t.Errorf("%s: for %q: %v", r.Alert, r.For, err)
			}
		}
	}
}

// Annotations are templates: a slip in one is seen at 3 a.m. otherwise.
func TestAnnotationsCanBeRead(t *testing.T) {
	functions := template.FuncMap{"humanizeDuration": func(v float64) string { return time.Duration(v * float64(time.Second)).String() },
		"humanizePercentage": func(v float64) string { return fmt.Sprintf("%g%%", v*100) }}
	for _, r := range readAlerts(t) {
		for _, key := range []string{"summary", "description"} {
			text := r.Annotations[key]
			parsed, err := template.New(r.Alert).Funcs(functions).Parse(`{{$labels := .Labels}}{{$value := .Value}}` + text)
			if err != nil {
				t.Errorf("%s, %s: %v", r.Alert, key, err)
				continue
			}
			var b strings.Builder
			if err := parsed.Execute(&b, map[string]any{"Labels": map[string]string{"system": "okta"}, "Value": 3.0}); err != nil || b.Len() < 10 || strings.Contains(b.String(), "<no value>") {
				t.Errorf("%s, %s: %q %v", r.Alert, key, b.String(), err)
			}
		}
		if len(r.Annotations) != 2 {
			t.Errorf("%s: annotations %v", r.Alert, r.Annotations)
		}
	}
}

func TestDashboardShowsWhatRunsLeave(t *testing.T) {
	d := readDashboard(t)
	shown := map[string]bool{}
	ids := map[int]bool{}
	cells := map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: id %d is there twice", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies upon %q", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			for _, name := range check(t, p.Title, target.Expr) {
				shown[name] = true
			}
		}
	}
	for _, name := range contract {
		name, _, _ = strings.Cut(name, "{")
		if !shown[name] {
			t.Errorf("%s is on no panel", name)
		}
	}
}

func TestDashboardsVariablesAreFound(t *testing.T) {
	asks := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
	for _, v := range readDashboard(t).Templating.List {
		if v.Name == "datasource" {
			continue
		}
		parts := asks.FindStringSubmatch(v.Definition)
		if parts == nil || parts[2] != v.Name {
			t.Errorf("%s asks for %q", v.Name, v.Definition)
			continue
		}
		check(t, v.Name, parts[1])
	}
}
