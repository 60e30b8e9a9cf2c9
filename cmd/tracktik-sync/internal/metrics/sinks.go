package metrics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"
)

// patience is how long the network may take. A run that is over does not wait for a
// monitoring that is down.
const patience = 5 * time.Second

// Sinks say where a run's values go. An empty one goes nowhere.
type Sinks struct {
	Textfile    string // written at once and readable by all, as node_exporter is another user
	Pushgateway string // a secret: it may hold a password
	Job         string // the grouping key at the Pushgateway, and nothing else is
	// Getenv looks the OTEL_* variables up by which OpenTelemetry is set up.
	Getenv func(string) string
}

// A SinkError says which sink could not be served.
type SinkError struct {
	Sink string // textfile, pushgateway, otlp metrics or otlp traces
	Err  error  // names no address: it may hold a secret
}

func (e *SinkError) Error() string { return e.Sink + ": " + e.Err.Error() }

func (e *SinkError) Unwrap() error { return e.Err }

// Send leaves v everywhere, and the run's trace with OpenTelemetry. It takes a few
// seconds at most, and tries each sink whatever becomes of the others.
func (s Sinks) Send(ctx context.Context, v Values, phases []Phase) []*SinkError {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if v.Portal == "" { // the configuration could not be read
		v.Portal = portalOf(left(s.Textfile))
	}
	registry := Registry(v)
	var pool errgroup.Group
	var failed [4]error
	for i, send := range []func() error{
		func() error { return s.textfile(registry, v.Unbegun) },
		func() error { return s.push(ctx, registry, v.Unbegun) },
		func() error { return s.exportMetrics(ctx, registry, v) },
		func() error { return s.exportTrace(ctx, v, phases) },
	} {
		pool.Go(func() error {
			failed[i] = send()
			return nil
		})
	}
	_ = pool.Wait() // no function returns an error
	var all []*SinkError
	for i, name := range []string{"textfile", "pushgateway", "otlp metrics", "otlp traces"} {
		if failed[i] != nil {
			all = append(all, &SinkError{name, failed[i]})
		}
	}
	return all
}

// textfile writes the families; beside says that those stay which the file has besides.
func (s Sinks) textfile(g prometheus.Gatherer, beside bool) error {
	if s.Textfile == "" {
		return nil
	}
	if beside {
		g = prometheus.Gatherers{g, missingFrom(g, s.Textfile)}
	}
	return prometheus.WriteToTextfile(s.Textfile, g)
}

// missingFrom are the families of a textfile that g does not have.
func missingFrom(g prometheus.Gatherer, path string) prometheus.GathererFunc {
	return func() ([]*dto.MetricFamily, error) {
		fresh, err := g.Gather()
		if err != nil {
			return nil, err
		}
		families := left(path)
		for _, f := range fresh {
			delete(families, f.GetName())
		}
		return slices.Collect(maps.Values(families)), nil
	}
}

// left are the families of a textfile by name. What is no textfile has none, and is
// written anew.
func left(path string) map[string]*dto.MetricFamily {
	file, err := os.Open(path)
	if err != nil {
		return nil // there is nothing yet
	}
	defer file.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		return nil
	}
	return families
}

// portalOf is the portal that families are of; empty: they do not say.
func portalOf(families map[string]*dto.MetricFamily) string {
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == portalLabel {
					return l.GetValue()
				}
			}
		}
	}
	return ""
}

// push replaces what the job left at the Pushgateway before; beside says that what has
// other names stays.
func (s Sinks) push(ctx context.Context, g prometheus.Gatherer, beside bool) error {
	if s.Pushgateway == "" {
		return nil
	}
	pusher := push.New(s.Pushgateway, s.Job).Gatherer(g).Client(gateway{})
	if beside {
		return withoutAddress(pusher.AddContext(ctx))
	}
	return withoutAddress(pusher.PushContext(ctx))
}

// gateway is an HTTP client whose errors do not name the address, which the Pusher's
// own do.
type gateway struct{}

func (gateway) Do(r *http.Request) (*http.Response, error) {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusAccepted {
		_ = answer.Body.Close() // its text is not looked at
		return nil, fmt.Errorf("it answered %s", answer.Status)
	}
	return answer, nil
}

// withoutAddress takes off what net/http and net/url put around an error.
func withoutAddress(err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}
