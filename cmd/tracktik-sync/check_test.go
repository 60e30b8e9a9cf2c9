package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A checkup is what check found.
type checkup struct{ doctor.Diagnosis }

// diagnose runs check, and answers its findings.
func (p *place) diagnose(t *testing.T, want int) checkup {
	t.Helper()
	code, stdout, stderr := p.call(t, "check", "--format", "json")
	var d checkup
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v: %q\n%s", err, stdout, stderr)
	}
	if code != want || d.OK != (want == 0) {
		t.Errorf("check ended with %d, ok %v, want %d:\n%s", code, d.OK, want, stdout)
	}
	return d
}

// wants holds that there is a finding of that name and result, with text in it.
func (d checkup) wants(t *testing.T, name, result, text string) {
	t.Helper()
	var found []doctor.Finding
	for _, f := range d.Checks {
		if f.Name == name {
			found = append(found, f)
			if f.Result == result && strings.Contains(f.Message+" "+f.Fix, text) {
				return
			}
		}
	}
	t.Errorf("no %s %s with %q; there is %+v", result, name, text, found)
}

func TestCheckChangesNothing(t *testing.T) {
	p := newPlace(t, "SYNC_GROUPS_PUSH=assigned")
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.addMembers("Guards", []string{"ana@acme.example"})
	p.okta.AssignGroup(p.app, p.groups["Guards"], oktatest.GroupAssignment{})
	for _, step := range []string{"before the first run", "after it"} {
		before := p.files(t)
		p.portal.ResetRequests()
		p.okta.ResetRequests()
		p.diagnose(t, 0)
		if n := p.portal.AttemptedWrites(); n > 0 {
			t.Errorf("%s: %d writes were tried in the portal", step, n)
		}
		for _, r := range p.okta.Requests() {
			if r.Method != http.MethodGet {
				t.Errorf("%s: Okta was sent %s %s", step, r.Method, r.Path)
			}
		}
		after := p.files(t)
		for name, content := range after {
			if !strings.HasPrefix(name, "tracktik-sync.db.token") && content != before[name] {
				t.Errorf("%s: %s is new or another one", step, name)
			}
		}
		p.must(t, "sync", "--init")
	}
}

func TestCheckNamesWhatIsWrongInOkta(t *testing.T) {
	p := newPlace(t, "SYNC_GROUPS_NAMES=Site*,Nowhere", "SYNC_GROUPS_IDS=00gnone")
	p.diagnose(t, 0).wants(t, "okta.assignments", doctor.ResultWarning, "nobody is assigned")
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.addMembers("Site Airport", []string{"ana@acme.example"})
	p.addMembers("Site Empty", nil)
	p.okta.SetAppFeatures(p.app, "PUSH_NEW_USERS")

	d := p.diagnose(t, 0)
	d.wants(t, "okta.credentials", doctor.ResultWarning, "30 days")
	d.wants(t, "okta.provisioning", doctor.ResultWarning, "PUSH_NEW_USERS")
	d.wants(t, "okta.pushed_groups", doctor.ResultOK, `"Site Airport" 1, "Site Empty" 0`)
	d.wants(t, "okta.pushed_groups", doctor.ResultWarning, `without members: "Site Empty"`)
	d.wants(t, "okta.pushed_groups", doctor.ResultWarning, `"Nowhere"`)
	d.wants(t, "okta.pushed_groups", doctor.ResultWarning, "00gnone")
	d.wants(t, "okta.rate_limits", doctor.ResultOK, "app/*")
	d.wants(t, "mapping", doctor.ResultOK, `username "ana@acme.example"`)
	d.wants(t, "plan", doctor.ResultOK, "1 create")

	p.okta.SetAppStatus(p.app, "INACTIVE")
	d = p.diagnose(t, 1)
	d.wants(t, "okta.app", doctor.ResultFailed, "activate it")
	d.wants(t, "plan", doctor.ResultSkipped, "")

	p.okta.SetAppStatus(p.app, "ACTIVE")
	p.okta.Configure(func(s *oktatest.Server) { s.RateLimit = map[string]int{oktatest.BucketApps: 20} })
	p.diagnose(t, 0).wants(t, "okta.rate_limits", doctor.ResultOK, "of 20")

	t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN", "wrong")
	d = p.diagnose(t, 1)
	d.wants(t, "okta.credentials", doctor.ResultFailed, "E0000011")
	d.wants(t, "tracktik.credentials", doctor.ResultOK, "employee 1000")
}

