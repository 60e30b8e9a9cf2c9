package configs

import (
	"strings"
	"testing"
)

func TestBadFilesAreRefusedWithPlaceAndWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string // after the seven lines of the minimal file
		want  []string
	}{
		"a misspelt section":            {[]string{"schedul: {cron: x}"}, []string{":8", "schedul", "unknown key", "schedule"}},
		"a key with dots":               {[]string{"sync.mode: observe"}, []string{":8: sync.mode: keys are nested: write sync: {mode: …}"}},
		"a deep key with dots":          {[]string{"guard.terminate.max_count: 3"}, []string{"write guard: {terminate: {max_count: …}}"}},
		"a key with dots in a section":  {[]string{"sync:", "  groups.push: none"}, []string{":9: sync.groups.push", "write sync: {groups: {push: …}}"}},
		"a section with dots":           {[]string{"state.backup: {keep: 3}"}, []string{"write state: {backup: …}"}},
		"a name of a map with dots":     {[]string{"sync.attributes.address.city: [user.city]"}, []string{"write sync: {attributes: {address.city: …}}"}},
		"a misspelt key with dots":      {[]string{"sync.mod: observe"}, []string{"unknown key, and keys are nested", "sync: {mode: …}"}},
		"a section's short name":        {[]string{"sink: {mode: apply}"}, []string{":8", "nearest known key is sync"}},
		"a misspelt key":                {[]string{"sync:", "  defualt_region: x"}, []string{":9", "sync.defualt_region", "nearest", "sync.default_region"}},
		"a key in the wrong section":    {[]string{"sync:", "  org_url: x"}, []string{":9", "okta.org_url"}},
		"a misspelt limit":              {[]string{"guard: {terminate: {max_cuont: 1}}"}, []string{":8", "guard.terminate.max_count"}},
		"a kind that has no guard":      {[]string{"guard: {terminat: {max_count: 1}}"}, []string{":8", "guard.terminate"}},
		"an attribute's misspelt key":   {[]string{"sync:", "  attributes: {region: {source: [app.x]}}"}, []string{":9", "sync.attributes.region.sources"}},
		"a key twice":                   {[]string{"log: {level: info, level: debug}"}, []string{":8", "log.level", "twice", "line 8"}},
		"a section twice":               {[]string{"log: {level: info}", "log: {format: json}"}, []string{":9", "log", "line 8"}},
		"text for a number":             {[]string{"tracktik2: 1", "guard: {create: {max_count: many}}"}, []string{":9", `"many"`, "whole number"}},
		"text for a truth":              {[]string{"sync:", "  create_users: maybe"}, []string{":9", "sync.create_users", "true or false"}},
		"a number without a unit":       {[]string{"schedule: {deadline: 30}"}, []string{":8", "schedule.deadline", "no unit"}},
		"a list for a text":             {[]string{"log: {level: [a]}"}, []string{":8", "log.level", "single value"}},
		"a text for a list":             {[]string{"sync: {protected: x}"}, []string{":8", "sync.protected", "must be a list"}},
		"a text for a section":          {[]string{"log: info"}, []string{":8", "log", "must be a mapping"}},
		"a text for an attribute":       {[]string{"sync: {attributes: {region: user.x}}"}, []string{":8", "sync.attributes.region", "list of sources"}},
		"a list for a role":             {[]string{"sync: {groups: {roles: {A: [b]}}}"}, []string{":8", "sync.groups.roles.A", "single value"}},
		"no YAML":                       {[]string{"log: {level: info", "x"}, []string{"reading YAML"}},
		"two documents":                 {[]string{"---", "log: {}"}, []string{"second YAML document"}},
		"a merge key":                   {[]string{"log: {<<: {level: info}}"}, []string{":8", "merge keys"}},
		"a word that is no choice":      {[]string{"sync: {suspended: terminat}"}, []string{":8", "sync.suspended", "hold, terminate", "did you mean terminate"}},
		"a match that is none":          {[]string{"sync: {match: [emial]}"}, []string{":8", "sync.match", "did you mean email"}},
		"a match twice":                 {[]string{"sync: {match: [email, email]}"}, []string{"sync.match", "twice"}},
		"no match to adopt by":          {[]string{"sync: {match: []}"}, []string{"sync.match", "sync.adopt is match"}},
		"a field TrackTik has not":      {[]string{"sync: {attributes: {jobtitle: [user.title]}}"}, []string{":8", "jobtitle", "jobTitle"}},
		"a source without a side":       {[]string{"sync: {attributes: {region: [division]}}"}, []string{"app.division", "user.division"}},
		"a source of nowhere":           {[]string{"sync: {attributes: {region: [usr.division]}}"}, []string{"user.division"}},
		"a misspelt assignment":         {[]string{"sync: {attributes: {username: [assignment.username]}}"}, []string{"assignment.userName"}},
		"a required field from nothing": {[]string{"sync: {attributes: {email: []}}"}, []string{"sync.attributes.email", "needs this field"}},
		"region against region":         {[]string{"sync: {region: follow, attributes: {region: {sources: [app.x], create_only: true}}}"}, []string{"create_only is true", "sync.region is follow"}},
		"too large a percentage":        {[]string{"guard: {update: {max_percent: 101}}"}, []string{"guard.update.max_percent", "101"}},
		"too small a limit":             {[]string{"guard: {update: {max_count: -2}}"}, []string{"guard.update.max_count", "-2"}},
		"a time zone of nowhere":        {[]string{"schedule: {timezone: Mars/Base}"}, []string{"schedule.timezone", "Mars/Base"}},
		"no deadline":                   {[]string{"schedule: {deadline: 0s}"}, []string{"schedule.deadline", "0s"}},
		"an empty glob":                 {[]string{"sync: {protected: ['']}"}, []string{"sync.protected", "empty pattern"}},
		"a webhook in the clear":        {[]string{"notify: {webhook: {url: 'http://chat.acme.example/x'}}"}, []string{"notify.webhook.url", "loopback"}},
		"mail without a server":         {[]string{"notify: {email: {to: [it@acme.example]}}"}, []string{"notify.email.smtp", "empty"}},
		"mail without a port":           {[]string{"notify: {email: {smtp: mail.acme.example, from: a@b.example, to: [c@d.example]}}"}, []string{"notify.email.smtp", "host:port"}},
		"mail to nobody":                {[]string{"notify: {email: {smtp: 'mail.acme.example:587', from: a@b.example}}"}, []string{"notify.email.to", "required"}},
		"a password in the clear":       {[]string{"notify: {email: {smtp: 'm.example:25', from: a@b.example, to: [c@d.example], username: u, password: p, tls: none}}"}, []string{"notify.email.tls", "none", "m.example"}},
		"a digest at no time":           {[]string{"notify: {digest: '25:00', webhook: {url: 'https://x.example'}}"}, []string{"notify.digest", "25:00"}},
		"no copies":                     {[]string{"state: {backup: {dir: /b, keep: 0}}"}, []string{"state.backup.keep", "at least 1"}},
	} {
		t.Run(name, func(t *testing.T) { wantLine(t, findingsOf(t, with(c.lines...)), c.want...) })
	}
}

