package kubetest

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// namespace is where the tests install: one in which only the restricted profile of
// pod security is admitted.
const namespace = "hr"

// makeNamespace makes the namespace and answers its name.
func makeNamespace(t *testing.T, name string) string {
	t.Helper()
	labels := map[string]string{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}
	_, err := started.client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return name
}

// dryCreate has the server do everything but store the object.
func dryCreate(t *testing.T, object *unstructured.Unstructured) error {
	t.Helper()
	client, err := dynamic.NewForConfig(started.config)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(started.client.Discovery()))
	kind := object.GroupVersionKind()
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Resource(mapping.Resource).Namespace(object.GetNamespace()).Create(t.Context(), object,
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
	return err
}

// makeServiceAccounts makes those of the manifests: no pod is admitted without its own.
func makeServiceAccounts(t *testing.T, documents []string) {
	t.Helper()
	for _, document := range documents {
		object := parse(t, document)
		if object.GetKind() != "ServiceAccount" {
			continue
		}
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: object.GetName()}}
		_, err := started.client.CoreV1().ServiceAccounts(object.GetNamespace()).Create(t.Context(), account, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
}

// makeForeign makes what value sets name without making it: a priority class, and an
// account of somebody else's.
func makeForeign(t *testing.T) {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "batch-jobs"}}
	if _, err := started.client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "batch"}, Value: 1}
	_, err := started.client.SchedulingV1().PriorityClasses().Create(t.Context(), class, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

func TestServerAcceptsEveryManifest(t *testing.T) {
	makeNamespace(t, namespace)
	makeForeign(t)
	for _, file := range valueSets(t) {
		documents := render(t, "--values", file)
		makeServiceAccounts(t, documents)
		for _, document := range documents {
			object := parse(t, document)
			if isCustom(object) || object.GetKind() == "ServiceAccount" {
				continue
			}
			if err := dryCreate(t, object); err != nil {
				t.Errorf("%s, %s %s: %v", filepath.Base(file), object.GetKind(), object.GetName(), err)
			}
		}
	}
}

// podOf is a Pod like those that a manifest would lead to; nil for one that leads to
// none. Pod security judges Pods only, and here is no controller to make them.
func podOf(object *unstructured.Unstructured) *unstructured.Unstructured {
	for _, path := range [][]string{{}, {"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
		template, found, err := unstructured.NestedMap(object.Object, path...)
		if err != nil || !found {
			continue
		}
		if _, isPod, _ := unstructured.NestedSlice(template, "spec", "containers"); !isPod {
			continue
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"name": object.GetName() + "-pod", "namespace": object.GetNamespace()},
			"spec":     template["spec"],
		}}
	}
	return nil
}

func TestEveryPodIsAdmittedUnderTheRestrictedProfile(t *testing.T) {
	makeNamespace(t, namespace)
	makeForeign(t)
	for _, file := range valueSets(t) {
		documents := render(t, "--values", file)
		makeServiceAccounts(t, documents)
		pods := 0
		for _, document := range documents {
			pod := podOf(parse(t, document))
			if pod == nil {
				continue
			}
			pods++
			if err := dryCreate(t, pod); err != nil {
				t.Errorf("%s, %s: %v", filepath.Base(file), pod.GetName(), err)
			}
		}
		if pods < 2 { // a run and a check at least
			t.Errorf("%s: only %d pods were looked at", filepath.Base(file), pods)
		}
	}
}

// The test above could pass because nothing is enforced.
func TestProfileIsEnforcedHere(t *testing.T) {
	makeNamespace(t, namespace)
	for _, set := range []string{"securityContext.allowPrivilegeEscalation=true", "podSecurityContext.runAsNonRoot=false", "securityContext.capabilities.drop=null"} {
		documents := render(t, "--values", values+"/minimal.yaml", "--set", set)
		makeServiceAccounts(t, documents)
		for _, document := range documents {
			pod := podOf(parse(t, document))
			if pod == nil {
				continue
			}
			if err := dryCreate(t, pod); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
				t.Errorf("%s: %s was admitted: %v", set, pod.GetName(), err)
			}
		}
	}
}
