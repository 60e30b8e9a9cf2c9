package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// TestReferenceIsMadeOfTheProgram holds the pages of the reference to the keys and
// the commands that there are.
func TestReferenceIsMadeOfTheProgram(t *testing.T) {
	root := newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard))
	for name, want := range map[string]string{"configuration.md": configurationPage(), "commands.md": commandsPage(root), "program.md": programPage()} {
		got, err := os.ReadFile(filepath.Join(top, "configs/docs/reference", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not what the program is now; `make docs` writes it anew:\n%s", name, diff)
		}
	}
}

// TestManualPagesKnowEveryCodeAndFile holds what all manual pages say to the exit codes
// and the files that there are.
func TestManualPagesKnowEveryCodeAndFile(t *testing.T) {
	var codes []int
	for _, status := range exitStatus {
		code, err := strconv.Atoi(status.name)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	want := slices.Sorted(slices.Values(precedence))
	if !slices.Equal(codes, want) {
		t.Errorf("the manual pages explain the exit codes %v, and the program has %v", codes, want)
	}
	order := strings.NewReplacer("[", "", "]", "", " ", ", ").Replace(fmt.Sprint(precedence))
	if !strings.Contains(exitOrder, order) {
		t.Errorf("%q does not name the order %s", exitOrder, order)
	}
	endings := slices.Sorted(maps.Keys(besides))
	if want := slices.Sorted(slices.Values(state.Endings())); !slices.Equal(endings, want) {
		t.Errorf("the manual pages explain the files %q, and the program keeps %q", endings, want)
	}
}

const troubleshooting = "configs/docs/troubleshooting.md"

// TestEveryCodeIsExplainedToPeople holds the troubleshooting page to the codes that the
// program can show: each is there once, and no other.
func TestEveryCodeIsExplainedToPeople(t *testing.T) {
	page := onePage(t, troubleshooting)
	decisions := filepath.Join(top, "sync/plan")
	problems, held := constants(t, decisions, "Problem"), constants(t, decisions, "Held")
	var warnings []string // of whichever package below sync finds them
	if err := filepath.WalkDir(filepath.Join(top, "sync"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() != "testdata" {
			warnings = append(append(warnings, constants(t, path, "Warn")...), constants(t, path, "warn")...)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// A run that observes only warns of what would refuse one that writes.
	warnings = append(warnings, plan.HeldClock, "second_provisioner", "second_connection")
	for heading, want := range map[string][]string{
		"## People with a problem": problems,
		"## Held actions":          held,
		"## Warnings":              warnings,
		"### Guards by kind":       configs.GuardKinds(),
	} {
		if len(want) < 3 {
			t.Fatalf("the codes for %q are not found: %q", heading, want)
		}
		got := firstCells(page.section(t, heading))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %q lists other codes than the program has (- the program, + the page):\n%s", page.path, heading, diff)
		}
	}
	for _, code := range append(problems, held...) {
		if ui.ProblemWays[code]+ui.HeldWays[code] == "" {
			t.Errorf("`problems` knows no way out of %s", code)
		}
	}
}

// TestEveryExitCodeIsExplainedToPeople holds the page to the codes and to the words of
// the last line on stderr, by which people look for it.
func TestEveryExitCodeIsExplainedToPeople(t *testing.T) {
	page := onePage(t, troubleshooting)
	var want []string
	for _, code := range precedence {
		want = append(want, strconv.Itoa(code))
	}
	got := firstCells(page.section(t, "## Exit codes"))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the exit codes (- the program, + the page):\n%s", diff)
	}
	errs := []error{
		usage(""), configs.Findings{}, &state.KeyError{}, &state.LockedError{}, &state.LockedError{Readers: true}, &state.BindingError{},
		&wiring.MissingError{}, &tsync.QuarantineError{}, &tsync.StoppedError{}, errors.New("anything else"), problemsVerdict(1, 1),
	}
	for _, code := range constants(t, filepath.Join(top, "sync"), "Refused") {
		errs = append(errs, &tsync.RefusedError{Code: code})
	}
	known := spans(page.text)
	for _, err := range errs {
		if words := judge(err).endings[0].words; !slices.Contains(known, words) {
			t.Errorf("the page does not have the words %q", words)
		}
	}
}

// TestEveryMessageOnThePageIsOneOfTheProgram holds the texts by which people look for a
// failure or a refusal to those in the code; … stands for what differs.
func TestEveryMessageOnThePageIsOneOfTheProgram(t *testing.T) {
	page, code := onePage(t, troubleshooting), sources(t)
	var messages []string
	for _, heading := range []string{"### Guards", "## A run failed (exit 1)"} {
		for line := range strings.Lines(page.section(t, heading)) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			messages = append(messages, spans(strings.Split(line, "|")[1])...)
		}
	}
	if len(messages) < 15 {
		t.Fatalf("the messages are not found: %q", messages)
	}
	for _, message := range messages {
		for _, part := range strings.Split(strings.ReplaceAll(message, "KIND", "%s"), "…") {
			if part = strings.TrimSpace(part); len(part) > 3 && !strings.Contains(code, part) {
				t.Errorf("%q is in no text of the program, and the page has it in %q", part, message)
			}
		}
	}
}

// TestEveryLinkOfThePagesLeadsSomewhere follows the links within the checkout, to the
// headings as well.
func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for _, p := range all {
		anchors[p.path] = p.anchors()
	}
	for _, p := range all {
		for _, match := range linkTarget.FindAllStringSubmatch(p.prose(), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			name, anchor, _ := strings.Cut(match[1], "#")
			target := p.path
			if name != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), name))
			}
			if _, err := os.Stat(filepath.Join(top, target)); err != nil {
				t.Errorf("%s: the link %s leads nowhere", p.path, match[1])
			} else if anchor != "" && !anchors[target][anchor] {
				t.Errorf("%s: %s has no heading for the link %s", p.path, target, match[1])
			}
		}
	}
}

