// Package docker_test runs the image as a cluster would: read-only, without any
// capability, as nobody in particular, and with the chart's memory limit.
package docker_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// user is whom the image and the chart run the program as.
const user = 65532

// podman runs podman with the image that `make test-image` has built.
func podman(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := strings.Fields(os.Getenv("PODMAN"))
	if len(command) == 0 || os.Getenv("IMAGE") == "" {
		t.Skip("PODMAN and IMAGE are not set: `make test-image` builds the image and runs these tests")
	}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], args...)...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

// memoryLimit is the one of the chart.
func memoryLimit(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../helm/tracktik-sync/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Resources struct{ Limits struct{ Memory string } }
	}
	if err := yaml.Unmarshal(data, &values); err != nil || values.Resources.Limits.Memory == "" {
		t.Fatalf("the chart has no memory limit: %v", err)
	}
	return strings.ToLower(strings.TrimSuffix(values.Resources.Limits.Memory, "i"))
}

// locked are the flags of a container that may do nothing.
func locked(t *testing.T, more ...string) []string {
	args := []string{"run", "--rm", "--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp", "--cap-drop", "all",
		"--security-opt", "no-new-privileges", "--memory", memoryLimit(t), "--memory-swap", memoryLimit(t),
		"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--pull", "never"}
	return append(append(args, more...), os.Getenv("IMAGE"))
}

func TestImagePrintsItsVersion(t *testing.T) {
	out, talk, code := podman(t, append(locked(t, "--network", "none"), "version")...)
	if code != 0 || !strings.HasPrefix(out, "tracktik-sync "+os.Getenv("VERSION")+" ") {
		t.Errorf("exit %d: %s%s", code, out, talk)
	}
}

func TestImageSaysWhatItIsAndRunsAsNobody(t *testing.T) {
	out, talk, code := podman(t, "image", "inspect", os.Getenv("IMAGE"))
	var images []struct {
		Config struct {
			User       string
			Entrypoint []string
			Labels     map[string]string
		}
	}
	if err := json.Unmarshal([]byte(out), &images); code != 0 || err != nil || len(images) != 1 {
		t.Fatalf("exit %d: %v %s", code, err, talk)
	}
	config := images[0].Config
	if config.User != "65532:65532" || len(config.Entrypoint) != 1 {
		t.Errorf("it runs %v as %s", config.Entrypoint, config.User)
	}
	for label, want := range map[string]string{
		"title": "tracktik-sync", "description": "Keeps TrackTik in step with Okta", "version": os.Getenv("VERSION"), "revision": revision(t),
	} {
		if got := config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("its label %s says %q, want %q", label, got, want)
		}
	}
}

