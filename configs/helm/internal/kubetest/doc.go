// Package kubetest holds the chart to a real API server: every manifest is decoded
// strictly into the types of Kubernetes, created with a dry run, admitted under the
// restricted profile, installed, upgraded, rolled back and uninstalled.
//
// It is a module of its own, so that Kubernetes is no dependency of the program. The
// API server and its store are built from it; `make test-k8s` does that, and runs
// this. There are no controllers and no nodes: a pod is admitted, never started.
package kubetest
