package sync_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/okta"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
	"tracktik-sync/tracktik/tracktiktest"
)

// A clock stands still until somebody waits on it, or a test lets time pass. All
// parts of a world share one.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	return ctx.Err()
}

// A world is an Okta org, a TrackTik portal, a snapshot, and what the engine is
// configured with. Its people and groups go by short names.
type world struct {
	testing.TB
	*clock
	org    *oktatest.Server
	portal *tracktiktest.Server
	app    string
	path   string
	db     *state.DB
	users  map[string]string // Okta id by name
	groups map[string]string

	policy  plan.Policy
	limits  plan.Limits
	push    tsync.GroupRules
	mapping mapping.Config
	// timeout is that of one call, which passes for real.
	timeout time.Duration
	change  func(*tsync.Engine)                 // the last word on the engine; nil: none
	wrap    func(tsync.Snapshot) tsync.Snapshot // what stands before the snapshot; nil: nothing
	wrong   time.Duration                       // how far the machine's clock is ahead of both systems'
	auth    func(*tracktik.Auth)                // other credentials; nil: the right ones
	engine  *tsync.Engine                       // of the last run
}

// newWorld is an empty world in which groups named "Site *" are pushed. Worlds share
// nothing, and mostly wait for the disk: their tests run side by side.
func newWorld(t testing.TB) *world {
	t.Helper()
	if t, ok := t.(interface{ Parallel() }); ok {
		t.Parallel()
	}
	return newQuietWorld(t)
}

// newQuietWorld is newWorld for a test that has one already.
func newQuietWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, clock: &clock{at: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)}, org: oktatest.NewServer(), portal: tracktiktest.NewServer(),
		users: map[string]string{}, groups: map[string]string{}, policy: defaultPolicy(), limits: defaultLimits(),
		push: tsync.GroupRules{Push: "listed", Names: []string{"Site *"}}, timeout: 30 * time.Second}
	t.Cleanup(w.org.Close)
	t.Cleanup(w.portal.Close)
	w.org.Configure(func(s *oktatest.Server) { s.Now = w.now })
	w.portal.Configure(func(s *tracktiktest.Server) { s.Now = w.now })
	w.app = w.org.AddApp(oktatest.App{Label: "TrackTik"})
	w.path = filepath.Join(t.TempDir(), "snapshot.db")
	var err error
	w.db, err = state.Create(w.path, w.binding(), state.Options{Now: w.ours})
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	w.pass(time.Hour) // the memberships are old enough to be trusted
	return w
}

// ours is the time by the clock of the machine that the program runs on.
func (w *world) ours() time.Time { return w.now().Add(w.wrong) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) binding() plan.Binding {
	return plan.Binding{Org: w.org.URL, App: w.app, Portal: w.portal.URL}
}

// defaultPolicy is that of a configuration which says nothing.
func defaultPolicy() plan.Policy {
	return plan.Policy{CreateUsers: true, UpdateUsers: true, DeactivateUsers: true, CreateRoles: true, GrantRoles: true, RevokeRoles: true,
		Adopt: true, FollowRegion: true, RepairDrift: true, DeletedGrace: 24 * time.Hour, ProtectedRoles: []string{"*admin*"},
		Match: []plan.Field{plan.Username, plan.Email}, DefaultRegion: "HQ"}
}

func defaultLimits() plan.Limits {
	return plan.Limits{Kinds: map[plan.Kind]plan.Limit{
		plan.Terminate:  {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 150},
		plan.RevokeRole: {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 500},
		plan.Update:     {MaxCount: -1, MaxPercent: 25, MinPopulation: 20, MaxPerDay: -1},
		plan.Clear:      {MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: -1},
		plan.Create:     {MaxCount: 200, MaxPercent: -1, MaxPerDay: -1},
	}}
}

// snapshot is a state.DB as the engine wants it.
type snapshot struct{ *state.DB }

