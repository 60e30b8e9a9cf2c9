package helm_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"tracktik-sync/configs"
)

// valueSets are the files of testdata/values by name.
func valueSets(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no value sets: %v", err)
	}
	sets := map[string]string{}
	for _, file := range files {
		sets[strings.TrimSuffix(filepath.Base(file), ".yaml")] = file
	}
	return sets
}

// The chart carries the very files that others use without Kubernetes.
func TestMonitoringFilesAreThoseOfTheProject(t *testing.T) {
	for _, name := range []string{"alerts.yaml", "dashboard.json"} {
		original, err := os.ReadFile("../monitoring/" + name)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(chart, "files", name), string(original))
	}
}

func TestAlertsAndDashboardAreRenderedWhole(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/monitoring.yaml"))
	data, err := os.ReadFile(chart + "/files/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want any
	if err := yaml.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if got := at(all["PrometheusRule acme-tracktik-sync"], "spec"); got == nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the rules are %v, want those of the file", got)
	}
	if data, err = os.ReadFile(chart + "/files/dashboard.json"); err != nil {
		t.Fatal(err)
	}
	if got := at(all["ConfigMap acme-tracktik-sync-dashboard"], "data", "tracktik-sync.json"); got != string(data) {
		t.Errorf("the dashboard is %v, want that of the file", got)
	}
}

func TestLintFindsNothing(t *testing.T) {
	for name, file := range valueSets(t) {
		out, talk, err := helm(t, "lint", "--strict", chart, "--values", file)
		if err != nil || strings.Contains(out, "[WARNING]") {
			t.Errorf("%s: %v\n%s%s", name, err, out, talk)
		}
	}
}

func TestRenderedManifestsAreTheGoldenOnes(t *testing.T) {
	for name, file := range valueSets(t) {
		golden(t, "testdata/golden/"+name+".yaml", withoutFiles(t, render(t, "--values", file)))
	}
}

// withoutFiles leaves out the texts of the chart's files, so that a golden file does
// not change with them; TestAlertsAndDashboardAreRenderedWhole compares those.
func withoutFiles(t *testing.T, rendered string) string {
	t.Helper()
	for name, indent := range map[string]string{"alerts.yaml": "  ", "dashboard.json": "    "} {
		data, err := os.ReadFile(filepath.Join(chart, "files", name))
		if err != nil {
			t.Fatal(err)
		}
		text := indent + strings.ReplaceAll(strings.TrimSuffix(string(data), "\n"), "\n", "\n"+indent)
		rendered = strings.Replace(rendered, text, indent+"(files/"+name+")", 1)
	}
	return rendered
}

// manifests decodes what was rendered, by kind and name.
func manifests(t *testing.T, rendered string) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	decoder := yaml.NewDecoder(strings.NewReader(rendered))
	for {
		var m map[string]any
		err := decoder.Decode(&m)
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			continue
		}
		id := fmt.Sprintf("%v %v", m["kind"], at(m, "metadata", "name"))
		if found[id] != nil {
			t.Errorf("%s is rendered twice", id)
		}
		found[id] = m
	}
}