func TestAccessIsJudged(t *testing.T) {
	const okta = "okta: {org_url: https://acme.okta.com, app_id: 0oa1, auth: {api_token: t}}\n"
	const tracktik = "tracktik: {base_url: https://acme.staffr.net, auth: {client_id: i, client_secret: s, username: u, password: p}}\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"no org":                 {"okta: {app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"okta.org_url", "required", "TRACKTIK_SYNC_OKTA_ORG_URL"}},
		"no app":                 {"okta: {org_url: https://acme.okta.com, auth: {api_token: t}}\n" + tracktik, []string{"okta.app_id", "required"}},
		"no way into Okta":       {"okta: {org_url: https://acme.okta.com, app_id: 0oa1}\n" + tracktik, []string{"okta.auth", "no way in"}},
		"two ways into Okta":     {"okta: {org_url: https://acme.okta.com, app_id: 0oa1, auth: {api_token: t, client_id: 0oa2}}\n" + tracktik, []string{"okta.auth", "both", "tracktik-sync.yaml:1", "0oa2"}},
		"half a service app":     {"okta: {org_url: https://acme.okta.com, app_id: 0oa1, auth: {client_id: 0oa2}}\n" + tracktik, []string{"okta.auth.private_key", "required"}},
		"the admin console":      {"okta: {org_url: https://acme-admin.okta.com, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"admin console", "https://acme.okta.com"}},
		"the console, shouted":   {"okta: {org_url: https://ACME-ADMIN.okta.com, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"admin console", "https://acme.okta.com"}},
		"the API, shouted":       {okta + "tracktik: {base_url: https://acme.staffr.net/REST/v1, auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"tracktik.base_url", "must end before /REST/v1"}},
		"one address, shouted":   {okta + "tracktik: {base_url: https://ACME.okta.com/, auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"okta.org_url", "tracktik.base_url"}},
		"an org with a path":     {"okta: {org_url: https://acme.okta.com/api/v1, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"okta.org_url", "no path"}},
		"an org in the clear":    {"okta: {org_url: http://acme.okta.com, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"okta.org_url", "loopback"}},
		"an org that is no URL":  {"okta: {org_url: acme.okta.com, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"okta.org_url", "https://"}},
		"no share":               {"okta: {rate_limit_share: 0, org_url: https://acme.okta.com, app_id: 0oa1, auth: {api_token: t}}\n" + tracktik, []string{"okta.rate_limit_share", "more than 0"}},
		"a call beyond the run":  {"schedule: {deadline: 10s}\n" + okta + tracktik, []string{"okta.timeout", "30s", "10s"}},
		"no portal":              {okta + "tracktik: {auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"tracktik.base_url", "required"}},
		"the API of the portal":  {okta + "tracktik: {base_url: https://acme.staffr.net/rest/v1, auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"tracktik.base_url", "must end before /rest/v1"}},
		"no client":              {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {client_secret: s, username: u, password: p}}\n", []string{"tracktik.auth.client_id", "grant password"}},
		"no password":            {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {client_id: i, client_secret: s, username: u}}\n", []string{"tracktik.auth.password", "TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE"}},
		"no refresh token":       {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {grant: refresh_token, client_id: i, client_secret: s}}\n", []string{"tracktik.auth.refresh_token", "required"}},
		"no secret for approval": {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {grant: authorization_code, client_id: i}}\n", []string{"tracktik.auth.client_secret", "authorization_code"}},
		"a grant that is none":   {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {grant: pasword}}\n", []string{"tracktik.auth.grant", "did you mean password"}},
		"a name for an id":       {okta + "tracktik: {base_url: https://acme.staffr.net, auth: {client_id: i, client_secret: s, username: u, password: p, employee: bot}}\n", []string{"tracktik.auth.employee", "number"}},
		"too many at once":       {okta + "tracktik: {max_concurrency: 65, base_url: https://acme.staffr.net, auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"tracktik.max_concurrency", "1 to 64"}},
		"one address for both":   {okta + "tracktik: {base_url: https://acme.okta.com/, auth: {client_id: i, client_secret: s, username: u, password: p}}\n", []string{"okta.org_url", "tracktik.base_url"}},
	} {
		t.Run(name, func(t *testing.T) { wantLine(t, findingsOf(t, c.text), c.want...) })
	}
}

func TestLoopbackMayGoWithoutEncryption(t *testing.T) {
	for _, host := range []string{"127.0.0.1:8080", "localhost:1", "[::1]:9", "okta.localhost", "LOCALHOST:2"} {
		mustLoad(t, minimal, "TRACKTIK_SYNC_OKTA_ORG_URL=http://"+host+"/")
	}
	for _, host := range []string{"127.0.0.1.evil.example", "10.0.0.1", "localhost.example"} {
		wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_OKTA_ORG_URL=http://"+host), "okta.org_url", "loopback")
	}
}

func TestEverythingIsFoundAtOnce(t *testing.T) {
	findings := findingsOf(t, "okta: {org_ulr: x, timeout: soon}\nsync: {mode: aply}\nguard: {create: {max_percent: 200}}\n", "TRACKTIK_SYNC_LOG_FORMAT=xml")
	for _, parts := range [][]string{
		{"okta.org_ulr"}, {"okta.timeout"}, {"sync.mode", "apply"}, {"guard.create.max_percent"},
		{"log.format", "TRACKTIK_SYNC_LOG_FORMAT"}, {"okta.org_url", "required"}, {"okta.app_id"}, {"okta.auth"},
		{"tracktik.base_url"}, {"tracktik.auth.client_id"}, {"tracktik.auth.password"},
	} {
		wantLine(t, findings, parts...)
	}
	if lines := strings.Count(findings.Error(), "\n"); lines != len(findings) {
		t.Errorf("%d findings in %d lines", len(findings), lines)
	}
}

func TestAKeyIsNotBlamedTwice(t *testing.T) {
	count := 0
	for _, f := range findingsOf(t, with("schedule: {deadline: soon}")) {
		if f.Key == "schedule.deadline" {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d findings for one wrong value, want 1", count)
	}
}

func TestSettingsThatHaveNoEffectAreWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want []string
	}{
		"names that are not listed":  {"sync: {groups: {push: assigned, names: [a, b]}}", []string{"sync.groups.names", "2 entries", "sync.groups.push is assigned"}},
		"a rank for many":            {"sync: {groups: {order: [a]}}", []string{"sync.groups.order", "sync.roles.per_person is many"}},
		"one of none":                {"sync: {groups: {push: none}, roles: {per_person: one}}", []string{"sync.roles.per_person", "sync.groups.push is none"}},
		"one without a rank":         {"sync: {groups: {push: assigned}, roles: {per_person: one}}", []string{"sync.roles.per_person", "sync.groups.order is empty"}},
		"roles of no groups":         {"sync: {groups: {push: none, roles: {a: b}}}", []string{"sync.groups.roles", "sync.groups.push is none"}},
		"everybody protected":        {"sync: {protected: ['*']}", []string{"sync.protected", "nobody"}},
		"grace for nobody":           {"sync: {deactivate_users: false, unassigned_grace: 2d}", []string{"sync.unassigned_grace", "2d", "sync.deactivate_users is false"}},
		"a scope that nobody leaves": {"sync: {out_of_scope: terminate}", []string{"sync.out_of_scope", "sync.scope is empty"}},
		"a count beyond the day":     {"guard: {terminate: {max_per_day: 20}}", []string{"guard.terminate.max_count", "50", "20"}},
		"no guard left":              {"guard: {terminate: {max_count: -1, max_percent: -1, max_per_day: -1}}", []string{"guard.terminate", "everybody"}},
		"copies to nowhere":          {"state: {backup: {keep: 3}}", []string{"state.backup.keep", "3", "state.backup.dir is empty"}},
		"a key to try out":           {"state: {key: secret}", []string{"state.key", "6 bytes", "openssl"}},
		"a digest for nobody":        {"notify: {digest: '07:00'}", []string{"notify.digest", "nobody"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, warnings := mustLoad(t, with(c.line))
			wantWarning(t, warnings, c.want...)
		})
	}
}

func TestAPlainConfigurationHasNoWarnings(t *testing.T) {
	if _, warnings := mustLoad(t, minimal); len(warnings) > 0 {
		t.Error(warnings)
	}
}

func TestAFileThatIsNoYAMLIsBlamedForNothingElse(t *testing.T) {
	c, _, err := load(t, "okta:\n  org_url: [x\n", "TRACKTIK_SYNC_STATE_PATH=/x")
	if c != nil || err == nil || !strings.Contains(err.Error(), "tracktik-sync.yaml:") || strings.Contains(err.Error(), "required") {
		t.Errorf("loading answers %v, %v; want the one error with its line", c, err)
	}
}
