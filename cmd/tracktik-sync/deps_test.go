package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "tracktik-sync"

// A layer is some packages of ours, and what they may know of the others. The
// picture is
//
//	sync/plan <- sync/mapping <- sync/read <- sync/decide <- sync/ask <- sync/explain, sync/compare <- sync
//	sync/read <- sync/links, sync/restore, sync/retire <- sync; sync/plan <- sync/apply <- sync
//	sync/plan <- okta, tracktik, state <- cmd
//	configs <- cmd
//	console, disk, timetable <- wiring <- ledger <- explain, watch, doctor <- support <- the commands; wiring <- setup <- the commands
//	okta/oktatest, tracktik/tracktiktest <- tests and the sandbox
type layer struct {
	packages []string // a name ending in / stands for everything below it
	mayUse   []string // of ours; everything else of ours is forbidden
	never    []string // of others and the standard library, imported directly
	why      string
}

var layers = []layer{
	{[]string{"sync/plan"}, []string{"sync/plan"},
		[]string{"context", "os", "net", "net/http", "log", "log/slog", "sync", "math/rand", "math/rand/v2", "github.com/sirupsen/logrus"},
		"decisions are values of values: no clock, no wire, no disk, nobody to talk to"},
	{[]string{"sync/trace"}, nil, nil, "an id in a context knows nothing of who sends it"},
	{[]string{"sync/mapping"}, []string{"sync/plan"}, []string{"os", "net/http", "github.com/sirupsen/logrus"},
		"mapping is part of the decision"},
	{[]string{"sync/apply"}, []string{"sync/plan", "sync/trace"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"what writes carries out a plan: it knows nothing of how a run reads or decides"},
	{[]string{"sync/read"}, []string{"sync/plan", "sync/mapping"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"what reads says what it was told and how far to believe it: it knows nothing of how a plan is carried out"},
	{[]string{"sync/decide"}, []string{"sync/plan", "sync/mapping", "sync/read"}, []string{"context", "net/http", "os", "go.etcd.io/bbolt"},
		"who decides asks nobody: there is no context to ask with"},
	{[]string{"sync/links", "sync/restore", "sync/retire"}, []string{"sync/plan", "sync/mapping", "sync/read"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"one command's thinking follows from a reading, whoever carries it out"},
	{[]string{"sync/ask"}, []string{"sync/plan", "sync/mapping", "sync/read", "sync/decide"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"what a decision needs is asked for before it is made, whoever carries it out"},
	{[]string{"sync/explain", "sync/compare"}, []string{"sync/plan", "sync/mapping", "sync/read", "sync/decide", "sync/ask"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"a view of what is read and decided has no way to write"},
	{[]string{"sync"}, []string{"sync/plan", "sync/mapping", "sync/read", "sync/decide", "sync/ask", "sync/explain", "sync/compare", "sync/links", "sync/restore", "sync/retire", "sync/apply", "sync/trace"}, []string{"net/http", "os", "go.etcd.io/bbolt"},
		"the engine declares its ports; cmd ties adapters to them"},
	{[]string{"okta", "tracktik"}, []string{"sync/plan", "sync/trace"}, nil,
		"an adapter satisfies the engine's ports without knowing it, and knows no other adapter"},
	{[]string{"state"}, []string{"sync/plan", "state/boltfile"}, nil, "the snapshot knows what it keeps, and nobody who asks"},
	{[]string{"state/boltfile"}, nil, []string{"go.etcd.io/bbolt"}, "the pages are checked before bbolt sees them"},
	{[]string{"configs"}, nil, nil, "the configuration is plain data; cmd translates it"},
	{[]string{"okta/oktatest", "tracktik/tracktiktest"}, nil, []string{"testing"},
		"a simulator that shares the client's types shares its mistakes, and one that takes a *testing.T cannot be demonstrated"},
	{[]string{inside + "ui", inside + "login", inside + "metrics", inside + "notify", inside + "report"}, []string{"sync/plan", inside + "ui", "cmd/internal/"}, nil,
		"what is shown, sent and measured comes from documents, not from the systems; a login is a client's affair, whom it is handed"},
	{[]string{inside + "probe"}, []string{"sync/plan", inside + "ui"}, nil,
		"what a portal does is tried through ports, and is no affair of a run's"},
	{[]string{inside + "console"}, []string{"sync/plan", "configs", inside + "ui"}, nil, "whoever talks to people needs no system"},
	{[]string{inside + "disk"}, []string{"sync/plan", "configs", "state", "state/boltfile"}, nil, "a file is written by the same rules whatever is in it"},
	{[]string{inside + "timetable"}, []string{"configs"}, nil, "when a run is due follows from the configuration alone"},
	{[]string{inside + "wiring"}, []string{"sync/", "sync", "okta", "tracktik", "state", "state/boltfile", "configs", inside + "console", inside + "disk", inside + "timetable", inside + "ui"}, nil,
		"the parts are put together before anybody uses them: it knows no command, and nobody who looks on"},
}

// inside is where the rooms of the command are.
const inside = "cmd/tracktik-sync/internal/"

// rooms says for the rooms above wiring which packages of ours they may import directly;
// through wiring they depend on all that is below it.
var rooms = []layer{
	{[]string{inside + "ledger"}, []string{"sync", "sync/plan", "state", "configs", inside + "wiring", inside + "timetable", inside + "ui"}, nil,
		"what the snapshot knows is told without asking a system"},
	{[]string{inside + "explain"}, []string{"sync", "sync/explain", "sync/plan", inside + "ledger", inside + "ui"}, nil,
		"it shows what the engine and the snapshot say"},
	{[]string{inside + "watch"}, []string{"sync", "sync/plan", "state", "configs", inside + "wiring", inside + "ledger", inside + "metrics", inside + "notify"}, nil,
		"whoever watches a run asks no system anything, and prints nothing"},
	{[]string{inside + "doctor"}, []string{"sync", "sync/plan", "sync/mapping", "okta", "tracktik", "state", "configs", inside + "disk", inside + "wiring", inside + "ledger", inside + "ui"}, nil,
		"it looks at what a run needs, and makes none"},
	{[]string{inside + "setup"}, []string{"sync/plan", "configs", inside + "console", inside + "wiring", inside + "ui"}, nil,
		"it asks what a configuration must say, and writes no file"},
	{[]string{inside + "support"}, []string{"sync/plan", "state", "configs", inside + "console", inside + "wiring", inside + "doctor"}, nil,
		"it tells what others found, and lets no person and no secret through"},
}

// onlyUsers says who alone may import a package directly, tests aside.
var onlyUsers = []struct {
	prefix string
	users  []string
	why    string
}{
	{module + "/sync$", []string{"cmd/"}, "the adapters must not depend on who drives them"},
	{"github.com/okta/okta-sdk-golang", []string{"okta"}, "one package knows the SDK, its traps and its types"},
	{"go.etcd.io/bbolt", []string{"state"}, "one package knows how the snapshot is stored"},
	{"github.com/spf13/viper", []string{"configs"}, "one package knows where a value comes from"},
	{"github.com/spf13/cobra", []string{"cmd/tracktik-sync", "cmd/tracktik-sandbox"}, "flags are the programs' affair: a room is handed values"},
	{"github.com/robfig/cron", []string{"cmd/tracktik-sync/internal/timetable"}, "a run does not know who calls it"},
}

// A listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// isIn reports whether name is one of packages, or a part inside one.
func isIn(name string, packages []string) bool {
	return slices.ContainsFunc(packages, func(p string) bool {
		return name == p || strings.HasPrefix(name, p+"/internal/") || strings.HasSuffix(p, "/") && strings.HasPrefix(name, p)
	})
}

func TestImportsGoOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range goList(t) {
		seen[p.name()] = true
		for _, l := range layers {
			if isIn(p.name(), l.packages) {
				checkLayer(t, p, l)
			}
		}
		for _, l := range rooms {
			if isIn(p.name(), l.packages) {
				checkRoom(t, p, l)
			}
		}
		checkUsers(t, p)
	}
	for name := range seen {
		described := func(l layer) bool { return isIn(name, l.packages) }
		if strings.HasPrefix(name, inside) && !strings.HasSuffix(name, "test") && !slices.ContainsFunc(slices.Concat(layers, rooms), described) {
			t.Errorf("no rule says what %s may import", name)
		}
	}
	for _, l := range slices.Concat(layers, rooms) {
		for _, name := range l.packages {
			if !strings.HasSuffix(name, "/") && !seen[name] {
				t.Errorf("the table names %s, which does not exist", name)
			}
		}
	}
}

func checkLayer(t *testing.T, p listed, l layer) {
	t.Helper()
	for _, dep := range p.Deps {
		if name, ours := strings.CutPrefix(dep, module+"/"); ours && !isIn(name, l.mayUse) {
			t.Errorf("%s depends on %s: %s", p.name(), name, l.why)
		}
	}
	for _, dep := range p.Imports {
		if slices.Contains(l.never, dep) {
			t.Errorf("%s imports %s: %s", p.name(), dep, l.why)
		}
	}
}

func checkRoom(t *testing.T, p listed, l layer) {
	t.Helper()
	for _, dep := range p.Imports {
		if name, ours := strings.CutPrefix(dep, module+"/"); ours && !isIn(name, l.mayUse) {
			t.Errorf("%s imports %s: %s", p.name(), name, l.why)
		}
	}
}

func checkUsers(t *testing.T, p listed) {
	t.Helper()
	for _, only := range onlyUsers {
		exact, isExact := strings.CutSuffix(only.prefix, "$")
		for _, dep := range p.Imports {
			hit := dep == exact || !isExact && strings.HasPrefix(dep, only.prefix)
			if hit && !isIn(p.name(), only.users) {
				t.Errorf("%s imports %s: %s", p.name(), dep, only.why)
			}
		}
	}
}

// TestDecidingAsksNobody holds that package decide uses none of the ports that its reading
// has: what it needs has been asked for before.
func TestDecidingAsksNobody(t *testing.T) {
	files, err := filepath.Glob("../../sync/decide/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of package decide: %v", err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue // a test makes a reading up
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Source", "Target", "Snapshot"}, s.Sel.Name) {
				t.Errorf("%s uses %s: a decision follows from the facts", filepath.Base(path), s.Sel.Name)
			}
			return true
		})
	}
}