func TestCheckTriesTheScopesOfAServiceApp(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, "OKTA_AUTH_API_TOKEN=", "OKTA_AUTH_CLIENT_ID="+serviceClient,
		"OKTA_AUTH_PRIVATE_KEY="+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	p.okta.RegisterServiceApp(serviceClient, jose.JSONWebKey{Key: key.Public(), KeyID: "k1"})
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.diagnose(t, 0).wants(t, "okta.credentials", doctor.ResultOK, "okta.apps.read, okta.groups.read, okta.users.read")
	p.okta.GrantScopes(serviceClient, "okta.apps.read", "okta.groups.read")
	p.diagnose(t, 1).wants(t, "okta.scopes", doctor.ResultFailed, "okta.users.read")
	p.okta.GrantScopes(serviceClient, "okta.logs.read")
	p.diagnose(t, 1).wants(t, "okta.credentials", doctor.ResultFailed, "grant the service app okta.apps.read, okta.groups.read and okta.users.read")
	p.okta.Configure(func(s *oktatest.Server) {
		s.Intercept = oktatest.On("/oauth2/v1/token", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":"access_denied","error_description":"The client is not in an allowed network zone."}`))
		})
	})
	p.diagnose(t, 1).wants(t, "okta.credentials", doctor.ResultFailed, "network zone")
}

func TestCheckNamesWhatIsWrongInTrackTik(t *testing.T) {
	p := newPlace(t)
	p.okta.DefineUserAttribute("division", "string")
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.addUser("eva@acme.example", "Eva", "Maria")
	p.okta.UpdateUser(p.users["eva@acme.example"], map[string]any{"division": "Atlantis"})
	p.portal.AddEmployee(tracktiktest.Employee{Username: "ana@acme.example", Email: "other@acme.example", FirstName: "Ana", LastName: "Silva"})
	p.portal.AddEmployee(tracktiktest.Employee{Username: "someone", Email: "ana@acme.example", FirstName: "Ana", LastName: "Silva"})

	d := p.diagnose(t, 0)
	d.wants(t, "tracktik.divisions", doctor.ResultWarning, `"Atlantis"`)
	d.wants(t, "mapping", doctor.ResultWarning, `"Atlantis"`)
	d.wants(t, "names", doctor.ResultWarning, "ambiguous_match, 1: ana@acme.example")
	d.wants(t, "tracktik.termination_reason", doctor.ResultWarning, "Resigned")
	d.wants(t, "tracktik.own_employee", doctor.ResultOK, "1000")
	d.wants(t, "tracktik.grant_holder", doctor.ResultOK, "")
	d.wants(t, "tracktik.protected_roles", doctor.ResultOK, "Administrator")
	d.wants(t, "tracktik.writes", doctor.ResultSkipped, "--user")

	t.Setenv("TRACKTIK_SYNC_TRACKTIK_TERMINATION_REASON", "Retired")
	t.Setenv("TRACKTIK_SYNC_SYNC_DEFAULT_REGION", "Nowhere")
	t.Setenv("TRACKTIK_SYNC_SYNC_GROUPS_ROLES", "{Guards: Chief, Admins: Administrator}")
	t.Setenv("TRACKTIK_SYNC_TRACKTIK_AUTH_EMPLOYEE", "4711")
	p.portal.AddRole(tracktiktest.Role{Name: "Theirs", Description: "[tracktik-sync other.okta.com/0oaother/00g1]", Portal: "STAFF"})
	d = p.diagnose(t, 1)
	d.wants(t, "tracktik.termination_reason", doctor.ResultFailed, `no reason "Retired"`)
	d.wants(t, "tracktik.default_region", doctor.ResultWarning, `"Nowhere"`)
	d.wants(t, "sync.groups.roles", doctor.ResultFailed, `"Chief"`)
	d.wants(t, "sync.groups.roles", doctor.ResultWarning, "ADMIN")
	d.wants(t, "tracktik.own_employee", doctor.ResultWarning, "4711")
	d.wants(t, "tracktik.connection", doctor.ResultFailed, "other.okta.com")
}

func TestCheckTriesEachRightByItself(t *testing.T) {
	for path, name := range map[string]string{"/employees": "tracktik.employees", "/regions": "tracktik.regions", "/roles": "tracktik.roles",
		"/user-roles": "tracktik.user_roles", "/employment-termination-reasons": "tracktik.termination_reasons"} {
		p := newPlace(t)
		p.portal.Rules.Forbid = []tracktiktest.Match{{Method: http.MethodGet, Path: path}}
		p.diagnose(t, 1).wants(t, name, doctor.ResultFailed, "give the account's role")
	}
	p := newPlace(t)
	p.portal.Intercept = tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/regions"}, tracktiktest.Firewall)
	p.diagnose(t, 1).wants(t, "tracktik.regions", doctor.ResultFailed, "ask whoever runs the network")
	p = newPlace(t)
	p.portal.OAuth.Scopes = []string{"all:read", "core:entities:employees:write"}
	d := p.diagnose(t, 0)
	d.wants(t, "tracktik.scopes", doctor.ResultWarning, "core:entities:roles:write, core:entities:user-roles:write")
}

