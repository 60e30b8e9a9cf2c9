package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A workflow is what these tests read of one.
type workflow struct {
	Permissions any
	Jobs        map[string]struct {
		Needs       any
		Timeout     int `yaml:"timeout-minutes"`
		Permissions map[string]string
		Steps       []struct{ Uses, Run string }
	}
}

func workflowOf(t *testing.T, name string) (w workflow, text string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, ".github", "workflows", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	return w, string(data)
}

// runs are the commands of a job.
func (w workflow) runs(job string) string {
	var all strings.Builder
	for _, s := range w.Jobs[job].Steps {
		all.WriteString(s.Run + "\n")
	}
	return all.String()
}

// What a tag makes public went through the very steps that CI takes, and is made as
// everybody makes it from a checkout.
func TestReleaseIsMadeByTheScriptsOfCI(t *testing.T) {
	ci, _ := workflowOf(t, "ci.yml")
	release, _ := workflowOf(t, "release.yml")
	if got, want := release.runs("ci"), ci.runs("ci"); got != want || !strings.Contains(want, " .ci/run\n") {
		t.Errorf("a release is tested with\n%s, and CI runs\n%s", got, want)
	}
	for job, command := range map[string]string{
		"build": `make release VERSION="$GITHUB_REF_NAME"`, "oci": `make image VERSION="$GITHUB_REF_NAME"`,
		"sign": "sha256sum --check --strict SHA256SUMS",
	} {
		if !strings.Contains(release.runs(job), command) {
			t.Errorf("job %s does not call %s:\n%s", job, command, release.runs(job))
		}
	}
	for job, after := range map[string]any{"build": "ci", "sign": "build", "oci": "build", "publish": []any{"sign", "oci"}} {
		if got := release.Jobs[job].Needs; !equal(got, after) {
			t.Errorf("job %s waits for %v, want %v", job, got, after)
		}
	}
}

func equal(a, b any) bool {
	one, isOne := a.([]any)
	other, isOther := b.([]any)
	if isOne && isOther {
		return slices.Equal(one, other)
	}
	return isOne == isOther && a == b
}

// A job has the rights that it needs and no more, and one that builds or tests has none
// to write: what it downloads could otherwise publish in our name.
func TestJobsHaveTheLeastRights(t *testing.T) {
	release, text := workflowOf(t, "release.yml")
	want := map[string]map[string]string{
		"ci": {"contents": "read"}, "build": {"contents": "read"},
		"sign":    {"contents": "read", "id-token": "write", "attestations": "write"},
		"oci":     {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
		"publish": {"contents": "write"},
	}
	if given, ok := release.Permissions.(map[string]any); !ok || len(given) > 0 {
		t.Errorf("every job has %v", release.Permissions)
	}
	for name, job := range release.Jobs {
		if !maps.Equal(job.Permissions, want[name]) {
			t.Errorf("job %s has %v, want %v", name, job.Permissions, want[name])
		}
		if job.Timeout == 0 {
			t.Errorf("job %s may take for ever", name)
		}
	}
	if strings.Contains(text, "secrets.") {
		t.Error("a release needs a secret")
	}
	for _, s := range release.Jobs["publish"].Steps {
		if strings.HasPrefix(s.Uses, "actions/checkout") {
			t.Error("the job that may write to the repository runs what is in the checkout")
		}
	}
}

// A tag of somebody else's repository can be moved, a commit cannot.
func TestActionsArePinnedByCommit(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)
	uses := regexp.MustCompile(`(?m)^ *(?:- )?uses: (.*)$`)
	of := map[string]string{} // one commit an action, in all workflows
	for _, name := range []string{"ci.yml", "release.yml"} {
		_, text := workflowOf(t, name)
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			action, commit, _ := strings.Cut(match[1], "@")
			if !pinned.MatchString(match[1]) || of[action] != "" && of[action] != commit {
				t.Errorf("%s uses %s", name, match[1])
			}
			of[action] = commit
		}
	}
	if len(of) == 0 {
		t.Error("no action is used")
	}
}
