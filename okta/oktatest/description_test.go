package oktatest_test

import (
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/apidoc"
)

// Okta's document is not ours to pass on; the description of what is used of it is, and
// every kind of answer of the simulated org is held to that.
func TestAnswersFitTheDescription(t *testing.T) {
	judge, err := apidoc.Org()
	if err != nil {
		t.Fatal(err)
	}
	srv := start(t)
	app, paths := populated(srv)
	srv.Configure(func(s *oktatest.Server) { s.Intercept = judge.Between })
	for _, path := range append(paths, "/.well-known/okta-organization") {
		get(t, srv, path)
	}
	srv.Configure(func(s *oktatest.Server) { s.RateLimit = map[string]int{oktatest.BucketApps: 0} })
	get(t, srv, "/api/v1/apps/"+app+"/users")
	for _, fault := range []oktatest.Interceptor{oktatest.Forbidden, oktatest.ServerError, oktatest.ResourceNotFound} {
		srv.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.All(judge.Between, fault) })
		get(t, srv, "/api/v1/groups")
	}
	for _, wrong := range judge.Wrong() {
		t.Error(wrong)
	}
	srv.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.All(judge.Between, oktatest.NullBody) })
	get(t, srv, "/api/v1/groups")
	if len(judge.Wrong()) == 0 {
		t.Error("an answer of null fits")
	}
}
