package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tracktik-sync/configs"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A world is the two systems that a script runs against.
type world struct {
	okta   *oktatest.Server
	portal *tracktiktest.Server
	app    string
	users  map[string]string // Okta id by login
	groups map[string]string // by name
}

type worldKey struct{}

// raceOptions are for the commands that tests call: at the end of each the race detector
// would wait for a second, and these seconds add up to minutes.
const raceOptions = "atexit_sleep_ms=50"

// setUpWorld starts both systems and names them in the environment.
func setUpWorld(env *testscript.Env) error {
	w := &world{okta: oktatest.NewServer(), portal: tracktiktest.NewServer(), users: map[string]string{}, groups: map[string]string{}}
	w.app = w.okta.AddApp(oktatest.App{Label: "TrackTik"})
	env.Values[worldKey{}] = w
	env.Defer(w.okta.Close)
	env.Defer(w.portal.Close)
	env.Setenv("GORACE", raceOptions)
	env.Setenv("OKTA_URL", w.okta.URL)
	env.Setenv("OKTA_APP", w.app)
	env.Setenv("PORTAL_URL", w.portal.URL)
	env.Setenv("TOKEN", oktatest.DefaultToken)
	env.Setenv("PASSWORD", tracktiktest.DefaultPassword)
	env.Setenv("SECRET", tracktiktest.DefaultClientSecret)
	return nil
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"config":   writeConfig,
	"exits":    exits,
	"okta":     inOkta,
	"portal":   inPortal,
	"snapshot": onSnapshot,
	"mode":     fileMode,
	"key":      newKey,
	"unpack":   unpack,
	"clock":    setClock,
	"cron":     cronDay,
}

// config [KEY=VALUE]…: tracktik-sync.yaml for the world, with more of the sample's
// keys, and the files with its secrets.
func writeConfig(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	answers := map[string]any{
		"okta.org_url": w.okta.URL, "okta.app_id": w.app,
		"okta.auth.api_token_file": "okta_token", "okta.auth.client_id": nil, "okta.auth.private_key_file": nil,
		"tracktik.base_url": w.portal.URL, "tracktik.auth.client_id": tracktiktest.DefaultClientID,
		"tracktik.auth.client_secret_file": "client_secret", "tracktik.auth.username": tracktiktest.DefaultUsername,
		"tracktik.auth.password_file": "password", "sync.mode": "apply",
	}
	for _, arg := range args {
		key, value, given := strings.Cut(arg, "=")
		answers[key] = value
		if !given { // a key alone is commented out
			answers[key] = nil
		}
		if strings.HasPrefix(value, "[") {
			answers[key] = strings.Split(strings.Trim(value, "[]"), ",")
		}
	}
	text, err := configs.Fill(answers)
	ts.Check(err)
	for name, content := range map[string]string{"tracktik-sync.yaml": text, "okta_token": oktatest.DefaultToken,
		"client_secret": tracktiktest.DefaultClientSecret, "password": tracktiktest.DefaultPassword} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600))
	}
}

// clock TIME: it is that late in both systems, and for tracktik-sync-elsewhen.
func setClock(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	w, now := worldOf(ts), func() time.Time { return at }
	w.okta.Configure(func(s *oktatest.Server) { s.Now = now })
	w.portal.Configure(func(s *tracktiktest.Server) { s.Now = now })
	ts.Setenv("TEST_NOW", at.Format(time.RFC3339Nano))
}

// cron DAY MAILS: cron calls a quiet sync every two hours of that day, and mails what is
// printed, if anything is: so many mails. They are in the file mails-DAY.
func cronDay(ts *testscript.TestScript, _ bool, args []string) {
	mails := 0
	var all strings.Builder
	for hour := 0; hour < 24; hour += 2 {
		setClock(ts, false, []string{fmt.Sprintf("%sT%02d:00:00Z", args[0], hour)})
		if err := ts.Exec(elsewhen, "-q", "sync"); err != nil && !errors.As(err, new(*exec.ExitError)) {
			ts.Fatalf("running it: %v", err)
		}
		if mail := ts.ReadFile("stdout") + ts.ReadFile("stderr"); mail != "" {
			mails++
			all.WriteString(mail)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("mails-"+args[0]), []byte(all.String()), 0o600))
	if want := args[1]; strconv.Itoa(mails) != want {
		ts.Fatalf("cron sent %d mails on %s, want %s:\n%s", mails, args[0], want, all.String())
	}
}

// exits CODE ARG…: tracktik-sync ARG… ends with that very code, and says so.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("tracktik-sync", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running it: %v", err)
		}
		got = exit.ExitCode()
	}
	stderr := strings.TrimRight(ts.ReadFile("stderr"), "\n")
	if got != want {
		ts.Fatalf("tracktik-sync %s ended with %d, want %d:\n%s", strings.Join(args[1:], " "), got, want, stderr)
	}
	last := stderr[strings.LastIndexByte(stderr, '\n')+1:]
	if says := strings.HasPrefix(last, fmt.Sprintf("exit %d: ", want)); says != (want != 0) {
		ts.Fatalf("exit code %d, and the last line on stderr is %q", got, last)
	}
}