func (s snapshot) Prune(now time.Time, keep time.Duration) error {
	_, err := s.DB.Prune(now, keep)
	return err
}

// approvals are those beside the snapshot.
type approvals struct{ file *state.Approvals }

func (s approvals) Get(hash string) ([]plan.ActionRef, bool, error) {
	approval, found, err := s.file.Get(hash)
	return refsOf(approval.Items), found, err
}

func (s approvals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	return s.file.Put(ctx, state.Approval{Hash: hash, Items: itemsOf(set)})
}

func (s approvals) Give(ctx context.Context, hash string) error {
	_, err := s.file.Give(ctx, hash)
	return err
}

func (s approvals) Given() ([]tsync.Given, error) {
	list, err := s.file.Given()
	var given []tsync.Given
	for _, a := range list {
		given = append(given, tsync.Given{Hash: a.Hash, Since: a.Given, Set: refsOf(a.Items)})
	}
	return given, err
}

func (s approvals) Left(ctx context.Context, hash string, set []plan.ActionRef) error {
	return s.file.Left(ctx, hash, itemsOf(set))
}

func refsOf(items []state.ApprovalItem) []plan.ActionRef {
	set := make([]plan.ActionRef, len(items))
	for i, item := range items {
		set[i] = plan.ActionRef(item)
	}
	return set
}

func itemsOf(set []plan.ActionRef) []state.ApprovalItem {
	items := make([]state.ApprovalItem, len(set))
	for i, ref := range set {
		items[i] = state.ApprovalItem(ref)
	}
	return items
}

func (s approvals) Use(ctx context.Context, hash string) error {
	_, _, err := s.file.Use(ctx, hash)
	return err
}

// build puts an engine together, with clients of its own as a new process has them.
func (w *world) build() *tsync.Engine {
	w.Helper()
	source, err := okta.New(okta.Config{OrgURL: w.org.URL, AppID: w.app, Token: oktatest.DefaultToken, Timeout: w.timeout, Now: w.ours, Sleep: w.sleep})
	w.must(err)
	auth := tracktik.Auth{Grant: tracktik.GrantPassword, ClientID: tracktiktest.DefaultClientID, ClientSecret: tracktiktest.DefaultClientSecret,
		Username: tracktiktest.DefaultUsername, Password: tracktiktest.DefaultPassword}
	if w.auth != nil {
		w.auth(&auth)
	}
	target, err := tracktik.New(tracktik.Config{BaseURL: w.portal.URL, Auth: auth, Tokens: state.Tokens(w.path), Timeout: w.timeout, Now: w.ours, Sleep: w.sleep})
	w.must(err)
	mapper, err := mapping.New(w.mapping)
	w.must(err)
	log := logrus.New()
	log.SetOutput(io.Discard)
	var snap tsync.Snapshot = snapshot{w.db}
	if w.wrap != nil {
		snap = w.wrap(snap)
	}
	e := &tsync.Engine{Sides: tsync.Sides{Source: source, Target: target, Snapshot: snap, Mapper: mapper,
		Policy: w.policy, Limits: w.limits, Groups: w.push, Binding: w.binding(), ReadFingerprint: "reading",
		OwnUsername: auth.Username, Timezone: time.UTC, Workers: 4, By: "test", Log: log, Now: w.ours},
		Target: target, Snapshot: snap, PlanFingerprint: "config", MaxProblemPercent: 40, ProblemsExit: "4", Keep: 400 * 24 * time.Hour, Sleep: w.sleep}
	e.Approvals = approvals{state.ApprovalsOf(w.path, func() time.Time { at, _ := e.Clock(); return at })}
	if w.change != nil {
		w.change(e)
	}
	w.engine = e
	return e
}

// sync makes one run as a new process would, a quarter of an hour after the last one.
func (w *world) sync(opt tsync.RunOptions) (*plan.Document, error) {
	w.Helper()
	w.pass(15 * time.Minute)
	w.org.ResetRequests()
	w.portal.ResetRequests()
	return w.build().RunOnce(context.Background(), opt)
}