// revision is the commit that the image was built from.
func revision(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// The image has no zone files; the zones are in the program.
func TestImageKnowsTimeZones(t *testing.T) {
	podman(t, "version") // skips before anything is made
	for zone, want := range map[string]int{"America/Toronto": 0, "America/Atlantis": 2} {
		dir := t.TempDir()
		path := filepath.Join(dir, "tracktik-sync.yaml")
		text := "okta: {org_url: https://acme.okta.com, app_id: 0oa1, auth: {api_token_file: /okta_token}}\n" +
			"tracktik: {base_url: https://acme.staffr.net, auth: {client_id: c, client_secret_file: /secret, username: u, password_file: /password}}\n" +
			"schedule: {timezone: " + zone + "}\n"
		args := []string{"--network", "none", "-v", path + ":/etc/tracktik-sync/tracktik-sync.yaml:ro"}
		for _, secret := range []string{"okta_token", "secret", "password"} {
			file := filepath.Join(dir, secret)
			if err := errors.Join(os.WriteFile(file, []byte("secret"), 0o600), os.Chown(file, user, user)); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-v", file+":/"+secret+":ro")
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, talk, code := podman(t, append(locked(t, args...), "config", "validate")...); code != want || (want != 0) != strings.Contains(talk, zone) {
			t.Errorf("%s: exit %d, want %d: %s", zone, code, want, talk)
		}
	}
}

// A shell, a package manager or a token in a layer is an invitation.
func TestImageHoldsNothingButTheProgram(t *testing.T) {
	id, talk, code := podman(t, "create", "--pull", "never", os.Getenv("IMAGE"))
	if code != 0 {
		t.Fatal(talk)
	}
	id = strings.TrimSpace(id)
	defer podman(t, "rm", id)
	path := filepath.Join(t.TempDir(), "image.tar")
	if _, talk, code := podman(t, "export", "--output", path, id); code != 0 {
		t.Fatal(talk)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var files []string
	for archive := tar.NewReader(f); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg && header.Size > 0 {
			files = append(files, header.Name)
		}
	}
	slices.Sort(files)
	if got := strings.Join(files, " "); got != "etc/group etc/passwd usr/bin/tracktik-sync" {
		t.Errorf("the image holds %s", got)
	}
}

// sandbox starts an Okta org and a portal, and answers a directory with the
// configuration for them.
func sandbox(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	program := filepath.Join(dir, "sandbox")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "tracktik-sync/cmd/tracktik-sandbox").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := filepath.Join(dir, "tracktik-sync.yaml")
	cmd := exec.CommandContext(t.Context(), program, "--people", "300", "--write-config", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if data, err := os.ReadFile(config); err == nil {
			text := strings.Replace(string(data), "path: tracktik-sync.db", "path: /var/lib/tracktik-sync/data/tracktik-sync.db", 1)
			if err := errors.Join(os.WriteFile(config, []byte(text), 0o600), os.Chown(config, user, user)); err != nil {
				t.Fatal(err)
			}
			return dir
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the sandbox does not start")
	return ""
}

// The volume's root lets everybody write, as that of some storage classes does.
func TestWholeSyncInTheImage(t *testing.T) {
	podman(t, "version") // skips before anything is built
	dir := sandbox(t)
	volume := filepath.Join(dir, "volume")
	if err := errors.Join(os.Mkdir(volume, 0o777), os.Chmod(volume, 0o777), os.Chmod(dir, 0o711)); err != nil {
		t.Fatal(err)
	}
	call := func(args ...string) (string, string, int) {
		flags := locked(t, "--network", "host", "-v", filepath.Join(dir, "tracktik-sync.yaml")+":/etc/tracktik-sync/tracktik-sync.yaml:ro", "-v", volume+":/var/lib/tracktik-sync")
		return podman(t, append(flags, args...)...)
	}
	if _, talk, code := call("check"); code != 0 {
		t.Errorf("check: exit %d: %s", code, talk)
	}
	if _, talk, code := call("sync"); code != 3 || !strings.Contains(talk, "no snapshot") {
		t.Errorf("a sync without a snapshot: exit %d: %s", code, talk)
	}
	if _, talk, code := call("state", "init"); code != 0 {
		t.Fatalf("state init: exit %d: %s", code, talk)
	}
	out, talk, code := call("sync", "--format", "json")
	if code != 0 && code != 4 { // the company has people with problems
		t.Fatalf("sync: exit %d: %s", code, talk)
	}
	if created := done(t, out)["create"]; created < 200 {
		t.Errorf("%d employees were created", created)
	}
	out, talk, code = call("sync", "--format", "json")
	if code != 0 && code != 4 {
		t.Fatalf("the second sync: exit %d: %s", code, talk)
	}
	for kind, count := range done(t, out) {
		if count > 0 {
			t.Errorf("the second sync did %d %s", count, kind)
		}
	}
	if _, talk, code := call("state", "verify"); code != 0 {
		t.Errorf("state verify: exit %d: %s", code, talk)
	}
}

// done is what a run recorded as done, by kind.
func done(t *testing.T, document string) map[string]int {
	t.Helper()
	var run struct {
		Result struct{ Done map[string]int }
	}
	if err := json.Unmarshal([]byte(document), &run); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return run.Result.Done
}
