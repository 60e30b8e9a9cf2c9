package wiring

import (
	"os"
	"path/filepath"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/configs"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

func policyOf(t *testing.T, settings ...string) plan.Policy {
	t.Helper()
	cfg := wiringtest.Load(t, Checks, settings...)
	mapper, err := mapping.New(MappingConfig(cfg))
	if err != nil {
		t.Fatal(err)
	}
	return Policy(cfg, mapper)
}

func TestEachSwitchReachesThePolicy(t *testing.T) {
	for setting, read := range map[string]func(plan.Policy) bool{
		"CREATE_USERS=false":            func(p plan.Policy) bool { return !p.CreateUsers },
		"UPDATE_USERS=false":            func(p plan.Policy) bool { return !p.UpdateUsers },
		"DEACTIVATE_USERS=false":        func(p plan.Policy) bool { return !p.DeactivateUsers },
		"CREATE_ROLES=false":            func(p plan.Policy) bool { return !p.CreateRoles },
		"GRANT_ROLES=false":             func(p plan.Policy) bool { return !p.GrantRoles },
		"REVOKE_ROLES=false":            func(p plan.Policy) bool { return !p.RevokeRoles },
		"ADOPT=never":                   func(p plan.Policy) bool { return !p.Adopt },
		"ON_ADOPT=keep":                 func(p plan.Policy) bool { return p.AdoptKeep },
		"SUSPENDED=terminate":           func(p plan.Policy) bool { return p.TerminateSuspended },
		"REHIRE=reactivate":             func(p plan.Policy) bool { return p.Reactivate },
		"REGION=create_only":            func(p plan.Policy) bool { return !p.FollowRegion },
		"DRIFT=report":                  func(p plan.Policy) bool { return !p.RepairDrift },
		"OUT_OF_SCOPE=terminate":        func(p plan.Policy) bool { return p.TerminateOutOfScope },
		"GROUPS_UNPUSHED=revoke":        func(p plan.Policy) bool { return p.RevokeUnpushed },
		"ROLES_PER_PERSON=one":          func(p plan.Policy) bool { return p.OneRole },
		"UNASSIGNED_GRACE=48h":          func(p plan.Policy) bool { return p.UnassignedGrace.Hours() == 48 },
		"DEFAULT_REGION=Lisbon":         func(p plan.Policy) bool { return p.DefaultRegion == "Lisbon" },
		"PROTECTED=*@vip.example":       func(p plan.Policy) bool { return len(p.Protected) == 1 && p.Protected[0] == "*@vip.example" },
		"GROUPS_ORDER=Chiefs,Guards":    func(p plan.Policy) bool { return len(p.Order) == 2 },
		"ROLES_PROTECTED=*boss*,*root*": func(p plan.Policy) bool { return len(p.ProtectedRoles) == 2 },
	} {
		if read(policyOf(t)) {
			t.Errorf("%s is the default: the test shows nothing", setting)
		}
		if !read(policyOf(t, "TRACKTIK_SYNC_SYNC_"+setting)) {
			t.Errorf("%s does not reach the policy", setting)
		}
	}
}

func TestCustomIDMatchesOnlyWhereItIsMapped(t *testing.T) {
	if got := policyOf(t).Match; len(got) != 2 || got[0] != plan.Username || got[1] != plan.Email {
		t.Errorf("matched by %v", got)
	}
	got := policyOf(t, `TRACKTIK_SYNC_SYNC_ATTRIBUTES={customId: [user.employeeNumber]}`).Match
	if len(got) != 3 || got[0] != plan.CustomID {
		t.Errorf("matched by %v", got)
	}
}

func TestEveryGuardReachesTheLimits(t *testing.T) {
	cfg := wiringtest.Load(t, Checks, "TRACKTIK_SYNC_GUARD_TERMINATE_MAX_COUNT=7", "TRACKTIK_SYNC_GUARD_ON_REFUSAL=stop")
	l := limits(cfg)
	if got := l.Of(plan.Terminate); got != (plan.Limit{MaxCount: 7, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 150}) || !l.StopOnRefusal {
		t.Errorf("terminations are limited by %+v, stop %v", got, l.StopOnRefusal)
	}
	for _, kind := range append(plan.Kinds, plan.Clear) {
		if _, ok := l.Kinds[kind]; !ok {
			t.Errorf("%s has no limit", kind)
		}
	}
}

func TestTwoSpellingsOfAnAddressAreOneSystem(t *testing.T) {
	a := Binding(wiringtest.Load(t, Checks, "TRACKTIK_SYNC_OKTA_ORG_URL=https://ACME.okta.com/"))
	b := Binding(wiringtest.Load(t, Checks, "TRACKTIK_SYNC_OKTA_ORG_URL=https://acme.okta.com"))
	if a != b {
		t.Errorf("%v and %v are two", a, b)
	}
}

func TestASecretThatWasRotatedIsReadAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := wiringtest.Load(t, Checks, "TRACKTIK_SYNC_STATE_KEEP=100d")
	t.Setenv("TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE", file)
	other, _, err := configs.Load(configs.Options{Path: cfg.File(), Env: []string{"TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN=token",
		"TRACKTIK_SYNC_TRACKTIK_AUTH_CLIENT_SECRET=secret", "TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE=" + file}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh, err := Renewed(other)
	if err != nil {
		t.Fatal(err)
	}
	if got := fresh.TrackTik.Auth.Password.Reveal(); got != "second" {
		t.Errorf("the password is %q", got)
	}
	if other.TrackTik.Auth.Password.Reveal() != "first" {
		t.Error("the configuration that others hold was changed")
	}
}