// run is a run that has to succeed.
func (w *world) run() *plan.Document {
	w.Helper()
	return w.runWith(tsync.RunOptions{})
}

func (w *world) runWith(opt tsync.RunOptions) *plan.Document {
	w.Helper()
	doc, err := w.sync(opt)
	w.must(err)
	return doc
}

var refreshed = func() tsync.RunOptions { yes := true; return tsync.RunOptions{Refresh: &yes} }()

// reopen closes the snapshot, as the end of a process does, and opens it again.
func (w *world) reopen() {
	w.Helper()
	w.must(w.db.Close())
	var err error
	w.db, err = state.Open(w.path, state.Options{Now: w.ours})
	w.must(err)
}

// hire makes people and assigns them to the app: ada is Ada Guard, ada@acme.example.
func (w *world) hire(names ...string) {
	w.Helper()
	for _, name := range names {
		first, last, _ := strings.Cut(name, ".")
		if last == "" {
			last = "Guard"
		}
		w.users[name] = w.org.AddUser(oktatest.User{Login: mail(name), FirstName: title(first), LastName: title(last)})
		w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
	}
}

// crowd hires n people, g001 and on.
func (w *world) crowd(n int) []string {
	w.Helper()
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("g%03d", i+1)
	}
	w.hire(names...)
	return names
}

func mail(name string) string { return name + "@acme.example" }

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// group makes a group, or adds people to it.
func (w *world) group(name string, people ...string) {
	w.Helper()
	if w.groups[name] == "" {
		w.groups[name] = w.org.AddGroup(oktatest.Group{Name: name})
	}
	w.org.AddMembers(w.groups[name], w.ids(people)...)
}

func (w *world) leave(group string, people ...string) {
	w.org.RemoveMembers(w.groups[group], w.ids(people)...)
}

func (w *world) ids(people []string) []string {
	ids := make([]string, len(people))
	for i, name := range people {
		ids[i] = w.users[name]
	}
	return ids
}

// employees are the portal's records with that e-mail, in any status, the oldest first.
func (w *world) employees(name string) []tracktiktest.Employee {
	return slices.DeleteFunc(w.portal.Employees(), func(e tracktiktest.Employee) bool { return !strings.EqualFold(e.Email, mail(name)) })
}

// employee is the only record with that e-mail.
func (w *world) employee(name string) tracktiktest.Employee {
	w.Helper()
	list := w.employees(name)
	if len(list) != 1 {
		w.Fatalf("%s is %d employees, want one: %+v", name, len(list), list)
	}
	return list[0]
}

func (w *world) wantStatus(status string, people ...string) {
	w.Helper()
	for _, name := range people {
		if e := w.employee(name); e.Status != status {
			w.Errorf("employee %d of %s is %s, want %s", e.ID, name, e.Status, status)
		}
	}
}

// roles are the names of the roles that the person's active employee holds, sorted.
func (w *world) roles(name string) string {
	w.Helper()
	var held []string
	for _, e := range w.employees(name) {
		if e.Status != tracktiktest.Active {
			continue
		}
		for _, id := range w.portal.RolesOf(e.ID) {
			held = append(held, w.roleName(id))
		}
	}
	slices.Sort(held)
	return strings.Join(held, ", ")
}

func (w *world) roleName(id int64) string {
	for _, r := range w.portal.Roles() {
		if r.ID == id {
			return r.Name
		}
	}
	return strconv.FormatInt(id, 10)
}

// rolesNamed is how many roles of that name the portal has.
func (w *world) rolesNamed(name string) int {
	n := 0
	for _, r := range w.portal.Roles() {
		if r.Name == name {
			n++
		}
	}
	return n
}

func (w *world) roleID(name string) int64 {
	w.Helper()
	for _, r := range w.portal.Roles() {
		if r.Name == name {
			return r.ID
		}
	}
	w.Fatalf("the portal has no role %q", name)
	return 0
}