func TestCheckFindsThatGrantsCarryOtherIDs(t *testing.T) {
	p := newPlace(t)
	p.portal.Rules.UserIDOffset = 500_000
	p.diagnose(t, 0).wants(t, "tracktik.grant_holder", doctor.ResultWarning, "may not carry employees' ids")
}

func TestCheckFindsThatGrantsAreNotListedByEmployee(t *testing.T) {
	p := newPlace(t)
	p.portal.Rules.RefusedFilters = []string{"user.id"}
	p.diagnose(t, 0).wants(t, "tracktik.grant_holder", doctor.ResultWarning, "does not list roles by employee")
}

func TestCheckCostsOneLoginAtMost(t *testing.T) {
	p := newPlace(t, "TRACKTIK_AUTH_PASSWORD=wrong")
	d := p.diagnose(t, 1)
	d.wants(t, "tracktik.credentials", doctor.ResultFailed, "40 failed")
	d.wants(t, "okta.app", doctor.ResultOK, "")
	if n := p.portal.FailedLogins(); n != 1 {
		t.Errorf("%d logins were tried", n)
	}
	p.addUser("ana@acme.example", "Ana", "Silva")
	if code, _, _ := p.call(t, "sync", "--init"); code != 1 {
		t.Errorf("sync ended with %d", code)
	}
	tried := p.portal.FailedLogins()
	p.diagnose(t, 1).wants(t, "tracktik.credentials", doctor.ResultFailed, "in quarantine")
	if n := p.portal.FailedLogins(); n != tried {
		t.Errorf("%d logins were tried in quarantine", n-tried)
	}
}

func TestCheckComparesTheClocks(t *testing.T) {
	p := newPlace(t)
	p.portal.Now = func() time.Time { return time.Now().Add(-10 * time.Minute) }
	p.diagnose(t, 1).wants(t, "clock", doctor.ResultFailed, "tracktik is 10m0s behind this machine")
	p.portal.Configure(func(s *tracktiktest.Server) { s.Now = func() time.Time { return time.Now().Add(2 * time.Minute) } })
	p.diagnose(t, 0).wants(t, "clock", doctor.ResultWarning, "tracktik is 2m0s ahead of this machine")
}

