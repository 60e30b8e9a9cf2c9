package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAFileIsChosenInTheDocumentedOrder(t *testing.T) {
	dir := t.TempDir()
	flag := write(t, dir, "flag.yaml", minimal)
	variable := write(t, dir, "variable.yaml", minimal)
	here := write(t, dir, DefaultFile, minimal)
	system := write(t, dir, "etc/tracktik-sync.yaml", minimal)
	env := []string{EnvConfig + "=" + variable}

	open := func(opts Options) string {
		l := &loader{env: newEnvironment(opts.Env)}
		opts.Dir = dir
		if err := l.open(opts, system); err != nil {
			t.Fatal(err)
		}
		return l.absolute
	}
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{Path: flag, Env: env}, flag},
		{Options{Path: "flag.yaml"}, flag},
		{Options{Env: env}, variable},
		{Options{Env: []string{EnvConfig + "="}}, here},
	} {
		if got := open(c.opts); got != c.want {
			t.Errorf("%+v opens %s, want %s", c.opts, got, c.want)
		}
	}
	if err := os.Remove(here); err != nil {
		t.Fatal(err)
	}
	if got := open(Options{}); got != system {
		t.Errorf("without any other, %s is opened, want %s", got, system)
	}
}

func TestANamedFileThatIsMissingIsAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, DefaultFile, minimal)
	for _, opts := range []Options{
		{Path: "absent.yaml", Dir: dir, Env: []string{}},
		{Dir: dir, Env: []string{EnvConfig + "=absent.yaml"}},
	} {
		_, _, err := Load(opts)
		if err == nil || !strings.Contains(err.Error(), "absent.yaml") {
			t.Errorf("%+v answers %v, want an error naming absent.yaml", opts, err)
		}
	}
}

func TestWithoutAnyFileTheErrorNamesTheWays(t *testing.T) {
	for _, env := range [][]string{{}, {"TRACKTIK_SYNC_OKTA_APP_ID=0oa1"}} {
		_, _, err := Load(Options{Dir: t.TempDir(), Env: env})
		if err == nil {
			t.Fatal("loading nothing succeeds")
		}
		for _, way := range []string{"--config", EnvConfig, DefaultFile, SystemFile, "config init"} {
			if !strings.Contains(err.Error(), way) {
				t.Errorf("with %v the error does not name %s: %v", env, way, err)
			}
		}
	}
}

