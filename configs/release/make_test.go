package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// makes runs make in the checkout, with a compiler of that name, in CI or elsewhere.
func makes(t *testing.T, compiler, ci string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("there is no make")
	}
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"--no-print-directory", "--directory", "../.."}, args...)...)
	for _, variable := range os.Environ() { // of the make that runs these tests, as well
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "MAKE") && name != "CI" && name != "CC" && name != "TESTFLAGS" && name != "PKG" {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "CC="+compiler, "CI="+ci)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestWithoutACompilerTestsRunAndSayWhatIsMissing(t *testing.T) {
	out := makes(t, "no-compiler", "", "test", "PKG=./configs/systemd", "TESTFLAGS=-run Cron")
	if last := out[strings.LastIndexByte(out, '\n')+1:]; !strings.Contains(out, "ok  \t") || !strings.HasPrefix(last, "without the race detector") {
		t.Errorf("make test said\n%s", out)
	}
	for _, target := range []string{"test", "chaos"} {
		if out := makes(t, "no-compiler", "", "-n", target); !strings.Contains(out, "CGO_ENABLED=0 go test  ") {
			t.Errorf("make %s would run\n%s", target, out)
		}
		if out := makes(t, "no-compiler", "true", "-n", target); !strings.Contains(out, "CGO_ENABLED=1 go test -race") || strings.Contains(out, "without") {
			t.Errorf("in CI make %s would run\n%s", target, out)
		}
	}
}

func TestWithACompilerTestsRunUnderTheRaceDetector(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("there is no gcc")
	}
	for _, target := range []string{"test", "chaos"} {
		if out := makes(t, "gcc", "", "-n", target); !strings.Contains(out, "CGO_ENABLED=1 go test -race") || strings.Contains(out, "without") {
			t.Errorf("make %s would run\n%s", target, out)
		}
	}
}