func TestCheckLooksAtTheSnapshot(t *testing.T) {
	p := newPlace(t, "STATE_KEY=0123456789abcdef0123456789abcdef", "STATE_BACKUP_DIR=copies")
	p.diagnose(t, 0).wants(t, "state.snapshot", doctor.ResultOK, "sync --init")
	p.must(t, "sync", "--init")
	d := p.diagnose(t, 0)
	d.wants(t, "state.snapshot", doctor.ResultOK, "0 managed, last success")
	d.wants(t, "state.key", doctor.ResultOK, "are encrypted")
	d.wants(t, "state.backup", doctor.ResultOK, "the last copy")
	copies, err := filepath.Glob("copies/*.db")
	if err != nil || len(copies) != 1 {
		t.Fatalf("%v, %v", copies, err)
	}
	old := time.Now().Add(-72 * time.Hour)
	if err := os.Chtimes(copies[0], old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("tracktik-sync.db", 0o644); err != nil {
		t.Fatal(err)
	}
	d = p.diagnose(t, 0)
	d.wants(t, "state.backup", doctor.ResultWarning, "72h")
	d.wants(t, "state.files", doctor.ResultWarning, "tracktik-sync.db (0644)")

	if err := os.Chmod(".", 0o777); err != nil {
		t.Fatal(err)
	}
	p.diagnose(t, 1).wants(t, "state.directory", doctor.ResultFailed, "chmod o-w")
	if err := os.Chmod(".", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TRACKTIK_SYNC_STATE_KEY", "another-key-another-key-another-key")
	p.diagnose(t, 2).wants(t, "state.key", doctor.ResultFailed, "encrypted with another key")
	t.Setenv("TRACKTIK_SYNC_STATE_KEY", "0123456789abcdef0123456789abcdef")
	t.Setenv("TRACKTIK_SYNC_OKTA_APP_ID", "0oaother")
	p.diagnose(t, 1).wants(t, "state.snapshot", doctor.ResultFailed, "state rebind")
}

// TestCheckWritesWhereTheProgramWillWrite: what a run could not write fails before it.
func TestCheckWritesWhereTheProgramWillWrite(t *testing.T) {
	p := newPlace(t, "STATE_BACKUP_DIR=copies/of/it", "METRICS_TEXTFILE=metrics.prom")
	d := p.diagnose(t, 0)
	d.wants(t, "state.directory", doctor.ResultOK, "can be written")
	d.wants(t, "state.backup", doctor.ResultOK, "is made by the first run")
	d.wants(t, "metrics.textfile", doctor.ResultOK, "can be written")
	d.wants(t, "state.space", doctor.ResultOK, "there is room for state.path and state.backup.dir")
	for name := range p.files(t) {
		if strings.Contains(name, "check") {
			t.Errorf("it left %s", name)
		}
	}
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, value, name, says string }{
		{"STATE_PATH", "none/of/it/s.db", "state.directory", "mkdir -p"},
		{"STATE_PATH", "/proc/s.db", "state.directory", "cannot be written"}, // read-only for whoever runs this
		{"STATE_BACKUP_DIR", "file/copies", "state.backup", "cannot be made"},
		{"STATE_BACKUP_DIR", "/proc/copies", "state.backup", "cannot be made"},
		{"METRICS_TEXTFILE", "none/metrics.prom", "metrics.textfile", "is not made by itself"},
		{"METRICS_TEXTFILE", "/proc/metrics.prom", "metrics.textfile", "the metrics cannot be written"},
	} {
		t.Run(c.key+" "+c.value, func(t *testing.T) {
			t.Setenv("TRACKTIK_SYNC_"+c.key, c.value)
			p.diagnose(t, 1).wants(t, c.name, doctor.ResultFailed, c.says)
		})
	}
}

// TestCheckSeesADiskWithoutRoom and a second configuration beside the service's.
func TestCheckSeesADiskWithoutRoom(t *testing.T) {
	p := newPlace(t, "STATE_BACKUP_DIR=copies")
	if err := os.WriteFile("tracktik-sync.yaml", []byte("sync: {mode: observe}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func(service string, free uint64) (found checkup) {
		a := newApp(strings.NewReader(""), io.Discard, io.Discard)
		d := doctor.NewDoctor(&a.Invocation)
		d.ServiceFile, d.Free = service, func(string) (uint64, bool) { return free, true }
		if !d.Configured() {
			t.Fatal(d.Failed())
		}
		d.Examine(t.Context())
		found.Diagnosis = d.Diagnosis()
		return found
	}
	d := look("tracktik-sync.yaml", 1<<30)
	d.wants(t, "state.space", doctor.ResultOK, "there is room")
	for _, f := range d.Checks {
		if f.Name == "config.second" {
			t.Errorf("one configuration counts as two: %+v", f)
		}
	}
	if err := os.WriteFile("service.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d = look(filepath.Join(p.dir, "service.yaml"), 3<<20)
	d.wants(t, "state.space", doctor.ResultFailed, "3 MB are free for state.path, and 16 MB are needed")
	d.wants(t, "config.second", doctor.ResultWarning, "service.yaml, which the service uses")
}

func TestCheckShowsTheGuardThatThePlanWouldMeet(t *testing.T) {
	p := newPlace(t, "GUARD_CREATE_MAX_COUNT=1")
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.addUser("eva@acme.example", "Eva", "Maria")
	d := p.diagnose(t, 0)
	d.wants(t, "plan", doctor.ResultOK, "2 users")
	d.wants(t, "plan.guard", doctor.ResultWarning, "2")
	if _, err := os.Stat("tracktik-sync.db.approvals"); err == nil {
		t.Error("the refused set was kept")
	}
}

func TestCheckWarnsOfWhatEndsSoon(t *testing.T) {
	_, authority := wiringtest.Certificate(t, time.Now().Add(3*24*time.Hour))
	_, lasting := wiringtest.Certificate(t, time.Now().Add(90*24*time.Hour))
	p := newPlace(t, "OKTA_CA_FILE=ca.pem")
	if err := os.WriteFile("ca.pem", append(lasting, authority...), 0o600); err != nil {
		t.Fatal(err)
	}
	p.diagnose(t, 0).wants(t, "credentials.ends", doctor.ResultWarning, "certificate in "+filepath.Join(p.dir, "ca.pem")+" of okta ends")
	if err := os.WriteFile("ca.pem", lasting, 0o600); err != nil {
		t.Fatal(err)
	}
	p.diagnose(t, 0).wants(t, "credentials.ends", doctor.ResultOK, "two weeks")
	t.Setenv("TRACKTIK_SYNC_OKTA_CA_FILE", "")
	p.diagnose(t, 0).wants(t, "credentials.ends", doctor.ResultSkipped, "")
}

func TestCheckWarnsOfMetricsInTheClear(t *testing.T) {
	p := newPlace(t, "METRICS_PUSHGATEWAY=http://push.acme.example:9091")
	p.diagnose(t, 0).wants(t, "config", doctor.ResultWarning, "metrics.pushgateway: begins with http://")
	t.Setenv("TRACKTIK_SYNC_METRICS_PUSHGATEWAY", "http://pushgateway.monitoring.svc:9091")
	for _, f := range p.diagnose(t, 0).Checks {
		if strings.Contains(f.Message, "pushgateway") {
			t.Errorf("a Pushgateway of the cluster is warned about: %s", f.Message)
		}
	}
}
