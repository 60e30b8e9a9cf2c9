package helm_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const eventsJob = "CronJob acme-tracktik-sync-events"

// Between the runs a second CronJob looks at whom Okta's System Log names. It has the
// run's snapshot, so it must be where the run is, and no failed job when a run is active.
func TestSystemLogIsReadByASecondCronJob(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/events.yaml"))
	spec := at(all[eventsJob], "spec")
	for path, want := range map[string]any{
		"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "suspend": false, "startingDeadlineSeconds": 60,
		"jobTemplate.spec.backoffLimit": 0, "jobTemplate.spec.activeDeadlineSeconds": 1920, "jobTemplate.spec.template.spec.restartPolicy": "Never",
	} {
		var steps []any
		for step := range strings.SplitSeq(path, ".") {
			steps = append(steps, step)
		}
		if got := at(spec, steps...); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	rule := at(spec, "jobTemplate", "spec", "podFailurePolicy", "rules", 0)
	if at(rule, "action") != "Ignore" || fmt.Sprint(at(rule, "onExitCodes", "values")) != "[5]" || at(rule, "onExitCodes", "containerName") != "tracktik-sync" {
		t.Errorf("code 5 is a failure of the job: %v", rule)
	}
	both := pods(all)
	events, whole := both[eventsJob], both["CronJob acme-tracktik-sync"]
	if args := fmt.Sprint(at(events, "containers", 0, "args")); args != "[-q sync --events --deadline=30m]" {
		t.Errorf("it is called with %s", args)
	}
	for _, path := range [][]any{{"volumes"}, {"containers", 0, "volumeMounts"}, {"containers", 0, "resources"}, {"affinity"}} {
		if got, want := fmt.Sprint(at(events, path...)), fmt.Sprint(at(whole, path...)); got != want || got == "<nil>" {
			t.Errorf("%v is %s, and of the run %s", path, got, want)
		}
	}
	term := at(events, "affinity", "podAffinity", "preferredDuringSchedulingIgnoredDuringExecution", 0, "podAffinityTerm")
	labels, _ := at(term, "labelSelector", "matchLabels").(map[string]any)
	pod := at(all["CronJob acme-tracktik-sync"], "spec", "jobTemplate", "spec", "template", "metadata", "labels")
	for key, want := range labels {
		if at(pod, key) != want {
			t.Errorf("the run's pod is not looked for: %s is %v, want %v", key, at(pod, key), want)
		}
	}
	if at(term, "topologyKey") != "kubernetes.io/hostname" || len(labels) == 0 {
		t.Errorf("the pods are on any node: %v", term)
	}
}

func TestSystemLogIsReadAsOftenAsTheConfigurationSays(t *testing.T) {
	for every, want := range map[string]any{"0s": nil, "0": nil, "30s": "* * * * *", "1m": "* * * * *", "90s": "*/2 * * * *", "5m": "*/5 * * * *", "2h": "*/59 * * * *"} {
		all := manifests(t, render(t, "--values", "testdata/values/minimal.yaml", "--set-string", "config.schedule.events="+every))
		if got := at(all[eventsJob], "spec", "schedule"); got != want {
			t.Errorf("events: %s: the schedule is %v, want %v", every, got, want)
		}
		if affinity := at(pods(all)["CronJob acme-tracktik-sync"], "affinity"); (affinity != nil) != (want != nil) {
			t.Errorf("events: %s: the pods' affinity is %v", every, affinity)
		}
	}
	all := manifests(t, render(t, "--values", "testdata/values/daemon.yaml", "--set", "config.schedule.events=30s"))
	for id := range all {
		if strings.HasPrefix(id, "CronJob ") {
			t.Errorf("%s is beside a daemon, which reads the log by itself", id)
		}
	}
}

func TestEventsLeaveApprovalsAndPlacesAlone(t *testing.T) {
	all := pods(manifests(t, render(t, "--values", "testdata/values/events.yaml", "--set", "approve=0a1b2c,affinity.nodeAffinity.x=y")))
	if got := variables(all[eventsJob])["TRACKTIK_SYNC_APPROVE"]; got != nil {
		t.Errorf("a look at a few people has the approval %v", got)
	}
	if got := variables(all["CronJob acme-tracktik-sync"])["TRACKTIK_SYNC_APPROVE"]; got != "0a1b2c" {
		t.Errorf("the run has the approval %v", got)
	}
	if got := fmt.Sprint(at(all[eventsJob], "affinity")); got != "map[nodeAffinity:map[x:y]]" {
		t.Errorf("the affinity that was given became %s", got)
	}
}

// Names are cut where they are too long, and two connections must not get one.
func TestEachConnectionReadsTheLogByItself(t *testing.T) {
	out, talk, err := helm(t, "template", strings.Repeat("r", 53), chart, "--values", "testdata/values/connections.yaml", "--set", "config.schedule.events=1m")
	if err != nil {
		t.Fatal(err, talk)
	}
	all := manifests(t, out)
	var jobs []string
	for _, id := range slices.Sorted(maps.Keys(all)) {
		name, isJob := strings.CutPrefix(id, "CronJob ")
		if !isJob || !strings.HasSuffix(name, "-events") {
			continue
		}
		jobs = append(jobs, name)
		if len(name) > 52 {
			t.Errorf("%s has %d characters", name, len(name))
		}
	}
	if len(jobs) != 2 { // acme and cirrus; borealis is a daemon
		t.Errorf("the log is read by %v", jobs)
	}
}

func TestNotesSayThatTheLogIsRead(t *testing.T) {
	out, talk, err := helm(t, "install", "acme", chart, "--namespace", "hr", "--dry-run=client", "--values", "testdata/values/events.yaml")
	if err != nil {
		t.Fatal(err, talk)
	}
	if !strings.Contains(out, "CronJob acme-tracktik-sync-events reads Okta's System Log between the runs") || !strings.Contains(out, "okta.logs.read") {
		t.Errorf("the notes are\n%s", out)
	}
}
