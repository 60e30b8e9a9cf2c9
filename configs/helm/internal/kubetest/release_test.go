package kubetest

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The life of a release. Hooks are left out, since nothing here runs their pods;
// what they would be is asked for with a dry run.
func TestReleaseLivesAndLeavesItsSnapshot(t *testing.T) {
	ns := makeNamespace(t, "life")
	args := []string{"acme", chart, "--namespace", ns, "--values", values + "/minimal.yaml"}
	with := func(verb string, more ...string) []string { return append(append([]string{verb}, args...), more...) }
	core := started.client.CoreV1()

	if first := helm(t, with("install", "--dry-run=server")...); !strings.Contains(first, "acme-tracktik-sync-state-init") {
		t.Error("the first install makes no snapshot")
	}
	helm(t, with("install", "--no-hooks")...)
	claim, err := core.PersistentVolumeClaims(ns).Get(t.Context(), "acme-tracktik-sync", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantJob(t, ns, "", "observe")

	helm(t, with("upgrade", "--no-hooks", "--set", "approve=0a1b2c,config.sync.mode=apply")...)
	wantJob(t, ns, "0a1b2c", "apply")

	helm(t, "rollback", "acme", "1", "--namespace", ns, "--no-hooks")
	wantJob(t, ns, "", "observe")

	helm(t, "uninstall", "acme", "--namespace", ns, "--no-hooks")
	if _, err := started.client.BatchV1().CronJobs(ns).Get(t.Context(), "acme-tracktik-sync", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the uninstall the CronJob is there: %v", err)
	}
	kept, err := core.PersistentVolumeClaims(ns).Get(t.Context(), "acme-tracktik-sync", metav1.GetOptions{})
	if err != nil || kept.UID != claim.UID || kept.DeletionTimestamp != nil {
		t.Fatalf("the uninstall took the snapshot's claim: %v", err)
	}

	if again := helm(t, with("install", "--dry-run=server")...); strings.Contains(again, "acme-tracktik-sync-state-init") {
		t.Error("an install that finds the claim of before would make a snapshot over it")
	}
	helm(t, with("install", "--no-hooks")...)
	wantJob(t, ns, "", "observe")
}

// wantJob looks at the approval of the CronJob and the mode of its configuration.
func wantJob(t *testing.T, ns, approve, mode string) {
	t.Helper()
	job, err := started.client.BatchV1().CronJobs(ns).Get(t.Context(), "acme-tracktik-sync", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := variable(job, "TRACKTIK_SYNC_APPROVE"); got != approve {
		t.Errorf("the CronJob has the approval %q, want %q", got, approve)
	}
	if job.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Errorf("two jobs may run at one time: %s", job.Spec.ConcurrencyPolicy)
	}
	config, err := started.client.CoreV1().ConfigMaps(ns).Get(t.Context(), "acme-tracktik-sync", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text := config.Data["tracktik-sync.yaml"]; !strings.Contains(text, "mode: "+mode) {
		t.Errorf("the configuration's mode is not %s:\n%s", mode, text)
	}
}

func variable(job *batchv1.CronJob, name string) string {
	for _, v := range job.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// A release of many portals, of a process that stays up, of what others made, and one
// with an approval, install too.
func TestOtherShapesInstall(t *testing.T) {
	for name, more := range map[string][]string{
		"connections": nil,
		"existing":    nil,
		"approval":    nil,
		"daemon":      {"--set", "externalSecret.data=null,existingSecret=tracktik-sync"},
	} {
		ns := makeNamespace(t, "shape-"+name)
		args := append([]string{"install", "acme", chart, "--namespace", ns, "--no-hooks", "--values", values + "/" + name + ".yaml"}, more...)
		out, err := tryHelm(t, args...)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
