// Package systemd_test holds the unit files to what systemd itself says of them.
package systemd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// analyze runs systemd-analyze; where there is none, as on a Mac, the test is skipped.
func analyze(t *testing.T, unitPath string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze: `apt-get install systemd` brings it, without starting anything")
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+unitPath+":", "SYSTEMD_LOG_LEVEL=notice")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// units are all that are installed.
var units = []string{"tracktik-sync.service", "tracktik-sync.timer", "tracktik-sync-events.service", "tracktik-sync-events.timer",
	"tracktik-sync@.service", "tracktik-sync@.timer"}

// install copies the units to a directory, with a program in the place of the
// installed one: systemd looks whether it is there.
func install(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	program := filepath.Join(dir, "program")
	write(t, program, "#!/bin/sh\n", 0o755)
	for _, name := range units {
		unit := strings.Replace(read(t, name), "ExecStart=/usr/bin/tracktik-sync", "ExecStart="+program, 1)
		write(t, filepath.Join(dir, name), unit, 0o644)
	}
	return dir
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// setting is the last value of a key in a unit; "" where it is not set.
func setting(unit, key string) string {
	value := ""
	for line := range strings.Lines(unit) {
		if name, rest, found := strings.Cut(strings.TrimSpace(line), "="); found && name == key {
			value = rest
		}
	}
	return value
}

func TestSystemdFindsNoFaultInTheUnits(t *testing.T) {
	dir := install(t)
	for _, name := range units {
		if out := analyze(t, dir, "verify", "--man=no", filepath.Join(dir, name)); strings.Contains(out, "tracktik") {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}

func TestServiceIsHardlyExposed(t *testing.T) {
	dir := install(t)
	for _, name := range []string{"tracktik-sync.service", "tracktik-sync-events.service", "tracktik-sync@.service"} {
		out := analyze(t, dir, "security", "--offline=true", "--no-pager", filepath.Join(dir, name))
		match := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(out)
		if match == nil {
			t.Fatalf("no exposure in\n%s", out)
		}
		if exposure, err := strconv.ParseFloat(match[1], 64); err != nil || exposure > 1.5 {
			t.Errorf("the exposure of %s is %s, want at most 1.5", name, match[1])
		}
	}
}

// settings are the lines of a unit that set something, without those of that key.
func settings(unit string, but ...string) []string {
	var lines []string
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		key, _, found := strings.Cut(line, "=")
		if found && !strings.HasPrefix(line, "#") && !slices.Contains(but, key) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Both services have one snapshot, so they must be one user, and one may do what the
// other may.
func TestBothServicesAreOneUserInOneSandbox(t *testing.T) {
	but := []string{"Description", "ExecStart", "SyslogLevel", "LogLevelMax"}
	whole, events := settings(read(t, "tracktik-sync.service"), but...), settings(read(t, "tracktik-sync-events.service"), but...)
	if !slices.Equal(whole, events) {
		t.Errorf("the settings of one service are\n%q\nand of the other\n%q", whole, events)
	}
	if !slices.Contains(events, "User=tracktik-sync") {
		t.Error("systemd would name the user after the unit: the second one could not read the snapshot")
	}
}

// Of several portals each has a configuration, secrets, a user and a snapshot of its own,
// and in all else the same unit and timer.
func TestEachPortalIsInTheSameSandboxAlone(t *testing.T) {
	own := []string{"Description", "Environment", "LoadCredential", "User", "StateDirectory", "WorkingDirectory"}
	for _, suffix := range []string{".service", ".timer"} {
		one, several := settings(read(t, "tracktik-sync"+suffix), own...), settings(read(t, "tracktik-sync@"+suffix), own...)
		if !slices.Equal(one, several) {
			t.Errorf("the settings of one%s are\n%q\nand of several\n%q", suffix, one, several)
		}
	}
	unit := read(t, "tracktik-sync@.service")
	for _, line := range settings(unit) {
		key, value, _ := strings.Cut(line, "=")
		if slices.Contains(own[1:], key) && !strings.Contains(value, "%i") {
			t.Errorf("%s is shared by all portals", line)
		}
	}
}

func TestSystemLogIsReadEachMinute(t *testing.T) {
	timer := read(t, "tracktik-sync-events.timer")
	out := analyze(t, "", "calendar", setting(timer, "OnCalendar"))
	if !strings.Contains(out, "Normalized form: *-*-* *:*:00") || setting(timer, "AccuracySec") != "1s" || setting(timer, "FixedRandomDelay") != "yes" {
		t.Errorf("the timer is\n%s", timer)
	}
	if got := setting(read(t, "tracktik-sync-events.service"), "ExecStart"); got != "/usr/bin/tracktik-sync -q sync --events" {
		t.Errorf("it starts %s", got)
	}
}

func TestTimerMeansEveryQuarterOfAnHour(t *testing.T) {
	out := analyze(t, "", "calendar", setting(read(t, "tracktik-sync.timer"), "OnCalendar"))
	if !strings.Contains(out, "Normalized form: *-*-* *:00/15:00") {
		t.Errorf("the timer's calendar is\n%s", out)
	}
}

func TestTimerMakesUpForMissedRuns(t *testing.T) {
	timer := read(t, "tracktik-sync.timer")
	if setting(timer, "Persistent") != "yes" || setting(timer, "RandomizedDelaySec") == "" {
		t.Error("the timer is not persistent, or all machines call at one moment")
	}
}

// Codes 4 and 5 are no failure of the unit; all others are to be seen.
func TestUnitFailsOnlyForFailures(t *testing.T) {
	if codes := setting(read(t, "tracktik-sync.service"), "SuccessExitStatus"); codes != "4 5" {
		t.Errorf("SuccessExitStatus=%s", codes)
	}
}

// A condition that does not hold skips a unit in silence, and of an assertion
// systemd.unit(5) says that it leaves the unit as it is: `systemctl --failed`, OnFailure=
// and node_exporter would not see that nothing runs.
func TestNothingIsSkippedInSilence(t *testing.T) {
	for _, name := range units {
		if found := regexp.MustCompile(`(?m)^(Condition|Assert)\w+=.*`).FindAllString(read(t, name), -1); found != nil {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// Secrets reach the program as credentials, under the names that the configuration
// of the packages uses.
func TestCredentialsAreThoseOfTheConfiguration(t *testing.T) {
	unit := read(t, "tracktik-sync.service") // the other one has the same, see above
	for _, name := range []string{"okta.pem", "tracktik_client_secret", "tracktik_password"} {
		if !strings.Contains(unit, "\nLoadCredential="+name+":/etc/tracktik-sync/"+name+"\n") {
			t.Errorf("the unit does not load %s", name)
		}
	}
}

func TestCronLineIsOne(t *testing.T) {
	var lines []string
	for line := range strings.Lines(read(t, "tracktik-sync.cron")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.Contains(line, "MAILTO") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || len(strings.Fields(lines[0])) != 9 || strings.Fields(lines[0])[5] != "tracktik-sync" {
		t.Errorf("want one line of five fields, a user and a command: %q", lines)
	}
}

// Whoever reads a mail from cron finds what its exit code means.
func TestCrontabExplainsEveryExitCode(t *testing.T) {
	text := read(t, "tracktik-sync.cron")
	for code := range 6 {
		if !regexp.MustCompile(`(?m)^#   ` + strconv.Itoa(code) + `   [a-z]`).MatchString(text) {
			t.Errorf("nothing is said of exit code %d", code)
		}
	}
}