// at walks maps and lists; nil where there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// pods are the pod specs of all manifests, by kind and name.
func pods(all map[string]map[string]any) map[string]map[string]any {
	found := map[string]map[string]any{}
	for id, m := range all {
		for _, path := range [][]any{{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
			if spec, ok := at(m, path...).(map[string]any); ok && spec["containers"] != nil {
				found[id] = spec
			}
		}
	}
	return found
}

// The program itself must accept, without a warning, what the chart writes for it.
func TestRenderedConfigurationLoads(t *testing.T) {
	for name, file := range valueSets(t) {
		for id, m := range manifests(t, render(t, "--values", file)) {
			text, ok := at(m, "data", "tracktik-sync.yaml").(string)
			if !ok {
				continue
			}
			credentials := t.TempDir()
			for _, key := range configs.Keys() {
				secret := strings.TrimSuffix(key.Path, "_file")
				content := strings.Repeat("secret", 8) // a short key is a warning
				if strings.HasSuffix(secret, "pushgateway") {
					content = "https://push.acme.example"
				}
				if err := os.WriteFile(filepath.Join(credentials, secret), []byte(content), 0o440); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(t.TempDir(), "tracktik-sync.yaml")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			cfg, warnings, err := configs.Load(configs.Options{Path: path, Env: []string{"CREDENTIALS_DIRECTORY=" + credentials}})
			if err != nil || len(warnings) > 0 {
				t.Errorf("%s, %s: %v %v", name, id, err, warnings)
				continue
			}
			if !cfg.TrackTik.Auth.ClientSecret.IsSet() {
				t.Errorf("%s, %s: the client secret was not found", name, id)
			}
		}
	}
}

func TestNothingIsWrittenToThePortalUnlessAsked(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/minimal.yaml"))
	text, _ := at(all["ConfigMap acme-tracktik-sync"], "data", "tracktik-sync.yaml").(string)
	if !strings.Contains(text, "mode: observe") {
		t.Errorf("the default configuration does not observe:\n%s", text)
	}
}

// Every pod has the snapshot, the configuration and the secrets of its connection,
// no token of the cluster, and nothing that the restricted profile forbids.
func TestEveryPodIsLockedDownAlike(t *testing.T) {
	for name, file := range valueSets(t) {
		all := pods(manifests(t, render(t, "--values", file)))
		if len(all) < 2 { // a run and a check at least
			t.Fatalf("%s: only %d pods", name, len(all))
		}
		for id, spec := range all {
			container := at(spec, "containers", 0)
			for what, c := range map[string]struct{ got, want any }{
				"token":           {spec["automountServiceAccountToken"], false},
				"service links":   {spec["enableServiceLinks"], false},
				"non-root":        {at(spec, "securityContext", "runAsNonRoot"), true},
				"seccomp":         {at(spec, "securityContext", "seccompProfile", "type"), "RuntimeDefault"},
				"escalation":      {at(container, "securityContext", "allowPrivilegeEscalation"), false},
				"read-only root":  {at(container, "securityContext", "readOnlyRootFilesystem"), true},
				"capabilities":    {at(container, "securityContext", "capabilities", "drop", 0), "ALL"},
				"volume config":   {at(spec, "volumes", 0, "name"), "config"},
				"volume snapshot": {at(spec, "volumes", 1, "name"), "snapshot"},
				"volume secrets":  {at(spec, "volumes", 3, "name"), "secrets"},
			} {
				if c.got != c.want {
					t.Errorf("%s, %s: %s is %v, want %v", name, id, what, c.got, c.want)
				}
			}
			if at(container, "resources", "limits", "memory") == nil {
				t.Errorf("%s, %s: no memory limit", name, id)
			}
		}
	}
}

// The cluster ends a run only after the run should have ended itself.
func TestClusterWaitsLongerThanTheDeadline(t *testing.T) {
	for deadline, want := range map[string]int{"1h": 3720, "90m": 5520, "1h30m15s": 5535, "1d2h": 93720, "1500ms": 122} {
		all := manifests(t, render(t, "--values", "testdata/values/minimal.yaml", "--set", "config.schedule.deadline="+deadline))
		job := at(all["CronJob acme-tracktik-sync"], "spec", "jobTemplate", "spec")
		if got := at(job, "activeDeadlineSeconds"); got != want {
			t.Errorf("deadline %s: activeDeadlineSeconds is %v, want %d", deadline, got, want)
		}
		if args := at(job, "template", "spec", "containers", 0, "args"); fmt.Sprint(args) != "[-q sync --deadline="+deadline+"]" {
			t.Errorf("deadline %s: the container is called with %v", deadline, args)
		}
	}
}

func TestEachConnectionHasItsOwnThings(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/connections.yaml"))
	for _, name := range []string{"acme", "borealis", "cirrus"} {
		full := "acme-tracktik-sync-" + name
		job := "CronJob " + full
		if name == "borealis" {
			job = "Deployment " + full
		}
		for _, id := range []string{"ConfigMap " + full, "PersistentVolumeClaim " + full, "Deployment " + full + "-console", "Pod " + full + "-check", job} {
			if all[id] == nil {
				t.Errorf("there is no %s", id)
			}
		}
		if claim := at(pods(all)[job], "volumes", 1, "persistentVolumeClaim", "claimName"); claim != full {
			t.Errorf("%s has the claim %v", job, claim)
		}
	}
	if at(all["Secret acme-tracktik-sync-borealis-secrets"], "stringData", "okta.auth.api_token") != "example-token" {
		t.Errorf("borealis has no Secret of its own")
	}
	if suspended := at(all["CronJob acme-tracktik-sync-cirrus"], "spec", "suspend"); suspended != true {
		t.Errorf("cirrus is not suspended: %v", suspended)
	}
	if approved := variables(pods(all)["CronJob acme-tracktik-sync-cirrus"]); approved["TRACKTIK_SYNC_APPROVE"] != nil {
		t.Errorf("cirrus has the approval of another portal")
	}
}

func variables(spec map[string]any) map[string]any {
	found := map[string]any{}
	list, _ := at(spec, "containers", 0, "env").([]any)
	for _, v := range list {
		name, _ := at(v, "name").(string)
		found[name] = at(v, "value")
	}
	return found
}

// An approval is for the run that applies it; a console or a test that used it up
// would leave the run refused again.
func TestApprovalReachesRunsOnly(t *testing.T) {
	all := pods(manifests(t, render(t, "--values", "testdata/values/minimal.yaml", "--set", "approve=0a1b2c")))
	for id, spec := range all {
		got, isRun := variables(spec)["TRACKTIK_SYNC_APPROVE"], strings.HasPrefix(id, "CronJob")
		if isRun != (got == "0a1b2c") {
			t.Errorf("%s has TRACKTIK_SYNC_APPROVE %v", id, got)
		}
	}
}

// A lost volume must not be taken for a first run.
func TestOnlyAnInstallMakesASnapshot(t *testing.T) {
	args := []string{"--values", "testdata/values/minimal.yaml"}
	job := manifests(t, render(t, args...))["Job acme-tracktik-sync-state-init"]
	if hook := at(job, "metadata", "annotations", "helm.sh/hook"); hook != "post-install" {
		t.Errorf("`state init` is the hook %v, want post-install alone", hook)
	}
	for _, set := range []string{"stateInit=never", "persistence.existingClaim=old"} {
		if all := manifests(t, render(t, append(args, "--set", set)...)); all["Job acme-tracktik-sync-state-init"] != nil {
			t.Errorf("%s: the snapshot is made all the same", set)
		}
	}
}

func TestClaimStaysUnlessToldOtherwise(t *testing.T) {
	args := []string{"--values", "testdata/values/minimal.yaml"}
	for set, want := range map[string]any{"persistence.keep=true": "keep", "persistence.keep=false": nil} {
		claim := manifests(t, render(t, append(args, "--set", set)...))["PersistentVolumeClaim acme-tracktik-sync"]
		if got := at(claim, "metadata", "annotations", "helm.sh/resource-policy"); got != want {
			t.Errorf("%s: the claim's policy is %v, want %v", set, got, want)
		}
	}
}

func TestConsoleNeverSyncs(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/minimal.yaml"))
	console := all["Deployment acme-tracktik-sync-console"]
	if replicas := at(console, "spec", "replicas"); replicas != 0 {
		t.Errorf("the console has %v replicas", replicas)
	}
	if args := fmt.Sprint(at(console, "spec", "template", "spec", "containers", 0, "args")); args != "[run --paused]" {
		t.Errorf("the console is called with %s", args)
	}
}

// A message inside a pod names commands for the console: it has to be there, with the
// very snapshot, and the notes of an installation have to say the same.
func TestMessagesNameAConsoleThatIsThere(t *testing.T) {
	for values, want := range map[string]string{"minimal": "hr/acme-tracktik-sync-console", "daemon": "hr/acme-tracktik-sync-console",
		"daemon --set=console.enabled=false": "hr/acme-tracktik-sync", "connections": "hr/acme-tracktik-sync-acme-console"} {
		file, more, _ := strings.Cut(values, " ")
		args := append([]string{"--values", "testdata/values/" + file + ".yaml"}, strings.Fields(more)...)
		all, first := pods(manifests(t, render(t, args...))), false
		for id, spec := range all {
			named, _ := variables(spec)["TRACKTIK_SYNC_CONSOLE"].(string)
			first = first || named == want
			console := all["Deployment "+strings.TrimPrefix(named, "hr/")]
			const claim = "persistentVolumeClaim"
			if console == nil || at(console, "volumes", 1, claim, "claimName") != at(spec, "volumes", 1, claim, "claimName") {
				t.Errorf("%s: %s names the console %q, which has another snapshot or is not there", values, id, named)
			}
		}
		if !first {
			t.Errorf("%s: nobody names %s", values, want)
		}
	}
	out, talk, err := helm(t, "install", "acme", chart, "--namespace", "hr", "--dry-run=client", "--values", "testdata/values/minimal.yaml")
	if err != nil {
		t.Fatalf("helm install --dry-run=client: %v\n%s", err, talk)
	}
	for _, line := range []string{"kubectl scale -n hr deploy/acme-tracktik-sync-console --replicas=1",
		"kubectl exec -n hr deploy/acme-tracktik-sync-console -- tracktik-sync plan", "--set approve=HASH"} {
		if !strings.Contains(out, line) {
			t.Errorf("the notes do not say %q", line)
		}
	}
}

// Nothing may call the pods, and they may call only what the configuration names.
func TestNetworkPolicyOpensThePortsOfTheConfiguration(t *testing.T) {
	policy := manifests(t, render(t, "--values", "testdata/values/daemon.yaml"))["NetworkPolicy acme-tracktik-sync"]
	if ingress, ok := at(policy, "spec", "ingress").([]any); !ok || len(ingress) > 0 {
		t.Errorf("ingress is %v", at(policy, "spec", "ingress"))
	}
	var ports []string
	list, _ := at(policy, "spec", "egress", 1, "ports").([]any)
	for _, port := range list {
		ports = append(ports, fmt.Sprint(at(port, "port")))
	}
	if got := strings.Join(ports, " "); got != "443 587 8443" {
		t.Errorf("the open ports are %s", got)
	}
}

// What cannot work, or would undo another's work, is refused before anything is
// installed, and the message names it.
func TestRefusals(t *testing.T) {
	two := "connections[0].name=a,connections[0].config.tracktik.base_url=https://acme.staffr.net," +
		"connections[1].name=b,connections[1].config.tracktik.base_url=https://ACME.staffr.net:443/"
	for name, c := range map[string]struct{ set, want string }{
		"one portal twice":       {two, "connections a and b have one config.tracktik.base_url"},
		"one name twice":         {strings.ReplaceAll(two, "name=b", "name=a"), `two are named "a"`},
		"one claim twice":        {strings.ReplaceAll(two, "ACME", "borealis") + ",persistence.existingClaim=c", "have one snapshot"},
		"a secret in config":     {"config.tracktik.auth.password=pw", "config.tracktik.auth.password of the release is a secret"},
		"a deep secret":          {"config.notify.webhook.url=https://hook", "config.notify.webhook.url of the release is a secret"},
		"no portal":              {"config.tracktik.base_url=", "config.tracktik.base_url of the release is missing"},
		"two sources of secrets": {"secrets.state\\.key=k", "given together"},
		"no store":               {"existingSecret=,externalSecret.data.state\\.key.key=k", "externalSecret.secretStoreRef is missing"},
		"unknown key":            {"config.sync.modus=apply", "modus"},
		"unknown mode":           {"config.sync.mode=dry", "/config/sync/mode"},
		"unknown value":          {"persistance.size=1Gi", "persistance"},
		"unknown secret":         {"existingSecret=,secrets.okta\\.token=t", "okta.token"},
		"two consoles":           {"console.replicas=2", "/console/replicas"},
		"bad connection name":    {"connections[0].name=Acme,connections[0].config.okta.app_id=0oa1", "/connections/0/name"},
		"no unit":                {"config.schedule.deadline=60", "/config/schedule/deadline"},
	} {
		_, talk, err := helm(t, "template", "acme", chart, "--values", "testdata/values/minimal.yaml", "--set", c.set)
		if err == nil || !strings.Contains(talk, c.want) {
			t.Errorf("%s: %v, and the message lacks %q:\n%s", name, err, c.want, talk)
		}
	}
}

func TestNamesFitWhateverTheReleaseIsCalled(t *testing.T) {
	out, talk, err := helm(t, "template", strings.Repeat("r", 53), chart, "--values", "testdata/values/connections.yaml")
	if err != nil {
		t.Fatal(err, talk)
	}
	for _, id := range slices.Sorted(maps.Keys(manifests(t, out))) {
		kind, name, _ := strings.Cut(id, " ")
		limit := 63
		if kind == "CronJob" {
			limit = 52
		}
		if len(name) > limit {
			t.Errorf("%s has %d characters", id, len(name))
		}
	}
}