func TestTheEnvironmentAloneIsEnough(t *testing.T) {
	dir := t.TempDir()
	c, warnings, err := Load(Options{Dir: dir, Env: []string{
		"TRACKTIK_SYNC_OKTA={org_url: https://acme.okta.com/, app_id: 0oa1}",
		"TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN=okta-token",
		"TRACKTIK_SYNC_TRACKTIK_BASE_URL=https://acme.staffr.net",
		"TRACKTIK_SYNC_TRACKTIK_AUTH={grant: authorization_code, client_id: id, client_secret: cs}",
	}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if c.File() != "" || c.Okta.OrgURL != "https://acme.okta.com" || c.TrackTik.Auth.ClientSecret.Reveal() != "cs" {
		t.Errorf("loaded from %q: %+v", c.File(), c)
	}
	if want := filepath.Join(dir, "tracktik-sync.db"); c.State.Path != want {
		t.Errorf("state.path is %s, want %s", c.State.Path, want)
	}
}

func TestRelativePathsStartFromTheFile(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "conf/sync.yaml", with("state: {path: data/state.db, backup: {dir: ../copies}}", "metrics: {textfile: /var/x.prom}"))
	c, _, err := Load(Options{Path: path, Dir: t.TempDir(), Env: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.State.Path, c.State.Backup.Dir, c.Metrics.Textfile, c.Okta.CAFile}
	want := []string{filepath.Join(dir, "conf/data/state.db"), filepath.Join(dir, "copies"), "/var/x.prom", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestNamesKeepTheirCaseAndDots(t *testing.T) {
	c, _ := mustLoad(t, with(
		"sync:",
		"  attributes:",
		"    jobTitle: [app.jobCode, user.title]",
		"    address.addressLine1: [user.streetAddress]",
		"    primaryPhone: {sources: [user.mobilePhone], cel: 'value', create_only: true}",
		"  groups: {roles: {Site 1.2 North: Site.Guard, SITE 1.2 north: '17'}}",
	))
	wantAttributes := map[string]Attribute{
		"jobTitle":             {Sources: []string{"app.jobCode", "user.title"}},
		"address.addressLine1": {Sources: []string{"user.streetAddress"}},
		"primaryPhone":         {Sources: []string{"user.mobilePhone"}, CEL: "value", CreateOnly: true},
	}
	if diff := cmp.Diff(wantAttributes, c.Sync.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	wantRoles := map[string]string{"Site 1.2 North": "Site.Guard", "SITE 1.2 north": "17"}
	if diff := cmp.Diff(wantRoles, c.Sync.Groups.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

// It keeps its built-in sources, also where TrackTik needs the field of everybody.
func TestAFieldThatOnlyACreateSetsNeedsNoSources(t *testing.T) {
	c, _ := mustLoad(t, with("sync: {attributes: {username: {create_only: true}, jobTitle: {create_only: true}}}"))
	if a := c.Sync.Attributes["username"]; !a.CreateOnly || len(a.Sources) > 0 {
		t.Errorf("read as %+v", a)
	}
}

func TestPartOfAGuardKeepsTheOtherDefaults(t *testing.T) {
	c, _ := mustLoad(t, with("guard: {terminate: {max_count: 3}}"), "TRACKTIK_SYNC_GUARD_UPDATE_MAX_PERCENT=7.5")
	if got, want := c.Guard.Limits["terminate"], (Limits{3, 10, 20, 150}); got != want {
		t.Errorf("guard.terminate is %+v, want %+v", got, want)
	}
	if got, want := c.Guard.Limits["update"], (Limits{-1, 7.5, 20, -1}); got != want {
		t.Errorf("guard.update is %+v, want %+v", got, want)
	}
}

func TestAMapInTheEnvironmentReplacesTheMap(t *testing.T) {
	file := with(
		"sync:",
		"  attributes: {jobTitle: [user.title], language: [user.locale]}",
		"  groups: {push: assigned, roles: {A: x}}",
		"guard: {terminate: {max_count: 3}, create: {max_count: 9}}",
	)
	c, _ := mustLoad(t, file,
		"TRACKTIK_SYNC_SYNC_ATTRIBUTES={customId: [user.employeeNumber]}",
		"TRACKTIK_SYNC_SYNC_GROUPS_ROLES=",
		"TRACKTIK_SYNC_GUARD={terminate: {max_percent: 5}}",
		"TRACKTIK_SYNC_GUARD_TERMINATE_MAX_PER_DAY=60",
	)
	if diff := cmp.Diff(map[string]Attribute{"customId": {Sources: []string{"user.employeeNumber"}}}, c.Sync.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if len(c.Sync.Groups.Roles) != 0 || c.Sync.Groups.Push != "assigned" {
		t.Errorf("groups is %+v, want no roles and push assigned", c.Sync.Groups)
	}
	if got, want := c.Guard.Limits["terminate"], (Limits{50, 5, 20, 60}); got != want {
		t.Errorf("guard.terminate is %+v, want %+v", got, want)
	}
	if got := c.Guard.Limits["create"].MaxCount; got != 200 {
		t.Errorf("guard.create.max_count is %d, want the default: the variable replaced the file's map", got)
	}
}

func TestListsInTheEnvironmentAreSeparatedByCommas(t *testing.T) {
	for text, want := range map[string][]string{
		"a@x, *@y ":            {"a@x", "*@y"},
		"":                     {},
		`["Guards, night", b]`: {"Guards, night", "b"},
		"[EU] Guards,x":        {"[EU] Guards", "x"},
	} {
		c, _ := mustLoad(t, with("sync: {protected: [z]}"), "TRACKTIK_SYNC_SYNC_PROTECTED="+text)
		if diff := cmp.Diff(want, append([]string{}, c.Sync.Protected...)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAnEmptyVariableEmptiesAText(t *testing.T) {
	c, _ := mustLoad(t, with("sync: {default_region: North}"), "TRACKTIK_SYNC_SYNC_DEFAULT_REGION=")
	if c.Sync.DefaultRegion != "" {
		t.Errorf("sync.default_region is %q, want none", c.Sync.DefaultRegion)
	}
	wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_SYNC_CREATE_USERS="), "TRACKTIK_SYNC_SYNC_CREATE_USERS", "sync.create_users", "empty")
}

func TestUnknownVariablesAreWarnings(t *testing.T) {
	_, warnings := mustLoad(t, minimal,
		"TRACKTIK_SYNC_OKTA_ORG_ULR=geheim",
		"TRACKTIK_SYNC_SYNC_ATTRIBUTES_REGION=app.site",
		"TRACKTIK_SYNC_PORT=tcp://10.0.0.1:80", "TRACKTIK_SYNC_METRICS_SERVICE_PORT_HTTP=80",
		EnvConfig+"=", EnvApprove+"=abc", EnvConsole+"=guards/acme-console", "UNRELATED=1", "=C:=odd",
	)
	wantWarning(t, warnings, "TRACKTIK_SYNC_OKTA_ORG_ULR", "TRACKTIK_SYNC_OKTA_ORG_URL")
	wantWarning(t, warnings, "TRACKTIK_SYNC_SYNC_ATTRIBUTES_REGION", "TRACKTIK_SYNC_SYNC_ATTRIBUTES takes the whole map")
	wantWarning(t, warnings, "TRACKTIK_SYNC_PORT", "enableServiceLinks")
	wantWarning(t, warnings, "TRACKTIK_SYNC_METRICS_SERVICE_PORT_HTTP", "enableServiceLinks")
	if len(warnings) != 4 {
		t.Errorf("%d warnings, want 4: %v", len(warnings), warnings)
	}
}

func TestEmptySectionsAndAliasesAreFine(t *testing.T) {
	c, _ := mustLoad(t, "\ufeff"+with("guard:", "  terminate: &few {max_count: 2}", "  revoke_role: *few", "sync:", "log: ~", "schedule: {jitter: 0}"))
	if got := c.Guard.Limits["revoke_role"].MaxCount; got != 2 {
		t.Errorf("guard.revoke_role.max_count is %d, want 2", got)
	}
	if c.Log.Level != "info" || !c.Sync.CreateUsers || c.Schedule.Jitter != 0 {
		t.Errorf("log is %+v, sync %+v", c.Log, c.Sync)
	}
}

func TestChecksOfOthersAreAsked(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Load(Options{
		Path: write(t, dir, "c.yaml", minimal), Env: []string{},
		Checks: []Check{func(c *Config) Findings {
			return Findings{{Key: "schedule.cron", Message: "is odd: " + c.Schedule.Cron}}
		}},
	})
	if err == nil || !strings.Contains(err.Error(), "schedule.cron: is odd: */15") {
		t.Errorf("loading answers %v, want the check's finding", err)
	}
}

func TestDurationsAreReadAndWrittenAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"400d": 400 * day, "24h": day, "0s": 0, "0": 0, "1d12h": 36 * time.Hour, "2w1d": 15 * day, "1h30m": 90 * time.Minute, "30s": 30 * time.Second,
	} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s is read as %v, %v, want %v", text, got, err, want)
		}
		if again, err := ParseDuration(FormatDuration(got)); err != nil || again != want {
			t.Errorf("%s is written %s and read back as %v, %v", text, FormatDuration(got), again, err)
		}
	}
	for want, d := range map[string]time.Duration{"400d": 400 * day, "24h": day, "1h30m": 90 * time.Minute, "0s": 0, "10m": 10 * time.Minute} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
	for _, text := range []string{"", "30", "-5s", "-1d", "d", "1d2w", "10 minutes", "999999999999999w", "106751d24h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %v, want an error", text, got)
		}
	}
}
