package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// boot starts systemd in the system, in a container without a network, and answers
// how to call a command there.
func (s system) boot() (call func(script string) (string, error)) {
	s.Helper()
	podman := strings.Fields(os.Getenv("PODMAN"))
	if len(podman) == 0 {
		s.Skip("PODMAN is not set: `make test-release` sets it")
	}
	if !s.exists("lib/systemd/systemd") {
		s.Fatal("the system in DEBIAN_ROOT has no systemd: remove it, and make makes it anew")
	}
	name := "tracktik-sync-" + filepath.Base(filepath.Dir(filepath.Dir(s.dir)))
	run := func(args ...string) (string, error) {
		out, err := exec.Command(podman[0], append(podman[1:], args...)...).CombinedOutput()
		return string(out), err
	}
	s.Cleanup(func() { _, _ = run("rm", "--force", "--time", "1", name) })
	out, err := run("run", "--detach", "--name", name, "--privileged", "--systemd=always", "--network", "none",
		"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=2048:2048", "--rootfs", s.dir, "/lib/systemd/systemd")
	if err != nil {
		s.Skipf("no container can be started here: %v\n%s", err, out)
	}
	call = func(script string) (string, error) { return run("exec", name, "sh", "-c", script) }
	for range 150 {
		if out, _ := call("systemctl is-system-running"); strings.HasPrefix(out, "running") || strings.HasPrefix(out, "degraded") {
			return call
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.Skip("systemd does not come up in a container here")
	return nil
}

// settle turns the sandbox's configuration into one of the package: secrets in files
// of root's, the snapshot where the unit has it.
const settle = `set -e
cd /etc/tracktik-sync
sed -e 's/api_token: [^}]*/api_token_file: okta_token/' -e 's/client_secret: .*/client_secret_file: tracktik_client_secret/' \
    -e 's/^    password: .*/    password_file: tracktik_password/' -e 's#path: #path: /var/lib/tracktik-sync/#' /sandbox.yaml >tracktik-sync.yaml
umask 077
sed -n 's/.*api_token: \([^}]*\)}/\1/p' /sandbox.yaml >okta_token
sed -n 's/.*client_secret: //p' /sandbox.yaml >tracktik_client_secret
sed -n 's/^    password: //p' /sandbox.yaml >tracktik_password
umask 022
for unit in tracktik-sync tracktik-sync-events; do
	mkdir -p /etc/systemd/system/$unit.service.d
	printf '[Service]\nLoadCredential=\n' >/etc/systemd/system/$unit.service.d/secrets.conf
	for name in okta_token tracktik_client_secret tracktik_password; do
		echo "LoadCredential=$name:/etc/tracktik-sync/$name" >>/etc/systemd/system/$unit.service.d/secrets.conf
	done
done
`

// withoutCredentials is for kernels on which systemd cannot show a credential to a
// dynamic user, as in some containers.
const withoutCredentials = `chmod 0644 /etc/tracktik-sync/*
printf '[Service]\nLoadCredential=\n' | tee /etc/systemd/system/tracktik-sync.service.d/secrets.conf >/etc/systemd/system/tracktik-sync-events.service.d/secrets.conf`

// The unit as it is packaged, run by systemd itself: its sandbox lets the program do
// its work, codes 0 and 4 are a success, and a run of root's by hand does not lock the
// next one out.
func TestUnitRunsUnderSystemd(t *testing.T) {
	s := newSystem(t)
	deb := s.add(filepath.Join(made(t, whole), "tracktik-sync_1.2.3-1_amd64.deb"))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(s.dir, "sandbox"), "tracktik-sync/cmd/tracktik-sandbox")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	call := s.boot()
	must := func(script string) string {
		t.Helper()
		out, err := call(script)
		if err != nil {
			log, _ := call("journalctl --unit tracktik-sync.service --no-pager --lines 20")
			t.Fatalf("%s: %v\n%s\n%s", script, err, out, log)
		}
		return out
	}
	must("dpkg --install " + deb)
	must("systemd-run --unit sandbox /sandbox --people 100 --write-config /sandbox.yaml && for i in 1 2 3 4 5 6 7 8 9; do test -e /sandbox.yaml && exit 0; sleep 1; done; exit 1")
	must(settle)
	if out, err := call("systemd-run --wait --pipe --quiet -p DynamicUser=yes -p LoadCredential=okta_token:/etc/tracktik-sync/okta_token sh -c 'cat $CREDENTIALS_DIRECTORY/okta_token'"); err != nil {
		t.Logf("credentials cannot be tried here, so the secrets are read as files: %s", out)
		must(withoutCredentials)
	}
	if out, err := call("systemctl daemon-reload && systemctl start tracktik-sync.service"); err == nil {
		t.Errorf("a run without a snapshot (3) is a success of the unit: %s", out)
	}
	const configuration = "/etc/tracktik-sync/tracktik-sync.yaml"
	must("mv " + configuration + " /moved && ! systemctl start tracktik-sync.service && systemctl is-failed --quiet tracktik-sync.service && mv /moved " + configuration + " && systemctl reset-failed tracktik-sync.service")
	must("tracktik-sync state init")

	start := func() {
		t.Helper()
		must("systemctl start tracktik-sync.service") // fails when the unit does
		// The company has people with problems, of whom a quiet run tells once.
		if status := must("tracktik-sync status --format json"); !strings.Contains(status, `"exit_code":4,`) {
			t.Errorf("the run did not end with 4: %s", status)
		}
	}
	start()
	if out := must("tracktik-sync status --format json"); strings.Contains(out, `"managed":0,`) {
		t.Errorf("nobody is managed: %s", out)
	}
	if out, err := call("tracktik-sync -q sync --refresh && tracktik-sync state verify"); exitCode(err) != 4 {
		t.Errorf("a run by hand: %v\n%s", err, out)
	}
	start()
	must("systemctl start tracktik-sync-events.service") // the first look is at everybody
	must("systemctl start --no-block tracktik-sync.service && systemctl start tracktik-sync-events.service && systemctl start tracktik-sync.service")
	if owners := must("stat --format %U /var/lib/tracktik-sync/*"); strings.Contains(owners, "root") {
		t.Errorf("root has files in the unit's directory:\n%s", owners)
	}
	s.allow(must)
	start()
	must("ls /srv/backup/tracktik-sync/*.db && grep --quiet tracktik_sync_managed_employees /var/lib/node_exporter/tracktik-sync/tracktik_sync.prom")
	must("systemctl enable --now tracktik-sync.timer tracktik-sync-events.timer && systemctl list-timers | grep --quiet tracktik-sync-events.timer")
	must("dpkg --remove tracktik-sync && ! systemctl is-active tracktik-sync.timer && ! systemctl is-active tracktik-sync-events.timer && test -e /var/lib/tracktik-sync/tracktik-sync.db")
}

var fenced = regexp.MustCompile("(?ms)^ *```(sh|ini)\n(.*?)\n *```$")

// allow does what the manual says for copies and metrics in directories that the unit does
// not write to by itself.
func (s system) allow(must func(script string) string) {
	s.Helper()
	page, err := os.ReadFile("../docs/running.md")
	if err != nil {
		s.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### Backups and metrics under the hardened unit\n")
	section, _, _ = strings.Cut(section, "\n### ")
	places := "Environment=TRACKTIK_SYNC_STATE_BACKUP_DIR=/srv/backup/tracktik-sync TRACKTIK_SYNC_METRICS_TEXTFILE=/var/lib/node_exporter/tracktik-sync/tracktik_sync.prom\n"
	for _, block := range fenced.FindAllStringSubmatch(section, -1) {
		if block[1] == "sh" {
			must(block[2])
			continue
		}
		for line := range strings.Lines(block[2] + "\n" + places) {
			must("echo '" + strings.TrimSpace(line) + "' >>/etc/systemd/system/tracktik-sync.service.d/places.conf")
		}
	}
	must("systemctl daemon-reload")
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
