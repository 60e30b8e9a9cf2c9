package metrics

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlpmetrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	otlptrace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// phases are those of the run in full.
func phases() []Phase {
	return []Phase{
		{Name: "reading okta users", Begin: morning, End: morning.Add(30 * time.Second), Done: 4000},
		{Name: "applying", Begin: morning.Add(30 * time.Second), End: morning.Add(90 * time.Second), Done: 4},
	}
}

func wantMetrics(t *testing.T, got []*otlpmetrics.ResourceMetrics) {
	t.Helper()
	if len(got) != 1 || len(got[0].ScopeMetrics) != 1 {
		t.Fatalf("got %v", got)
	}
	have := map[string]float64{}
	for _, m := range got[0].ScopeMetrics[0].Metrics {
		for _, point := range m.GetGauge().GetDataPoints() {
			name := m.Name
			portal := ""
			for _, a := range point.Attributes {
				if a.Key == "portal" {
					portal = a.Value.GetStringValue()
					continue
				}
				name += "," + a.Key + "=" + a.Value.GetStringValue()
			}
			have[name] = point.GetAsDouble()
			if portal != "portal.example:8443" {
				t.Errorf("%s is of the portal %q", name, portal)
			}
			if at := time.Unix(0, int64(point.TimeUnixNano)).UTC(); !at.Equal(full().Run.Ended) { //nolint:gosec // a moment of this century
				t.Errorf("%s is as of %s", name, at)
			}
		}
	}
	for name, want := range map[string]float64{
		"tracktik.sync.managed.employees":                                   4000,
		"tracktik.sync.last.success.timestamp.seconds":                      float64(full().Run.Ended.Unix()),
		"tracktik.sync.actions,kind=create,outcome=done":                    3,
		"tracktik.sync.rate.limit.wait.seconds,system=okta":                 1.5,
		"tracktik.sync.build.info,version=v1.4.0":                           1,
		"tracktik.sync.quarantined,system=tracktik":                         0,
		"tracktik.sync.events.cursor.age.seconds":                           60,
		"tracktik.sync.credential.expiry.timestamp.seconds,system=tracktik": float64(morning.Add(30 * 24 * time.Hour).Unix()),
	} {
		if value, ok := have[name]; !ok || value != want {
			t.Errorf("%s is %v (%v), want %v", name, value, ok, want)
		}
	}
	resource := map[string]string{}
	for _, a := range got[0].Resource.Attributes {
		resource[a.Key] = a.Value.GetStringValue()
	}
	if resource["service.name"] != "tracktik-sync" || resource["service.version"] != "v1.4.0" || resource["deployment.environment"] != "test" {
		t.Errorf("the resource is %v", resource)
	}
}

func wantTrace(t *testing.T, got []*otlptrace.ResourceSpans) {
	t.Helper()
	if len(got) != 1 || len(got[0].ScopeSpans) != 1 {
		t.Fatalf("got %v", got)
	}
	byName := map[string]*otlptrace.Span{}
	for _, s := range got[0].ScopeSpans[0].Spans {
		byName[s.Name] = s
	}
	root := byName["sync"]
	if root == nil || len(root.ParentSpanId) != 0 || len(byName) != 3 {
		t.Fatalf("spans %v", byName)
	}
	for _, phase := range phases() {
		s := byName[phase.Name]
		if s == nil || string(s.ParentSpanId) != string(root.SpanId) || string(s.TraceId) != string(root.TraceId) {
			t.Fatalf("%s is not below the run: %v", phase.Name, s)
		}
		if s.StartTimeUnixNano != uint64(phase.Begin.UnixNano()) || s.EndTimeUnixNano != uint64(phase.End.UnixNano()) { //nolint:gosec // moments of this century
			t.Errorf("%s was %d to %d", phase.Name, s.StartTimeUnixNano, s.EndTimeUnixNano)
		}
	}
	text := root.String()
	if !strings.Contains(text, "20261124T060000Z-000007") || strings.Contains(text, "ops@") || strings.Contains(text, "acme.example") {
		t.Errorf("the run's span is %s", text)
	}
}

