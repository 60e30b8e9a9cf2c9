package metrics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const serviceName = "tracktik-sync"

// The protocols of the OpenTelemetry specification that are spoken here ("OTLP
// Exporter Configuration", OTEL_EXPORTER_OTLP_PROTOCOL).
const (
	protoHTTP = "http/protobuf"
	protoGRPC = "grpc"
)

// protocol says how a signal (METRICS or TRACES) is exported, by the variables of the
// OpenTelemetry specification; empty: not at all, which it is without any of them.
func (s Sinks) protocol(signal string) (string, error) {
	if s.Getenv == nil || strings.EqualFold(s.Getenv("OTEL_SDK_DISABLED"), "true") {
		return "", nil
	}
	switch exporter := s.Getenv("OTEL_" + signal + "_EXPORTER"); exporter {
	case "none":
		return "", nil
	case "otlp":
	case "":
		if s.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && s.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "" {
			return "", nil
		}
	default:
		return "", fmt.Errorf("OTEL_%s_EXPORTER is %q, and may be otlp or none", signal, exporter)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch p := s.Getenv(name); p {
		case "":
		case protoHTTP, protoGRPC:
			return p, nil
		default:
			return "", fmt.Errorf("%s is %q, and may be %s or %s", name, p, protoHTTP, protoGRPC)
		}
	}
	return protoHTTP, nil
}

// exportMetrics sends the families of g by OTLP.
func (s Sinks) exportMetrics(ctx context.Context, g prometheus.Gatherer, v Values) (err error) {
	protocol, err := s.protocol("METRICS")
	if err != nil || protocol == "" {
		return err
	}
	var exporter sdkmetric.Exporter
	if protocol == protoGRPC {
		exporter, err = otlpmetricgrpc.New(ctx)
	} else {
		exporter, err = otlpmetrichttp.New(ctx)
	}
	if err != nil {
		return withoutAddress(err)
	}
	defer func() { err = withoutAddress(errors.Join(err, exporter.Shutdown(ctx))) }()
	families, err := g.Gather()
	if err != nil {
		return err
	}
	res, err := describe(ctx, v)
	if err != nil {
		return err
	}
	return withoutAddress(exporter.Export(ctx,
		&metricdata.ResourceMetrics{Resource: res, ScopeMetrics: []metricdata.ScopeMetrics{{
			Scope:   instrumentation.Scope{Name: serviceName, Version: v.Version},
			Metrics: dotted(families, v.Run.Ended),
		}}}))
}

// describe names this program; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES rule.
func describe(ctx context.Context, v Values) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", serviceName),
			attribute.String("service.version", v.Version)),
		resource.WithFromEnv())
}

// dotted is families with a dot for each underscore of their names, as of one moment.
func dotted(families []*dto.MetricFamily, at time.Time) []metricdata.Metrics {
	all := make([]metricdata.Metrics, len(families))
	for i, family := range families {
		var points []metricdata.DataPoint[float64]
		for _, m := range family.GetMetric() {
			var labels []attribute.KeyValue
			for _, l := range m.GetLabel() {
				labels = append(labels, attribute.String(l.GetName(), l.GetValue()))
			}
			points = append(points, metricdata.DataPoint[float64]{Attributes: attribute.NewSet(labels...), Time: at,
				Value: m.GetGauge().GetValue()})
		}
		all[i] = metricdata.Metrics{Name: strings.ReplaceAll(family.GetName(), "_", "."), Description: family.GetHelp(),
			Data: metricdata.Gauge[float64]{DataPoints: points}}
	}
	return all
}

// exportTrace sends one trace by OTLP: the run, and its phases below it.
func (s Sinks) exportTrace(ctx context.Context, v Values, phases []Phase) (err error) {
	if v.Unbegun {
		return nil
	}
	protocol, err := s.protocol("TRACES")
	if err != nil || protocol == "" {
		return err
	}
	var exporter sdktrace.SpanExporter
	if protocol == protoGRPC {
		exporter, err = otlptracegrpc.New(ctx)
	} else {
		exporter, err = otlptracehttp.New(ctx)
	}
	if err != nil {
		return withoutAddress(err)
	}
	defer func() { err = withoutAddress(errors.Join(err, exporter.Shutdown(ctx))) }()
	res, err := describe(ctx, v)
	if err != nil {
		return err
	}
	return withoutAddress(exporter.ExportSpans(ctx, spans(ctx, res, v, phases)))
}

// spans are those of a run, as far as OTEL_TRACES_SAMPLER takes it.
func spans(ctx context.Context, res *resource.Resource, v Values, phases []Phase) []sdktrace.ReadOnlySpan {
	ended := &collector{}
	tracer := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSpanProcessor(ended)).
		Tracer(serviceName, trace.WithInstrumentationVersion(v.Version))
	run := v.Run
	ctx, root := tracer.Start(ctx, "sync", trace.WithNewRoot(), trace.WithTimestamp(run.Started), trace.WithAttributes(
		attribute.String("tracktik_sync.run", run.ID),
		attribute.String("tracktik_sync.mode", run.Mode),
		attribute.Bool("tracktik_sync.refresh", run.Refresh),
		attribute.Int("tracktik_sync.exit_code", run.ExitCode),
		attribute.Int("tracktik_sync.held", run.Held),
		attribute.Int("tracktik_sync.problems", run.Problems),
		attribute.Int("tracktik_sync.requests.okta", run.OktaCalls),
		attribute.Int("tracktik_sync.requests.tracktik", run.TTCalls),
	))
	for _, phase := range phases {
		_, span := tracer.Start(ctx, phase.Name, trace.WithTimestamp(phase.Begin),
			trace.WithAttributes(attribute.Int("tracktik_sync.done", phase.Done)))
		span.End(trace.WithTimestamp(phase.End))
	}
	if run.ExitCode == 1 {
		root.SetStatus(codes.Error, "the run failed") // why is in the log, which knows who reads it
	}
	root.End(trace.WithTimestamp(run.Ended))
	return ended.spans
}

// A collector keeps the spans that have ended. The SDK's own processors export by
// themselves, and log what goes wrong past the program's log.
type collector struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (*collector) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (c *collector) OnEnd(s sdktrace.ReadOnlySpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, s)
}

func (*collector) Shutdown(context.Context) error { return nil }

func (*collector) ForceFlush(context.Context) error { return nil }
