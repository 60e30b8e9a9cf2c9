package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A system is a small Debian in a directory, in which packages are installed.
type system struct {
	*testing.T
	dir string
}

// newSystem copies the one that `make test-release` keeps.
func newSystem(t *testing.T) system {
	t.Helper()
	from := os.Getenv("DEBIAN_ROOT")
	if from == "" || os.Geteuid() != 0 {
		t.Skip("DEBIAN_ROOT is not set, or this is not root: `make test-release` makes one with debootstrap and runs these tests")
	}
	dir := filepath.Join(t.TempDir(), "system")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return system{t, dir}
}

// call runs a command in the system, with input on stdin, and answers both streams.
func (s system) call(input string, args ...string) (string, error) {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), "chroot", append([]string{s.dir}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "HOME=/root", "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s system) must(args ...string) string {
	s.Helper()
	out, err := s.call("", args...)
	if err != nil {
		s.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (s system) write(path, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, path), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s system) exists(path string) bool {
	_, err := os.Lstat(filepath.Join(s.dir, path))
	return err == nil
}

// want looks at what is there, by path.
func (s system) want(there bool, paths ...string) {
	s.Helper()
	for _, path := range paths {
		if s.exists(path) != there {
			s.Errorf("%s: is there: %v", path, !there)
		}
	}
}

const (
	programPath = "usr/bin/tracktik-sync"
	config      = "etc/tracktik-sync/tracktik-sync.yaml"
	snapshot    = "var/lib/tracktik-sync/tracktik-sync.db"
)

// add copies a package into the system and answers its path there.
func (s system) add(path string) string {
	s.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	s.write(filepath.Base(path), string(data))
	return "/" + filepath.Base(path)
}

// configure gives the sample what it lacks, and makes the snapshot as the hints of
// the installation say.
func (s system) configure() {
	s.Helper()
	for _, name := range []string{"tracktik_client_secret", "tracktik_password"} {
		s.write("etc/tracktik-sync/"+name, "secret\n")
	}
	s.write("etc/tracktik-sync/okta.pem", privateKey(s.T))
	data, err := os.ReadFile(filepath.Join(s.dir, config))
	if err != nil {
		s.Fatal(err)
	}
	s.write(config, strings.Replace(string(data), "acme.okta.com", "edited.okta.com", 1))
	s.must("tracktik-sync", "state", "init")
}

// privateKey makes a key as Okta's admin console gives it.
func privateKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (s system) wantEdited() {
	s.Helper()
	if data, err := os.ReadFile(filepath.Join(s.dir, config)); err != nil || !strings.Contains(string(data), "edited.okta.com") {
		s.Errorf("the administrator's configuration is gone: %v", err)
	}
}

var installed = []string{
	programPath, config, "usr/lib/systemd/system/tracktik-sync.service", "usr/lib/systemd/system/tracktik-sync.timer",
	"usr/lib/systemd/system/tracktik-sync-events.service", "usr/lib/systemd/system/tracktik-sync-events.timer",
	"usr/lib/systemd/system/tracktik-sync@.service", "usr/lib/systemd/system/tracktik-sync@.timer",
	"usr/share/man/man1/tracktik-sync.1.gz", "usr/share/man/man5/tracktik-sync.yaml.5.gz", "usr/share/bash-completion/completions/tracktik-sync",
	"usr/share/fish/vendor_completions.d/tracktik-sync.fish", "usr/share/doc/tracktik-sync/docs/troubleshooting.md",
}

func TestDebianPackageLivesAndLeavesTheSnapshot(t *testing.T) {
	s := newSystem(t)
	first := s.add(filepath.Join(made(t, whole), "tracktik-sync_1.2.3-1_amd64.deb"))
	second := s.add(filepath.Join(made(t, "v1.3.0"), "tracktik-sync_1.3.0-1_amd64.deb"))

	if out := s.must("dpkg", "--install", first); !strings.Contains(out, "tracktik-sync state init") {
		t.Errorf("the installation does not say what comes next:\n%s", out)
	}
	s.want(true, installed...)
	s.configure()

	if out := s.must("dpkg", "--install", second); strings.Contains(out, "state init") {
		t.Errorf("the upgrade speaks as if it were an installation:\n%s", out)
	}
	if out := s.must("tracktik-sync", "version"); !strings.HasPrefix(out, "tracktik-sync v1.3.0 ") {
		t.Errorf("after the upgrade it is %s", out)
	}
	s.wantEdited()
	s.must("tracktik-sync", "state", "verify")

	s.must("dpkg", "--remove", "tracktik-sync")
	s.want(false, programPath, "usr/lib/systemd/system/tracktik-sync.timer")
	s.want(true, snapshot)
	s.wantEdited()

	if out := s.must("dpkg", "--purge", "tracktik-sync"); !strings.Contains(out, "/var/lib/tracktik-sync is kept") {
		t.Errorf("the purge does not say that the snapshot is kept:\n%s", out)
	}
	s.want(false, config)
	s.want(true, snapshot)
}

// Only a yes removes the snapshot.
func TestPurgeAsksBeforeTheSnapshotGoes(t *testing.T) {
	s := newSystem(t)
	deb := s.add(filepath.Join(made(t, whole), "tracktik-sync_1.2.3-1_amd64.deb"))
	for _, c := range []struct {
		answer string
		kept   bool
	}{{"yes", false}, {"no", true}} {
		s.must("dpkg", "--install", deb)
		s.configure()
		out := s.answer("Remove the snapshot of tracktik-sync too?", c.answer, "apt-get purge --yes tracktik-sync")
		s.want(c.kept, snapshot)
		s.want(false, config, programPath)
		if said := strings.Contains(out, "/var/lib/tracktik-sync is kept"); said != c.kept {
			t.Errorf("%s: the purge says\n%s", c.answer, out)
		}
	}
}

// answer runs a command in the system on a terminal and types the answer once the
// question is there; what was typed before is thrown away, as by dpkg's own.
func (s system) answer(question, answer, command string) (shown string) {
	s.Helper()
	inside := "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb DEBIAN_FRONTEND=teletype chroot " + s.dir + " " + command
	cmd := exec.CommandContext(s.Context(), "script", "--quiet", "--return", "--command", inside, "/dev/null")
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		s.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	typed := false
	for part := make([]byte, 4096); ; {
		n, err := screen.Read(part)
		shown += string(part[:n])
		if !typed && strings.Contains(shown, question) {
			typed = true
			if _, err := io.WriteString(keyboard, answer+"\n"); err != nil {
				s.Error(err)
			}
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil || !typed {
		s.Errorf("it was asked: %v; %v\n%s", typed, err, shown)
	}
	return shown
}

// A purge that nobody watches keeps the snapshot, unless it was told before.
func TestPurgeHeedsTheAnswerGivenBefore(t *testing.T) {
	s := newSystem(t)
	deb := s.add(filepath.Join(made(t, whole), "tracktik-sync_1.2.3-1_amd64.deb"))
	s.must("dpkg", "--install", deb)
	s.configure()
	if out, err := s.call("tracktik-sync tracktik-sync/remove-state boolean true\n", "debconf-set-selections"); err != nil {
		t.Fatal(err, out)
	}
	s.must("dpkg", "--purge", "tracktik-sync")
	s.want(false, snapshot, config, programPath)
}

func TestRPMPackageLivesAndLeavesTheSnapshot(t *testing.T) {
	s := newSystem(t)
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("there is no rpm: `apt-get install rpm` brings it")
	}
	rpm := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "rpm", append([]string{"--root", s.dir, "--nodeps"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("rpm %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	first := filepath.Join(made(t, whole), "tracktik-sync-1.2.3-1.x86_64.rpm")
	second := filepath.Join(made(t, "v1.3.0"), "tracktik-sync-1.3.0-1.x86_64.rpm")

	rpm("--install", first)
	s.want(true, installed...)
	s.configure()

	rpm("--upgrade", second)
	if out := s.must("tracktik-sync", "version"); !strings.HasPrefix(out, "tracktik-sync v1.3.0 ") {
		t.Errorf("after the upgrade it is %s", out)
	}
	s.wantEdited()

	rpm("--erase", "tracktik-sync")
	s.want(false, programPath)
	s.want(true, snapshot)
}