func TestOverHTTPTheSameMetricsAndOneTrace(t *testing.T) {
	server := receive(t, http.StatusOK)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20geheim")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
	if errs := (Sinks{Getenv: os.Getenv}).Send(t.Context(), full(), phases()); errs != nil {
		t.Fatal(errs)
	}
	var metrics collectormetrics.ExportMetricsServiceRequest
	var spans collectortrace.ExportTraceServiceRequest
	for i, r := range server.requests {
		if r.Header.Get("Authorization") != "Bearer geheim" {
			t.Errorf("%s without the headers of OTEL_EXPORTER_OTLP_HEADERS", r.URL.Path)
		}
		var into proto.Message = &metrics
		if r.URL.Path == "/v1/traces" {
			into = &spans
		}
		if err := proto.Unmarshal([]byte(server.bodies[i]), into); err != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
	}
	if len(server.requests) != 2 {
		t.Errorf("%d requests", len(server.requests))
	}
	wantMetrics(t, metrics.ResourceMetrics)
	wantTrace(t, spans.ResourceSpans)
}

type grpcCollector struct {
	collectormetrics.UnimplementedMetricsServiceServer
	collectortrace.UnimplementedTraceServiceServer
	metrics chan *collectormetrics.ExportMetricsServiceRequest
	spans   chan *collectortrace.ExportTraceServiceRequest
}

type grpcTraces struct{ *grpcCollector }

func (c *grpcCollector) Export(_ context.Context, r *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	c.metrics <- r
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

func (c grpcTraces) Export(_ context.Context, r *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	c.spans <- r
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func TestOverGRPCTheSame(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &grpcCollector{metrics: make(chan *collectormetrics.ExportMetricsServiceRequest, 1), spans: make(chan *collectortrace.ExportTraceServiceRequest, 1)}
	server := grpc.NewServer()
	collectormetrics.RegisterMetricsServiceServer(server, c)
	collectortrace.RegisterTraceServiceServer(server, grpcTraces{c})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
	if errs := (Sinks{Getenv: os.Getenv}).Send(t.Context(), full(), phases()); errs != nil {
		t.Fatal(errs)
	}
	wantMetrics(t, (<-c.metrics).ResourceMetrics)
	wantTrace(t, (<-c.spans).ResourceSpans)
}

func TestOnlyTheUsualVariablesSwitchItOn(t *testing.T) {
	for name, test := range map[string]struct {
		env             map[string]string
		metrics, traces string
		bad             bool
	}{
		"nothing":             {},
		"a service's name":    {env: map[string]string{"OTEL_SERVICE_NAME": "x"}},
		"an endpoint":         {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, metrics: protoHTTP, traces: protoHTTP},
		"one for traces":      {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, traces: protoHTTP},
		"no metrics":          {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_METRICS_EXPORTER": "none"}, traces: protoHTTP},
		"the default address": {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, traces: protoHTTP},
		"switched off":        {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "TRUE"}},
		"grpc for metrics": {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"},
			metrics: protoGRPC, traces: protoHTTP},
		"json":       {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, bad: true},
		"a listener": {env: map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_TRACES_EXPORTER": "console"}, bad: true},
	} {
		s := Sinks{Getenv: func(key string) string { return test.env[key] }}
		metrics, metricsErr := s.protocol("METRICS")
		traces, tracesErr := s.protocol("TRACES")
		if metrics != test.metrics || traces != test.traces || (metricsErr != nil) != test.bad || (tracesErr != nil) != test.bad {
			t.Errorf("%s: metrics %q %v, traces %q %v", name, metrics, metricsErr, traces, tracesErr)
		}
	}
}

func TestACollectorThatIsDownIsOnlyReported(t *testing.T) {
	gone := receive(t, http.StatusOK)
	gone.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := (Sinks{Getenv: os.Getenv}).Send(ctx, full(), phases())
	if len(errs) != 2 || errs[0].Sink != "otlp metrics" || errs[1].Sink != "otlp traces" {
		t.Errorf("%v", errs)
	}
}

// A Progress that counts what it is told.
type told struct{ phases, added int }

func (p *told) Phase(string, int) { p.phases++ }
func (p *told) Add(n int)         { p.added += n }

func TestPhasesEndWhereTheNextBegins(t *testing.T) {
	now := morning
	next := &told{}
	p := &Phases{Next: next, Now: func() time.Time { return now }}
	p.Add(1) // before any phase: lost, and no harm
	p.Phase("reading", 0)
	now = now.Add(time.Second)
	p.Add(2)
	p.Phase("applying", 3)
	now = now.Add(time.Second)
	p.Add(3)
	got := p.List()
	if len(got) != 2 || got[0] != (Phase{"reading", morning, morning.Add(time.Second), 2}) || got[1] != (Phase{"applying", morning.Add(time.Second), now, 3}) {
		t.Errorf("phases %v", got)
	}
	if *next != (told{2, 6}) {
		t.Errorf("the next one was told %+v", *next)
	}
}
