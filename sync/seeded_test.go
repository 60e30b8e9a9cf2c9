package sync_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/plan"
)

var worldsDir = flag.String("worlds.dir", "", "where the seeded worlds are written down, or held to what stands there already; empty: each is held to itself")

// allWorlds is how many worlds are compared with what is written down, someWorlds how
// many with themselves.
const (
	allWorlds  = 40
	someWorlds = 8
)

// Seeded companies live through hires, leavers, hand edits and lost replies. What each
// of their commands plans, does, asks and remembers follows from the seed alone. Whoever
// moves code writes all of it down before (-worlds.dir), and compares after each step.
func TestEqualWorldsMakeEqualPlans(t *testing.T) {
	n := uint64(someWorlds)
	if *worldsDir != "" {
		n = allWorlds
	}
	for seed := range n {
		t.Run(fmt.Sprintf("world %02d", seed), func(t *testing.T) {
			got := newSeededWorld(t, seed).story()
			want := got
			if *worldsDir == "" {
				want = newSeededWorldBeside(t, seed).story()
			} else if path := filepath.Join(*worldsDir, fmt.Sprintf("%02d.txt", seed)); !exists(path) {
				writeWorld(t, path, got)
			} else {
				want = readWorld(t, path)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("world %d is another one: %s", seed, firstDifference(got, want))
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func writeWorld(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readWorld(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// firstDifference shows where two texts part.
func firstDifference(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n%s\ngot  %s\nwant %s", i+1, strings.Join(a[max(0, i-4):i], "\n"), a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// story lives through the world, and tells of each command what was planned, done,
// asked and remembered.
func (g *seededWorld) story() []byte {
	g.Helper()
	for n := range g.steps {
		happened := g.happen()
		if n == 0 {
			happened = nil
		}
		name, command := g.command(n)
		fmt.Fprintf(&g.out, "== %d %s; %s\n", n, name, strings.Join(happened, ", "))
		g.org.ResetRequests()
		g.portal.ResetRequests()
		said, err := command()
		if err != nil {
			fmt.Fprintf(&g.out, "error %s\n", err)
		}
		g.tell(said)
		g.requests()
	}
	g.remembered()
	fmt.Fprintf(&g.out, "== portal\n%s", g.outcome())
	return g.settledText()
}

// tell writes a document, one line for each thing in it.
func (g *seededWorld) tell(said any) {
	g.Helper()
	switch said := said.(type) {
	case *plan.Document:
		if said == nil {
			return
		}
		fmt.Fprintf(&g.out, "plan %s %s hash %s config %s evidence %q\n", said.ID, said.Mode, said.Hash, said.PlanFingerprint, said.Evidence)
		g.lines("option", said.Options)
		g.lines("source", said.Source)
		each(g, "action", said.Actions)
		each(g, "held", said.Held)
		each(g, "problem", said.Problems)
		each(g, "warning", said.Warnings)
		g.lines("guard", said.Guard)
		g.lines("result", said.Result)
	case nil:
	default:
		g.lines("answer", said)
	}
}

func (g *seededWorld) lines(name string, value any) {
	g.Helper()
	text, err := json.Marshal(value)
	g.must(err)
	fmt.Fprintf(&g.out, "%s %s\n", name, text)
}

func each[T any](g *seededWorld, name string, list []T) {
	g.Helper()
	for i := range list {
		g.lines(name, list[i])
	}
}

// requests writes what was asked, sorted: what goes side by side has no order.
func (g *seededWorld) requests() {
	n := map[string]int{}
	for _, r := range g.org.Requests() {
		n["okta "+r.Method+" "+r.Path+query(r.Query)]++
	}
	for _, r := range g.portal.Requests() {
		body := r.Body
		if strings.Contains(r.Path, "oauth2") {
			body = ""
		}
		n["tracktik "+r.Method+" "+r.Path+query(r.Query)+" "+body]++
	}
	for _, key := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&g.out, "%d× %s\n", n[key], key)
	}
}

func query(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	text, err := url.QueryUnescape(q.Encode())
	if err != nil {
		panic(err)
	}
	return "?" + text
}

// remembered writes the whole snapshot.
func (g *seededWorld) remembered() {
	g.Helper()
	fmt.Fprintln(&g.out, "== snapshot")
	meta, err := g.db.Meta()
	g.must(err)
	g.lines("meta", meta)
	for link, err := range g.db.Links() {
		g.must(err)
		g.lines("link", link)
	}
	for former, err := range g.db.Formers() {
		g.must(err)
		g.lines("former", former)
	}
	groups, err := g.db.Groups()
	g.must(err)
	for _, group := range groups {
		members, known, err := g.db.Members(group.Group)
		g.must(err)
		g.lines("group", group)
		g.lines("members", []any{known, members})
	}
	for grant, err := range g.db.Grants() {
		g.must(err)
		g.lines("grant", grant)
	}
	for mark, err := range g.db.Prints() {
		g.must(err)
		g.lines("mark", []any{mark.Person, mark.Employee, mark.Open, mark.Print != plan.Print{}}) // of what a print is made differs
	}
	troubles, err := g.db.Troubles()
	g.must(err)
	each(g, "problem", troubles)
	pending, err := g.db.Pending()
	g.must(err)
	each(g, "pending", pending)
	runs, err := g.db.Runs(0)
	g.must(err)
	for _, run := range runs {
		run.Document = nil
		g.lines("run", run)
	}
	for audit, err := range g.db.Audits(state.Query{}) {
		g.must(err)
		g.lines("audit", audit)
	}
}

var (
	requestID = regexp.MustCompile(`"request(_id)?":"[^"]*"|, request [0-9A-Za-z-]+|\(request [^)]*\)`)
	localHost = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// settledText is the story without what differs from one time to the next.
func (g *seededWorld) settledText() []byte {
	text := requestID.ReplaceAll(g.out.Bytes(), []byte(`"request":"-"`))
	return localHost.ReplaceAll(text, []byte("host"))
}

// command draws what an administrator or the schedule does next.
func (g *seededWorld) command(n int) (string, func() (any, error)) {
	ctx := context.Background()
	sync := func(opt tsync.RunOptions) func() (any, error) {
		return func() (any, error) {
			g.pass(15 * 60e9)
			doc, err := g.build().RunOnce(ctx, opt)
			return doc, err
		}
	}
	someone := func() string { return cmp.Or(g.users[g.names[g.rng.IntN(len(g.names))]], mail(g.names[0])) }
	if n == 0 || n == g.steps-1 {
		return "sync", sync(tsync.RunOptions{})
	}
	switch g.rng.IntN(14) {
	case 0, 1:
		return "sync --refresh", sync(refreshed)
	case 2:
		return "sync --no-removals", sync(tsync.RunOptions{NoRemovals: true})
	case 3:
		return "plan", func() (any, error) { return g.build().Plan(ctx, tsync.RunOptions{}) }
	case 4, 5:
		who := someone()
		return "sync --user " + who, sync(tsync.RunOptions{Users: []string{who}})
	case 6:
		who := someone()
		return "explain " + who, func() (any, error) {
			return g.build().Explain(ctx, who, plan.UserRef{ID: plan.PersonID(who)})
		}
	case 7:
		return "compare", func() (any, error) { return g.build().Compare(ctx, compare.Observed{}) }
	case 8:
		return "restore", g.restoreLast
	}
	return "sync", sync(tsync.RunOptions{})
}

// restoreLast brings back whom the latest run with terminations terminated.
func (g *seededWorld) restoreLast() (any, error) {
	opt := tsync.RestoreOptions{}
	for audit, err := range g.db.Audits(state.Query{}) {
		g.must(err)
		if audit.Kind != string(plan.Terminate) || audit.Outcome != plan.Done {
			continue
		}
		if audit.Run != opt.Run {
			opt = tsync.RestoreOptions{Run: audit.Run}
		}
		opt.Terminated = append(opt.Terminated, tsync.Terminated{User: plan.UserRef{ID: audit.Person, Login: audit.Login}, Employee: audit.Employee})
	}
	if opt.Run == "" {
		return nil, nil
	}
	doc, err := g.restore(opt)
	return doc, err
}
