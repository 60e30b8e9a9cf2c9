package kubetest

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"
)

const (
	chart  = "../../tracktik-sync"
	values = "../../testdata/values"
)

// valueSets are the files with values that the golden files are made of, too.
func valueSets(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(values + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no value sets: %v", err)
	}
	return files
}

// render answers the chart's manifests, each as YAML.
func render(t *testing.T, args ...string) []string {
	t.Helper()
	out := helm(t, append([]string{"template", "acme", chart, "--namespace", namespace}, args...)...)
	var documents []string
	for _, document := range strings.Split("\n"+out, "\n---\n") {
		if strings.Contains(document, "\nkind:") {
			documents = append(documents, document)
		}
	}
	if len(documents) == 0 {
		t.Fatal("nothing was rendered")
	}
	return documents
}

func parse(t *testing.T, document string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(document), &object.Object); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return object
}

// isCustom reports whether a kind is not of the API server itself.
func isCustom(object *unstructured.Unstructured) bool {
	group := object.GroupVersionKind().Group
	return strings.HasPrefix(group, "monitoring.coreos.com") || strings.HasPrefix(group, "external-secrets.io")
}

// A misspelt field is dropped in silence by a lenient decoder, and with it what it
// was meant to forbid.
func TestEveryManifestIsOfItsType(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, monitoringv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, file := range valueSets(t) {
		for _, document := range render(t, "--values", file) {
			object := parse(t, document)
			if object.GetKind() == "ExternalSecret" {
				continue // its types are in no module that can be had without the operator
			}
			if _, _, err := decoder.Decode([]byte(document), nil, nil); err != nil {
				t.Errorf("%s, %s %s: %v", filepath.Base(file), object.GetKind(), object.GetName(), err)
			}
		}
	}
	misspelt := bytes.Replace([]byte(render(t, "--values", values+"/minimal.yaml")[0]), []byte("policyTypes"), []byte("policyTipes"), 1)
	if _, _, err := decoder.Decode(misspelt, nil, nil); err == nil {
		t.Error("the decoder lets a misspelt field pass")
	}
}