// TestEveryCommandOfThePagesExists parses what the pages tell people to type, as the
// program itself would.
func TestEveryCommandOfThePagesExists(t *testing.T) {
	count := 0
	for _, p := range pages(t) {
		var lines []string
		for _, block := range p.blocks("console") {
			lines = append(lines, typed(block)...)
		}
		lines = append(lines, p.blocks("sh")...)
		whole := len(lines)
		for _, span := range spans(p.prose()) {
			if strings.HasPrefix(span, "tracktik-sync ") {
				lines = append(lines, span)
			}
		}
		for i, line := range lines {
			for _, args := range invocations(t, line) {
				count++
				if err := parses(args, i < whole); err != nil {
					t.Errorf("%s: `%s`: %v", p.path, line, err)
				}
			}
		}
	}
	if count < 50 {
		t.Errorf("%d commands were found: the pages are not read as they are written", count)
	}
}

// parses reports what is wrong with a command line; it does nothing. One that is only
// mentioned may lack its arguments.
func parses(args []string, whole bool) error {
	root := newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard))
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	if cmd.HasSubCommands() && cmd != root {
		return errors.New("it is not a command, and has some")
	}
	if !whole {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

var (
	keyLike      = regexp.MustCompile(`^(okta|tracktik|sync|guard|schedule|state|log|notify|metrics)\.[a-z_]+[a-z_.]*(: .*)?$`)
	notKeys      = regexp.MustCompile(`^okta\.([a-zA-Z]+\.(read|manage)|pem|provisioning)$`) // scopes, the key's file, and a check
	variableLike = regexp.MustCompile(configs.EnvPrefix + `[A-Z_]+`)
)

// TestEveryKeyOfThePagesExists holds what the pages say of the configuration to the
// keys that there are: in prose, in YAML, and as variables.
func TestEveryKeyOfThePagesExists(t *testing.T) {
	known, variables := map[string]string{}, map[string]bool{configs.EnvConfig: true, configs.EnvApprove: true, configs.EnvConsole: true}
	for _, key := range configs.Keys() {
		known[key.Path], variables[key.Env] = key.Type, true
		for at, char := range key.Path {
			if char == '.' {
				known[key.Path[:at]] = "section"
			}
		}
	}
	for _, p := range pages(t) {
		if p.path == "configs/helm/tracktik-sync/README.md" {
			continue // its keys are the chart's
		}
		for _, span := range spans(p.prose()) {
			if path, _, _ := strings.Cut(span, ":"); keyLike.MatchString(span) && !notKeys.MatchString(span) && known[path] == "" {
				t.Errorf("%s: there is no key %s", p.path, path)
			}
		}
		for _, name := range variableLike.FindAllString(p.text, -1) {
			if name != configs.EnvPrefix && !variables[name] {
				t.Errorf("%s: there is no variable %s", p.path, name)
			}
		}
		for _, block := range p.blocks("yaml") {
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(block), &root); err != nil || len(root.Content) != 1 {
				t.Errorf("%s: no YAML: %v\n%s", p.path, err, block)
				continue
			}
			for _, path := range unknownKeys(root.Content[0], "", known) {
				t.Errorf("%s: there is no key %s", p.path, path)
			}
		}
	}
}

// unknownKeys are the paths in a mapping that are no keys of the configuration.
func unknownKeys(node *yaml.Node, prefix string, known map[string]string) []string {
	var unknown []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		path := prefix + node.Content[i].Value
		switch known[path] {
		case "":
			unknown = append(unknown, path)
		case "section":
			unknown = append(unknown, unknownKeys(node.Content[i+1], path+".", known)...)
		}
	}
	return unknown
}
