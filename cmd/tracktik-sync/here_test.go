package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A place is a world with a directory of its own, in which the program is run within
// the test's process.
type place struct {
	*world
	dir string
}

// newPlace starts both systems, and puts a configuration for them into the
// environment; settings are NAME=value below TRACKTIK_SYNC_ and come on top.
func newPlace(t *testing.T, settings ...string) *place {
	t.Helper()
	w := &world{okta: oktatest.NewServer(), portal: tracktiktest.NewServer(), users: map[string]string{}, groups: map[string]string{}}
	t.Cleanup(w.okta.Close)
	t.Cleanup(w.portal.Close)
	w.app = w.okta.AddApp(oktatest.App{Label: "TrackTik"})
	p := &place{world: w, dir: t.TempDir()}
	t.Chdir(p.dir)
	for _, setting := range append([]string{
		"OKTA_ORG_URL=" + w.okta.URL, "OKTA_APP_ID=" + w.app, "OKTA_AUTH_API_TOKEN=" + oktatest.DefaultToken,
		"TRACKTIK_BASE_URL=" + w.portal.URL, "TRACKTIK_AUTH_CLIENT_ID=" + tracktiktest.DefaultClientID,
		"TRACKTIK_AUTH_CLIENT_SECRET=" + tracktiktest.DefaultClientSecret,
		"TRACKTIK_AUTH_USERNAME=" + tracktiktest.DefaultUsername, "TRACKTIK_AUTH_PASSWORD=" + tracktiktest.DefaultPassword,
	}, settings...) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv("TRACKTIK_SYNC_"+name, value)
	}
	return p
}

// call runs the program, and answers its exit code and streams.
func (p *place) call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errOut)
	return code, out.String(), errOut.String()
}

// must is call for what has to end well.
func (p *place) must(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := p.call(t, args...)
	if code != 0 {
		t.Fatalf("tracktik-sync %s ended with %d:\n%s\n%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout, stderr
}

// files are the names and contents of what lies in the directory.
func (p *place) files(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// intercept puts i before the portal; nil takes it away.
func (p *place) intercept(i tracktiktest.Interceptor) {
	p.portal.Configure(func(s *tracktiktest.Server) { s.Intercept = i })
}
