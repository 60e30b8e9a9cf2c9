package helm_test

import (
	"fmt"
	"strings"
	"testing"
)

// The schedule and its zone are those of the configuration, one run at a time, and
// what failed is not tried at once: the next run goes on.
func TestCronJobFollowsTheConfiguration(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/approval.yaml"))
	spec := at(all["CronJob acme-tracktik-sync"], "spec")
	for path, want := range map[string]any{
		"schedule": "5 * * * *", "timeZone": "Australia/Sydney", "concurrencyPolicy": "Forbid", "suspend": false,
		"startingDeadlineSeconds": 300, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 5,
		"jobTemplate.spec.backoffLimit": 0, "jobTemplate.spec.template.spec.restartPolicy": "Never",
	} {
		var steps []any
		for step := range strings.SplitSeq(path, ".") {
			steps = append(steps, step)
		}
		if got := at(spec, steps...); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

func TestDaemonStaysUpAlone(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/daemon.yaml"))
	spec := at(all["Deployment acme-tracktik-sync"], "spec")
	if args := fmt.Sprint(at(spec, "template", "spec", "containers", 0, "args")); args != "[run]" {
		t.Errorf("it is called with %s", args)
	}
	if replicas, strategy := at(spec, "replicas"), at(spec, "strategy", "type"); replicas != 1 || strategy != "Recreate" {
		t.Errorf("%v replicas, %v: two would wait for one snapshot", replicas, strategy)
	}
	if all["CronJob acme-tracktik-sync"] != nil {
		t.Error("there is a CronJob beside it")
	}
}

// `helm test` asks both systems, with what a run has, and changes nothing.
func TestHelmTestRunsCheck(t *testing.T) {
	for name, file := range valueSets(t) {
		tests := 0
		for id, m := range manifests(t, render(t, "--values", file)) {
			if at(m, "metadata", "annotations", "helm.sh/hook") != "test" {
				continue
			}
			tests++
			if args := fmt.Sprint(at(m, "spec", "containers", 0, "args")); args != "[check]" {
				t.Errorf("%s, %s: it runs %s", name, id, args)
			}
			if restart := at(m, "spec", "restartPolicy"); restart != "Never" {
				t.Errorf("%s, %s: it is run again and again", name, id)
			}
		}
		if tests == 0 {
			t.Errorf("%s: helm test has nothing to run", name)
		}
	}
}

// Whoever has installed it knows the next three commands, with its own names in them.
func TestNotesNameTheNextThreeCommands(t *testing.T) {
	out, talk, err := helm(t, "install", "acme", chart, "--namespace", "hr", "--dry-run=client", "--values", "testdata/values/minimal.yaml")
	if err != nil {
		t.Fatal(err, talk)
	}
	_, notes, found := strings.Cut(out, "\nNOTES:\n")
	if !found {
		t.Fatalf("there are no notes in\n%s", out)
	}
	for _, line := range []string{
		"https://acme.okta.com -> https://acme.staffr.net, sync.mode observe (nothing is written to TrackTik)",
		"helm test acme --namespace hr --logs",
		"kubectl exec -n hr deploy/acme-tracktik-sync-console -- tracktik-sync plan",
		"helm upgrade acme CHART --namespace hr --reuse-values --set config.sync.mode=apply",
	} {
		before, after, found := strings.Cut(notes, line)
		if !found {
			t.Errorf("the notes lack, or have in another order, %q:\n%s", line, before)
			continue
		}
		notes = after
	}
}

// What others made is used, and neither made nor changed.
func TestWhatExistsIsUsed(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/existing.yaml"))
	for id := range all {
		switch kind, _, _ := strings.Cut(id, " "); kind {
		case "Secret", "ExternalSecret", "PersistentVolumeClaim", "ServiceAccount", "NetworkPolicy", "Deployment", "Job":
			t.Errorf("%s is made", id)
		}
	}
	spec := pods(all)["CronJob acme-tracktik-sync"]
	if console := variables(spec)["TRACKTIK_SYNC_CONSOLE"]; console != nil {
		t.Errorf("its messages name the console %v, which is not there", console)
	}
	for what, c := range map[string]struct{ got, want any }{
		"claim":   {at(spec, "volumes", 1, "persistentVolumeClaim", "claimName"), "snapshots"},
		"subPath": {at(spec, "containers", 0, "volumeMounts", 1, "subPath"), "acme"},
		"secret":  {at(spec, "volumes", 3, "secret", "secretName"), "vaulted"},
		"account": {spec["serviceAccountName"], "batch-jobs"},
	} {
		if c.got != c.want {
			t.Errorf("the %s is %v, want %v", what, c.got, c.want)
		}
	}
}

// The operator makes the very Secret that the pods mount, with the keys that the
// configuration reads.
func TestExternalSecretFeedsThePods(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/external.yaml"))
	external := all["ExternalSecret acme-tracktik-sync"]
	mounted := at(pods(all)["CronJob acme-tracktik-sync"], "volumes", 3, "secret", "secretName")
	if name := at(external, "spec", "target", "name"); name == nil || name != mounted {
		t.Errorf("the operator makes %v, the pods mount %v", name, mounted)
	}
	config, _ := at(all["ConfigMap acme-tracktik-sync"], "data", "tracktik-sync.yaml").(string)
	for i, key := range []string{"okta.auth.private_key", "tracktik.auth.client_secret", "tracktik.auth.password"} {
		if got := at(external, "spec", "data", i, "secretKey"); got != key {
			t.Errorf("secret %d is %v, want %s", i, got, key)
		}
		name := key[strings.LastIndex(key, ".")+1:]
		if !strings.Contains(config, name+"_file: "+key+"\n") {
			t.Errorf("the configuration does not read %s:\n%s", key, config)
		}
	}
}

// The pods call others, and nobody calls them.
func TestNetworkPolicyIsForTheChartsPodsAlone(t *testing.T) {
	all := manifests(t, render(t, "--values", "testdata/values/connections.yaml"))
	selector, _ := at(all["NetworkPolicy acme-tracktik-sync"], "spec", "podSelector", "matchLabels").(map[string]any)
	if len(selector) == 0 {
		t.Fatal("the policy is for every pod of the namespace")
	}
	for id, m := range all {
		for _, path := range [][]any{{"metadata", "labels"}, {"spec", "template", "metadata", "labels"}, {"spec", "jobTemplate", "spec", "template", "metadata", "labels"}} {
			labels, ok := at(m, path...).(map[string]any)
			if isPod := len(path) > 2 || strings.HasPrefix(id, "Pod "); !ok || !isPod {
				continue
			}
			for key, want := range selector {
				if labels[key] != want {
					t.Errorf("%s is not held by the policy: %s is %v, want %v", id, key, labels[key], want)
				}
			}
		}
	}
	if types := fmt.Sprint(at(all["NetworkPolicy acme-tracktik-sync"], "spec", "policyTypes")); types != "[Ingress Egress]" {
		t.Errorf("the policy is of the types %s", types)
	}
}