// okta ACTION ARG…: what an administrator does in Okta.
//
//	people N               N people, person1@acme.example and so on, assigned
//	user LOGIN FIRST LAST  one person, assigned
//	title LOGIN TITLE, rename LOGIN LAST, mail LOGIN MAIL
//	deactivate LOGIN, unassign LOGIN, unassign-all
//	group NAME LOGIN…      a group, or more members
//	leave NAME LOGIN       out of a group
//	nolog                  the System Log may not be read any more
//	status ACTIVE|INACTIVE, features F…    of the app
//	tie LOGIN ID           the portal's own integration has made or matched that employee
//	push-fails LOGIN       and has failed on somebody
func inOkta(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	switch action, args := args[0], args[1:]; action {
	case "people":
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		for i := range n {
			w.addUser(fmt.Sprintf("person%d@acme.example", i+1), "Person", fmt.Sprintf("Number%d", i+1))
		}
	case "user":
		w.addUser(args[0], args[1], args[2])
	case "title":
		w.okta.UpdateUser(w.users[args[0]], map[string]any{"title": args[1]})
	case "mail":
		w.okta.UpdateUser(w.users[args[0]], map[string]any{"email": args[1]})
	case "login":
		w.okta.UpdateUser(w.users[args[0]], map[string]any{"login": args[1], "email": args[1]})
		w.okta.UpdateAssignment(w.app, w.users[args[0]], args[1], nil)
		w.users[args[1]] = w.users[args[0]]
	case "rename":
		w.okta.UpdateUser(w.users[args[0]], map[string]any{"lastName": args[1]})
	case "nolog":
		w.okta.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.On("/api/v1/logs", oktatest.Forbidden) })
	case "deactivate":
		w.okta.DeactivateUser(w.users[args[0]])
	case "unassign":
		w.okta.UnassignUser(w.app, w.users[args[0]])
	case "unassign-all":
		for _, id := range w.users {
			w.okta.UnassignUser(w.app, id)
		}
	case "group":
		w.addMembers(args[0], args[1:])
	case "leave":
		w.okta.RemoveMembers(w.groups[args[0]], w.users[args[1]])
	case "status":
		w.okta.SetAppStatus(w.app, args[0])
	case "features":
		w.okta.SetAppFeatures(w.app, args...)
	case "tie":
		w.okta.ProvisionAssignment(w.app, w.users[args[0]], args[1])
	case "push-fails":
		w.okta.AssignUser(w.app, w.users[args[0]], oktatest.Assignment{SyncState: "ERROR"})
	default:
		ts.Fatalf("okta cannot %s", action)
	}
}

func (w *world) addUser(login, first, last string) {
	id := w.okta.AddUser(oktatest.User{Login: login, FirstName: first, LastName: last})
	w.okta.AssignUser(w.app, id, oktatest.Assignment{})
	w.users[login] = id
}

func (w *world) addMembers(name string, logins []string) {
	if w.groups[name] == "" {
		w.groups[name] = w.okta.AddGroup(oktatest.Group{Name: name})
	}
	for _, login := range logins {
		w.okta.AddMembers(w.groups[name], w.users[login])
	}
}

