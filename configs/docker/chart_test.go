package docker_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A pod of the chart, as far as running it needs.
type pod struct {
	Containers []struct {
		Args []string
		Env  []struct {
			Name, Value string
			ValueFrom   struct {
				ResourceFieldRef struct{ Resource string } `yaml:"resourceFieldRef"`
			} `yaml:"valueFrom"`
		}
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	Volumes []struct {
		Name      string
		ConfigMap *struct{ Name string } `yaml:"configMap"`
		Secret    *struct {
			SecretName string `yaml:"secretName"`
		}
		EmptyDir *struct{} `yaml:"emptyDir"`
	}
}

// A manifest is any that the chart renders; pods stand at different depths.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Secrets  map[string]string `yaml:"stringData"`
	Spec     struct {
		pod      `yaml:",inline"`
		Template struct{ Spec pod }
		Job      struct {
			Spec struct{ Template struct{ Spec pod } }
		} `yaml:"jobTemplate"`
	}
}

// rendered answers the chart's manifests by kind and name.
func rendered(t *testing.T, values string) map[string]manifest {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("HELM"), "template", "acme", "../helm/tracktik-sync", "--values", values)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]manifest{}
	for decoder := yaml.NewDecoder(bytes.NewReader(out)); ; {
		var m manifest
		if err := decoder.Decode(&m); err != nil {
			return found
		}
		found[m.Kind+" "+m.Metadata.Name] = m
	}
}

// kubelet runs a pod of the chart as a node would: with its files, variables and
// arguments, in the locked container of the other tests.
func kubelet(t *testing.T, all map[string]manifest, p pod, claim string) (stdout, stderr string, code int) {
	t.Helper()
	dir, args := t.TempDir(), []string{"--network", "host"}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, volume := range p.Volumes {
		sources[volume.Name] = claim
		var files map[string]string
		switch {
		case volume.EmptyDir != nil:
			sources[volume.Name] = ""
			continue
		case volume.ConfigMap != nil:
			files = all["ConfigMap "+volume.ConfigMap.Name].Data
		case volume.Secret != nil:
			files = all["Secret "+volume.Secret.SecretName].Secrets
		default:
			continue
		}
		sources[volume.Name] = filepath.Join(dir, volume.Name)
		err := os.Mkdir(sources[volume.Name], 0o755)
		for name, text := range files { // root's, and readable for the pod's group
			path := filepath.Join(sources[volume.Name], name)
			err = errors.Join(err, os.WriteFile(path, []byte(text), 0o440), os.Chown(path, 0, user))
		}
		if err != nil || len(files) == 0 {
			t.Fatalf("volume %s: %v", volume.Name, err)
		}
	}
	container := p.Containers[0]
	for _, mount := range container.VolumeMounts {
		source, known := sources[mount.Name]
		if !known {
			t.Fatalf("there is no volume %s", mount.Name)
		}
		if source != "" { // the locked container has a /tmp
			args = append(args, "-v", source+":"+mount.MountPath+map[bool]string{true: ":ro"}[mount.ReadOnly])
		}
	}
	for _, v := range container.Env {
		value := v.Value
		if v.ValueFrom.ResourceFieldRef.Resource == "limits.memory" {
			value = strings.ToUpper(memoryLimit(t)) + "iB"
		}
		args = append(args, "--env", v.Name+"="+value)
	}
	return podman(t, append(locked(t, args...), container.Args...)...)
}

// What the chart renders runs in the image: the snapshot is made, `check` of helm test
// is content, a run provisions, and the console reads the snapshot.
func TestChartsPodsDoTheirWork(t *testing.T) {
	podman(t, "version") // skips before anything is built
	all := rendered(t, valuesFor(t, filepath.Join(sandbox(t), "tracktik-sync.yaml")))
	claim := filepath.Join(t.TempDir(), "claim")
	if err := errors.Join(os.Mkdir(claim, 0o770), os.Chmod(claim, 0o2770), os.Chown(claim, 0, user)); err != nil {
		t.Fatal(err)
	}
	const name = "acme-tracktik-sync"
	console := all["Deployment "+name+"-console"].Spec.Template.Spec
	if len(console.Containers) != 1 {
		t.Fatalf("there is no console among %v", slices.Sorted(maps.Keys(all)))
	}
	console.Containers[0].Args = []string{"status", "--format", "json"} // by kubectl exec
	for _, c := range []struct {
		what string
		pod  pod
	}{
		{"state init", all["Job "+name+"-state-init"].Spec.Template.Spec},
		{"check", all["Pod "+name+"-check"].Spec.pod},
		{"sync", all["CronJob "+name].Spec.Job.Spec.Template.Spec},
		{"status", console},
	} {
		if len(c.pod.Containers) != 1 || !strings.HasPrefix(command(c.pod.Containers[0].Args), c.what) {
			t.Fatalf("the pod for %s is %+v", c.what, c.pod)
		}
		out, talk, code := kubelet(t, all, c.pod, claim)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s%s", c.what, code, out, talk)
		}
		if c.what != "status" {
			continue
		}
		var status struct{ Managed int }
		if err := json.Unmarshal([]byte(out), &status); err != nil || status.Managed < 200 {
			t.Errorf("%d people are managed: %v\n%s", status.Managed, err, out)
		}
	}
}

// command returns what the arguments ask for, without a flag that stands before it.
func command(args []string) string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	return strings.Join(args, " ")
}

// valuesFor makes of the sandbox's configuration values of the chart, with the secrets
// where they belong.
func valuesFor(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]any{}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "state") // the chart knows where the snapshot is
	secrets := map[string]any{}
	for _, key := range []string{"okta.auth.api_token", "tracktik.auth.client_secret", "tracktik.auth.password"} {
		parts := strings.Split(key, ".")
		auth, ok := config[parts[0]].(map[string]any)["auth"].(map[string]any)
		if !ok || auth[parts[2]] == nil {
			t.Fatalf("the sandbox's configuration has no %s", key)
		}
		secrets[key] = auth[parts[2]]
		delete(auth, parts[2])
	}
	text, err := yaml.Marshal(map[string]any{"config": config, "secrets": secrets})
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := errors.Join(err, os.WriteFile(values, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return values
}
