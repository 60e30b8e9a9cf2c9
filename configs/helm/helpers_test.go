// Package helm_test holds the chart to its promises: what it renders, what it
// refuses, and that its schema and its README follow the code.
package helm_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const chart = "tracktik-sync"

var update = flag.Bool("update", false, "write golden files, schema and README anew")

// helm runs Helm on the chart and answers its streams. Without Helm the test is
// skipped: it is built by make, not by a test.
func helm(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	program := helmProgram(t)
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "KUBECONFIG="+filepath.Join(home, "none"))
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err = cmd.Run()
	if errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return out.String(), talk.String(), err
}

func helmProgram(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("HELM"); program != "" {
		return program
	}
	found, err := filepath.Glob("../../.cache/helm-*/helm")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("there is no Helm: `make test-chart` builds it and runs these tests; HELM names another one")
	}
	program, err := filepath.Abs(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// render answers the manifests of the chart with those values.
func render(t *testing.T, args ...string) string {
	t.Helper()
	out, talk, err := helm(t, append([]string{"template", "acme", chart, "--namespace", "hr"}, args...)...)
	if err != nil {
		t.Fatalf("helm template %s: %v\n%s", strings.Join(args, " "), err, talk)
	}
	return out
}

// golden compares got with the file at path, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what is made now; `go test ./configs/helm -update` writes it anew. First difference:\n%s", path, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			return "- " + wants[i] + "\n+ " + gots[i]
		}
	}
	return "one is longer than the other"
}
