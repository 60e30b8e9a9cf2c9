// Package metrics leaves the values of a run where monitoring finds them: in a file
// for node_exporter's textfile collector, at a Prometheus Pushgateway, and at an
// OpenTelemetry collector. It never listens, and what goes wrong here never fails a
// run: [Sinks.Send] returns what there is to log.
//
// All three get the same families, gathered from one [Registry]; OpenTelemetry sees
// each name with dots for underscores. They are gauges, those that count included:
// they hold what the last run did, and the next run replaces them. Rates are not
// to be had from them; their history is what a dashboard sums up.
//
// No label ever holds a person: labels are kinds, codes, outcomes, systems, routes
// with their ids cut out, HTTP statuses, and the version; each has the portal besides,
// so that several connections can leave their values beside one another.
package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// Values are what a run leaves.
type Values struct {
	Version  string
	Portal   string         // base URL; its host is a label of each metric
	Run      plan.RunRecord // its Document is not looked at
	Document *plan.Document // of that run
	Meta     plan.Meta      // of the snapshot after it
	Problems []plan.Trouble // whatever is a problem after it
	Lag      plan.Lag       // of those whom it terminated
	// Unbegun says that the run could not begin: of the others Version, Run's times and
	// exit code, and Meta.LastSuccess count, and all else that is left stays.
	Unbegun bool

	// Requests counts HTTP requests by system, route and status; 0 are those
	// without an answer.
	Requests map[string]map[string]map[int]int
	Waited   map[string]time.Duration // for rate limits, by system

	// Expiry is when the credentials for a system end, where that is known.
	Expiry   map[string]time.Time
	Snapshot int64     // bytes
	BackedUp time.Time // when the snapshot was last copied to state.backup.dir; zero: never
	Polled   time.Time // when Okta's System Log was last read; zero: never
}

// A Meter counts what was sent to a system.
type Meter interface {
	RequestsByRoute() map[string]map[int]int
	Waited() time.Duration
}

// Measure takes over what a meter counted.
func (v *Values) Measure(system string, m Meter) {
	if v.Requests == nil {
		v.Requests, v.Waited = map[string]map[string]map[int]int{}, map[string]time.Duration{}
	}
	v.Requests[system], v.Waited[system] = m.RequestsByRoute(), m.Waited()
}

// systems are those that a run talks to.
var systems = []string{"okta", "tracktik"}

// outcomes of actions, as the audit trail knows them.
var outcomes = []string{plan.Done, plan.Found, plan.Failed, plan.Unknown, plan.Withheld, plan.Would}

// Registry holds v's families. Whatever may be counted is there from the first run
// on, with zero, so that an alert on it can be told from one on nothing.
func Registry(v Values) *prometheus.Registry {
	all := prometheus.NewRegistry()
	r := registry{all, prometheus.WrapRegistererWith(prometheus.Labels{portalLabel: ui.Portal(v.Portal)}, all)}
	r.moments(v)
	r.family("build_info", "Always 1; the version of this program.", "version").WithLabelValues(v.Version).Set(1)
	if v.Unbegun {
		return r.all
	}
	r.gauge("run_duration_seconds", "How long the last run took.").Set(v.Run.Ended.Sub(v.Run.Started).Seconds())
	r.credentials(v)
	r.actions(v)
	r.gauge("leaver_lag_seconds", "The longest time from Okta's word to the termination in the last run; 0: it "+
		"terminated nobody, or since when is not known.").Set(v.Lag.Longest.Seconds())
	r.people(v)
	r.requests(v)
	r.gauge("snapshot_bytes", "Size of the snapshot's file.").Set(float64(v.Snapshot))
	r.keeping(v)
	return r.all
}

type registry struct {
	all *prometheus.Registry
	prometheus.Registerer
}

const (
	prefix      = "tracktik_sync_"
	portalLabel = "portal"
)

func (r registry) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + name, Help: help})
	r.MustRegister(g)
	return g
}

func (r registry) family(name, help string, labels ...string) *prometheus.GaugeVec {
	f := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
	r.MustRegister(f)
	return f
}

// moments say when runs were, and how the last one ended. A success that never was
// has no value: an alert on it needs absent().
func (r registry) moments(v Values) {
	if !v.Meta.LastSuccess.IsZero() {
		r.gauge("last_success_timestamp_seconds", "When a run last succeeded, problems of single people aside.").
			Set(seconds(v.Meta.LastSuccess))
	}
	r.gauge("last_run_timestamp_seconds", "When the last run ended.").Set(seconds(v.Run.Ended))
	r.gauge("last_run_exit_code", "Exit code of the last run: 0 done, 1 failed, 2 bad configuration, 3 refused, 4 some "+
		"people have problems.").Set(float64(v.Run.ExitCode))
}

