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
// with their ids cut out, HTTP statuses, and the version.
package metrics