func (w *world) wantRoles(name, want string) {
	w.Helper()
	if got := w.roles(name); got != want {
		w.Errorf("%s holds %q, want %q", name, got, want)
	}
}

// counts are the kinds of a plan that are not zero: "create 2, grant_role 1".
func counts(doc *plan.Document) string {
	var parts []string
	for _, k := range plan.Kinds {
		if n := doc.Summary[string(k)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", k, n))
		}
	}
	return strings.Join(parts, ", ")
}

// wantDone wants a plan of just these actions, all of them done.
func (w *world) wantDone(doc *plan.Document, want string) {
	w.Helper()
	if got := counts(doc); got != want {
		w.Errorf("the plan is %q, want %q\n%s", got, want, details(doc))
	}
	if doc.Result == nil {
		w.Fatalf("nothing was applied\n%s", details(doc))
	}
	if doc.Result.Failed+doc.Result.Unknown > 0 || !maps.Equal(doc.Result.Done, doc.Summary) {
		w.Errorf("done %v of %v\n%s", doc.Result.Done, doc.Summary, details(doc))
	}
}

// details is what a plan holds besides its actions.
func details(doc *plan.Document) string {
	var b strings.Builder
	for _, h := range doc.Held {
		fmt.Fprintf(&b, "held %s %s: %s\n", h.Kind, h.User.Login, h.Why)
	}
	for _, p := range doc.Problems {
		fmt.Fprintf(&b, "problem %s %s: %s\n", p.Code, p.User.Login, p.Message)
	}
	for _, x := range doc.Warnings {
		fmt.Fprintf(&b, "warning %s %s: %s\n", x.Code, x.User.Login, x.Message)
	}
	if doc.Result != nil {
		for _, f := range doc.Result.Failures {
			fmt.Fprintf(&b, "%s %s %s: %s\n", f.Outcome, f.Action.Kind, f.Action.User.Login, f.Message)
		}
	}
	return b.String()
}

// wantHeld wants something of the person to be held for that reason.
func (w *world) wantHeld(doc *plan.Document, code, name string) {
	w.Helper()
	if !slices.ContainsFunc(doc.Held, func(h plan.Held) bool { return h.Code() == code && string(h.User.ID) == w.users[name] }) {
		w.Errorf("nothing of %s is held for %s\n%s", name, code, details(doc))
	}
}

func (w *world) wantProblem(doc *plan.Document, code, name string) {
	w.Helper()
	if !slices.ContainsFunc(doc.Problems, func(p plan.Problem) bool { return p.Code == code && string(p.User.ID) == w.users[name] }) {
		w.Errorf("%s has no problem %s\n%s", name, code, details(doc))
	}
}

func (w *world) wantWarning(doc *plan.Document, code string) {
	w.Helper()
	if !slices.ContainsFunc(doc.Warnings, func(x plan.Warning) bool { return x.Code == code }) {
		w.Errorf("no warning %s\n%s", code, details(doc))
	}
}

// wantNoWrites wants TrackTik not to have been asked to change anything.
func (w *world) wantNoWrites() {
	w.Helper()
	if n := w.portal.AttemptedWrites(); n > 0 {
		w.Errorf("%d writes were tried, want none", n)
	}
}

// wantRefused wants a run that was refused for that reason.
func (w *world) wantRefused(err error, code string) {
	w.Helper()
	var refused *tsync.RefusedError
	if !errors.As(err, &refused) || refused.Code != code {
		w.Errorf("got %v, want a refusal for %s", err, code)
	}
}

// inOkta intercepts the org's requests from now on; nil ends it.
func (w *world) inOkta(i oktatest.Interceptor) {
	w.org.Configure(func(s *oktatest.Server) { s.Intercept = i })
}

// inPortal does the same at the portal.
func (w *world) inPortal(i func(http.ResponseWriter, *http.Request, http.Handler)) {
	w.portal.Configure(func(s *tracktiktest.Server) { s.Intercept = i })
}
