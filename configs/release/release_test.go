package main

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestMain keeps the releases that several tests look at until all have ended.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tracktik-sync-releases-")
	if err != nil {
		panic(err)
	}
	releases.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// releases are those that were made already, by version.
var releases = struct {
	dir string
	of  map[string]string
}{of: map[string]string{}}

// whole is the version that is made for all platforms; of others a few are enough.
const whole = "v1.2.3"

// made answers the directory of a release of this checkout.
func made(t *testing.T, version string) (dir string) {
	t.Helper()
	if dir, ok := releases.of[version]; ok {
		return dir
	}
	dir = filepath.Join(releases.dir, version)
	if platforms := "linux/amd64,windows/amd64"; version == whole {
		makeRelease(t, root, dir, version, "")
	} else {
		makeRelease(t, root, dir, version, platforms)
	}
	releases.of[version] = dir
	return dir
}

// makeRelease takes minutes, and tools that make builds, so it is no part of every
// test run.
func makeRelease(t *testing.T, source, dir, version, platforms string) {
	t.Helper()
	nfpm, cdx := os.Getenv("NFPM"), os.Getenv("CYCLONEDX")
	if nfpm == "" || cdx == "" {
		t.Skip("NFPM and CYCLONEDX are not set: `make test-release` builds them and runs these tests")
	}
	var log strings.Builder
	args := []string{"-source", source, "-out", dir, "-version", version, "-platforms", platforms, "-nfpm", nfpm, "-cyclonedx", cdx}
	if err := run(t.Context(), args, func(string) string { return "1790000000" }, &log); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
}

// copyOf copies what git would have in a checkout to another directory.
func copyOf(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "elsewhere", "checkout")
	for _, name := range []string{"cmd", "configs", "okta", "state", "sync", "tracktik"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Whoever doubts a download can make it again, in any directory, with nothing that was
// compiled before: so the second of one platform is made here, as all would take long.
func TestTwoReleasesAreTheSameBytes(t *testing.T) {
	first := sums(t, made(t, whole))
	elsewhere, again, fresh := copyOf(t), filepath.Join(t.TempDir(), "dist"), filepath.Join(t.TempDir(), "fresh")
	makeRelease(t, elsewhere, again, whole, "")
	if second := sums(t, again); first != second {
		t.Errorf("two releases differ:\n%s\n%s", first, second)
	}
	t.Setenv("GOCACHE", t.TempDir())
	makeRelease(t, elsewhere, fresh, whole, "linux/amd64")
	for line := range strings.Lines(sums(t, fresh)) {
		if !strings.Contains(first, line) {
			t.Errorf("compiled anew it is %s, which differs from\n%s", line, first)
		}
	}
}

// Six archives and lists of modules, four packages, a chart, and sums that fit.
func TestReleaseIsWhole(t *testing.T) {
	dir := made(t, whole)
	want := []string{
		"SHA256SUMS", "tracktik-sync-1.2.3.tgz",
		"tracktik-sync_1.2.3-1_amd64.deb", "tracktik-sync_1.2.3-1_arm64.deb",
		"tracktik-sync-1.2.3-1.x86_64.rpm", "tracktik-sync-1.2.3-1.aarch64.rpm",
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, processor := range []string{"amd64", "arm64"} {
			name := "tracktik-sync_1.2.3_" + system + "_" + processor
			archive := name + ".tar.gz"
			if system == "windows" {
				archive = name + ".zip"
			}
			want = append(want, archive, name+".cdx.json")
			if got := builtFor(t, filepath.Join(dir, archive), name); got != system+" "+processor {
				t.Errorf("the program in %s is for %s", archive, got)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, entry := range entries {
		have = append(have, entry.Name())
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the release has\n%q, want\n%q", have, want)
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != len(want)-1 {
		t.Errorf("%v\n%s", err, out)
	}
}

func sums(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReleaseHoldsWhatItsUsersNeed(t *testing.T) {
	dir := made(t, "v1.2.3-rc.1")
	unix := inTar(t, filepath.Join(dir, "tracktik-sync_1.2.3-rc.1_linux_amd64.tar.gz"))
	for _, name := range []string{"tracktik-sync", "tracktik-sync.yaml", "man/tracktik-sync.1", "man/tracktik-sync.yaml.5", "completions/tracktik-sync.bash", "systemd/tracktik-sync.timer",
		"systemd/tracktik-sync-events.service", "systemd/tracktik-sync-events.timer", "systemd/tracktik-sync@.service", "systemd/tracktik-sync@.timer",
		"docs/get-started.md", "docs/reference/configuration.md", "monitoring/alerts.yaml"} {
		if len(unix["tracktik-sync_1.2.3-rc.1_linux_amd64/"+name]) == 0 {
			t.Errorf("the archive for Linux has no %s", name)
		}
	}
	windows := inZip(t, filepath.Join(dir, "tracktik-sync_1.2.3-rc.1_windows_amd64.zip"))
	for _, name := range []string{"tracktik-sync.exe", "tracktik-sync.yaml", "windows/tracktik-sync.xml", "windows/run.ps1", "docs/windows.md"} {
		if len(windows["tracktik-sync_1.2.3-rc.1_windows_amd64/"+name]) == 0 {
			t.Errorf("the archive for Windows has no %s: %v", name, slices.Collect(maps.Keys(windows)))
		}
	}
	chart := inTar(t, filepath.Join(dir, "tracktik-sync-1.2.3-rc.1.tgz"))
	if text := string(chart["tracktik-sync/Chart.yaml"]); !strings.Contains(text, "\nversion: 1.2.3-rc.1\n") || !strings.Contains(text, "\nappVersion: v1.2.3-rc.1\n") {
		t.Errorf("the chart is of another version:\n%s", text)
	}
	if modules := modulesOf(t, filepath.Join(dir, "tracktik-sync_1.2.3-rc.1_linux_amd64.cdx.json")); !slices.Contains(modules, "go.etcd.io/bbolt") {
		t.Errorf("the list of modules lacks bbolt: %v", modules)
	}
}

func modulesOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct{ Name string }
	}
	if err := json.Unmarshal(data, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("it is a %q: %v", bill.BOMFormat, err)
	}
	var names []string
	for _, c := range bill.Components {
		names = append(names, c.Name)
	}
	return names
}

func TestWhatIsNoReleaseIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-version", "", "-platforms", "linux/amd64"},
		{"-version", "9dcaae2-dirty"},
		{"-version", "v1.2"},
		{"-version", "v1.2.3", "-platforms", "plan9/amd64"},
	} {
		out := filepath.Join(t.TempDir(), "dist")
		if err := run(t.Context(), append(args, "-out", out), func(string) string { return "1" }, io.Discard); err == nil {
			t.Errorf("%v makes a release", args)
		}
		if _, err := os.Stat(out); !os.IsNotExist(err) {
			t.Errorf("%v left something: %v", args, err)
		}
	}
	if err := run(t.Context(), []string{"-version", "v1.2.3"}, func(string) string { return "" }, io.Discard); err == nil {
		t.Error("a release without a time is made")
	}
}