// portal ACTION ARG…: what is so in the portal, or what somebody does there.
//
//	writes N               so many calls changed something since the last `portal forget`
//	has N STATUS           so many employees, the integration's own aside, have that status
//	awaits N STATUS        the same, and waits for it
//	status USERNAME STATUS, title USERNAME TITLE, role USERNAME ROLE     is so
//	employee USERNAME FIRST LAST    somebody is entered by hand
//	edit USERNAME TITLE    somebody changes a title by hand
//	forget                 begins to count anew
//	password PASSWORD      changes the password of the integration
//	keeps                  lets nobody go from now on
func inPortal(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	switch action, args := args[0], args[1:]; action {
	case "writes":
		if got := strconv.Itoa(w.portal.Writes()); got != args[0] {
			ts.Fatalf("%s writes reached the portal, want %s", got, args[0])
		}
	case "has":
		if got := strconv.Itoa(w.count(args[1])); got != args[0] {
			ts.Fatalf("%s employees are %s, want %s", got, args[1], args[0])
		}
	case "awaits":
		for deadline := time.Now().Add(30 * time.Second); strconv.Itoa(w.count(args[1])) != args[0]; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				ts.Fatalf("%d employees are %s, want %s", w.count(args[1]), args[1], args[0])
			}
		}
	case "status":
		if e := w.employee(ts, args[0]); e.Status != args[1] {
			ts.Fatalf("%s is %s, want %s", args[0], e.Status, args[1])
		}
	case "title":
		if e := w.employee(ts, args[0]); e.JobTitle != args[1] {
			ts.Fatalf("%s is titled %q, want %q", args[0], e.JobTitle, args[1])
		}
	case "role":
		if w.holds(ts, args[0], args[1]) == neg {
			ts.Fatalf("%s holds %q: %v", args[0], args[1], neg)
		}
	case "employee":
		w.portal.AddEmployee(tracktiktest.Employee{Username: args[0], Email: args[0], FirstName: args[1], LastName: args[2]})
	case "takes":
		for _, r := range w.portal.Roles() {
			if r.Name == args[1] {
				ts.Check(w.portal.Revoke(w.employee(ts, args[0]).ID, r.ID))
			}
		}
	case "edit":
		ts.Check(w.portal.UpdateEmployee(w.employee(ts, args[0]).ID, func(e *tracktiktest.Employee) { e.JobTitle = args[1] }))
	case "forget":
		w.portal.ResetRequests()
	case "password":
		w.portal.Configure(func(s *tracktiktest.Server) { s.OAuth.Password = args[0] })
		w.portal.ExpireTokens()
	case "keeps":
		w.portal.Configure(func(s *tracktiktest.Server) {
			s.Intercept = tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees/*/actions/terminate"},
				func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
					rw.Header().Set("Content-Type", "application/json")
					rw.WriteHeader(http.StatusBadRequest)
					_, _ = rw.Write([]byte(`{"status":400,"error":"has open shifts"}`))
				})
		})
	default:
		ts.Fatalf("the portal cannot %s", action)
	}
}

func (w *world) count(status string) int {
	n := 0
	for _, e := range w.portal.Employees() {
		if e.ID != tracktiktest.IntegrationEmployee && e.Status == status {
			n++
		}
	}
	return n
}

// employee finds somebody by username, or by e-mail once the username is gone.
func (w *world) employee(ts *testscript.TestScript, name string) tracktiktest.Employee {
	for _, e := range w.portal.Employees() {
		if e.Username == name || e.Email == name {
			return e
		}
	}
	ts.Fatalf("the portal has no employee %s", name)
	panic("unreachable")
}

func (w *world) holds(ts *testscript.TestScript, name, role string) bool {
	for _, id := range w.portal.RolesOf(w.employee(ts, name).ID) {
		for _, r := range w.portal.Roles() {
			if r.ID == id && r.Name == role {
				return true
			}
		}
	}
	return false
}

// snapshot ACTION: seed fills a new one, other makes one of another org, write and
// read keep it open until the script ends, and crash LOGIN leaves it as a power cut
// does after the call that creates the person and before its outcome is recorded.
func onSnapshot(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	path := ts.MkAbs("tracktik-sync.db")
	b := plan.Binding{Org: w.okta.URL, App: w.app, Portal: w.portal.URL}
	switch args[0] {
	case "seed":
		db, err := state.Create(path, b, state.Options{})
		ts.Check(err)
		ts.Check(errors.Join(db.Commit(seed()), db.Close()))
		approvals := state.ApprovalsOf(path, nil)
		ts.Check(approvals.Put(context.Background(), state.Approval{Hash: "feedc0de", Items: []state.ApprovalItem{{Kind: plan.Terminate, Person: "00u9old"}}}))
	case "other":
		db, err := state.Create(path, plan.Binding{Org: "https://other.okta.com", App: w.app, Portal: b.Portal}, state.Options{})
		ts.Check(errors.Join(err, db.Close()))
	case "crash":
		db, err := state.Open(path, state.Options{})
		ts.Check(err)
		var v plan.Values
		v[plan.Username], v[plan.Email], v[plan.FirstName], v[plan.LastName] = args[1], args[1], "Ana", "Silva"
		w.portal.AddEmployee(tracktiktest.Employee{Username: args[1], Email: args[1], FirstName: "Ana", LastName: "Silva"})
		user := plan.UserRef{ID: plan.PersonID(w.users[args[1]]), Login: args[1]}
		_, err = db.Begin(plan.Intent{Run: "20261120T060000Z-000001", At: time.Now().Add(-time.Hour), Wanted: &plan.Wanted{Values: v, RegionID: 1},
			Action: plan.Action{Kind: plan.Create, User: user, Want: &plan.Wanted{Values: v, RegionID: 1}}})
		ts.Check(errors.Join(err, db.Close()))
	case "write", "read":
		db, err := state.Open(path, state.Options{ReadOnly: args[0] == "read", Holder: state.Holder{User: "ops", Host: "worker-1", Command: "sync"}})
		ts.Check(err)
		ts.Defer(func() { _ = db.Close() })
	default:
		ts.Fatalf("a snapshot cannot %s", args[0])
	}
}

// mode FILE MODE: the file's permissions are those.
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