// keeping says how old is what goes with the runs. What never was has no value.
func (r registry) keeping(v Values) {
	if !v.BackedUp.IsZero() {
		r.gauge("last_backup_timestamp_seconds", "When the snapshot was last copied to state.backup.dir.").
			Set(seconds(v.BackedUp))
	}
	if !v.Polled.IsZero() {
		age := max(0, v.Run.Ended.Sub(v.Polled))
		r.gauge("events_cursor_age_seconds", "How long before the end of the last run Okta's System Log was last read.").
			Set(age.Seconds())
	}
}

// credentials say when what the runs log in with ends.
func (r registry) credentials(v Values) {
	expiry := r.family("credential_expiry_timestamp_seconds",
		"When the credentials for a system end, where that is known.", "system")
	for system, at := range v.Expiry {
		expiry.WithLabelValues(system).Set(seconds(at))
	}
}

// actions counts the last run's by what became of them.
func (r registry) actions(v Values) {
	f := r.family("actions", "Actions of the last run by what became of them.", "kind", "outcome")
	for _, kind := range plan.Kinds {
		for _, outcome := range outcomes {
			f.WithLabelValues(string(kind), outcome).Set(0)
		}
	}
	d := v.Document
	if d == nil {
		return
	}
	for i := range d.Held {
		f.WithLabelValues(string(d.Held[i].Kind), plan.Withheld).Inc()
	}
	if d.Mode == "observe" {
		for i := range d.Actions {
			if d.Actions[i].Kind.Writes() {
				f.WithLabelValues(string(d.Actions[i].Kind), plan.Would).Inc()
			}
		}
	}
	if d.Result == nil {
		return
	}
	for kind, n := range d.Result.Done {
		f.WithLabelValues(kind, plan.Done).Set(float64(n))
	}
	for kind, n := range d.Result.Found {
		f.WithLabelValues(kind, plan.Found).Set(float64(n))
	}
	for i := range d.Result.Failures {
		f.WithLabelValues(string(d.Result.Failures[i].Action.Kind), d.Result.Failures[i].Outcome).Inc()
	}
}

// people counts those who are managed, and those for whom something is not in order.
func (r registry) people(v Values) {
	r.gauge("managed_employees", "Employees that this program manages.").Set(float64(v.Run.Managed))
	if n := v.Meta.UnmanagedActive; n != nil {
		r.gauge("unmanaged_active_employees", "Active employees whom nobody in Okta stands behind, as of the last refresh.").
			Set(float64(*n))
	}
	if counts := v.Meta.Unmanaged; counts != nil {
		unmanaged := r.family("unmanaged_employees", "Active employees whom nobody manages, by what Okta knows of them.",
			"class")
		for _, class := range plan.Classes {
			unmanaged.WithLabelValues(string(class)).Set(float64(counts[class]))
		}
	}
	if n := v.Meta.Roleless; n != nil {
		r.gauge("people_without_role", "People in scope who hold no role, as far as is known: TrackTik shows them nothing.").
			Set(float64(*n))
	}
	problems := r.family("problems", "People and roles with a problem, by its code.", "code")
	for code := range ui.ProblemWays {
		problems.WithLabelValues(code).Set(0)
	}
	for i := range v.Problems {
		problems.WithLabelValues(codeIn(ui.ProblemWays, v.Problems[i].Code)).Inc()
	}
	held := r.family("held", "Actions that were due in the last run and not done, by the code of the reason.", "code")
	for code := range ui.HeldWays {
		held.WithLabelValues(code).Set(0)
	}
	if v.Document != nil {
		for i := range v.Document.Held {
			held.WithLabelValues(codeIn(ui.HeldWays, v.Document.Held[i].Code())).Inc()
		}
	}
	quarantined := r.family("quarantined", "1 while no call is made, since the credentials for the system are known to "+
		"be bad.", "system")
	for _, system := range systems {
		quarantined.WithLabelValues(system).Set(0)
	}
	if q := v.Meta.Quarantine; q != nil {
		quarantined.WithLabelValues(q.System).Set(1)
	}
}

// otherCode stands for a code that is not known: a text that was meant for people
// may hold anything, and never becomes a label.
const otherCode = "other"

func codeIn(codes map[string]string, code string) string {
	if _, known := codes[code]; known {
		return code
	}
	return otherCode
}

// requests counts what the last run sent, and how long it was kept waiting.
func (r registry) requests(v Values) {
	requests := r.family("api_requests", "HTTP requests of the last run, retries included; code 0: there was no answer.",
		"system", "route", "code")
	for system, routes := range v.Requests {
		for route, codes := range routes {
			for code, n := range codes {
				requests.WithLabelValues(system, route, strconv.Itoa(code)).Set(float64(n))
			}
		}
	}
	waited := r.family("rate_limit_wait_seconds", "Time that the last run's requests waited for rate limits, added up.",
		"system")
	for _, system := range systems {
		waited.WithLabelValues(system).Set(v.Waited[system].Seconds())
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
