package oktatest_test

import (
	"strconv"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

func (a answer) number(t *testing.T, header string) int {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get(header))
	if err != nil {
		t.Fatalf("%s is %q", header, a.header.Get(header))
	}
	return n
}

func TestBucketRunsDryAndFillsAfterAMinute(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	srv.RateLimit = map[string]int{oktatest.BucketUsers: 2}
	for left := 1; left >= 0; left-- {
		a := get(t, srv, "/api/v1/users")
		if a.status != 200 || a.number(t, "X-Rate-Limit-Limit") != 2 || a.number(t, "X-Rate-Limit-Remaining") != left {
			t.Errorf("with %d left the answer is %d %v", left, a.status, a.header)
		}
		clock.advance(time.Second)
	}
	a := get(t, srv, "/api/v1/users")
	a.refused(t, 429, "E0000047")
	date, err := time.Parse(time.RFC1123, a.header.Get("Date"))
	reset := time.Unix(int64(a.number(t, "X-Rate-Limit-Reset")), 0)
	if err != nil || reset.Sub(date) != 58*time.Second || a.number(t, "X-Rate-Limit-Remaining") != 0 {
		t.Errorf("two seconds into the minute the reset is %s after Date (%v)", reset.Sub(date), err)
	}
	if a := get(t, srv, "/api/v1/groups"); a.status != 200 {
		t.Errorf("another bucket answers %d", a.status)
	}
	clock.at = reset
	if a := get(t, srv, "/api/v1/users"); a.status != 200 || a.number(t, "X-Rate-Limit-Remaining") != 1 {
		t.Errorf("after the reset the answer is %d %v", a.status, a.header)
	}
}

func TestEachPathCountsAgainstItsBucket(t *testing.T) {
	srv := start(t)
	app, group, user := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	for path, bucket := range map[string]string{
		"/api/v1/apps/" + app:                          oktatest.BucketApp,
		"/api/v1/apps/" + app + "/users":               oktatest.BucketApps,
		"/api/v1/apps/" + app + "/users/" + user:       oktatest.BucketApps,
		"/api/v1/apps/" + app + "/groups":              oktatest.BucketApps,
		"/api/v1/apps/" + app + "/groups/" + group:     oktatest.BucketApps,
		"/api/v1/apps/" + app + "/group-push/mappings": oktatest.BucketApps,
		"/api/v1/groups":                               oktatest.BucketGroups,
		"/api/v1/groups/" + group + "/users":           oktatest.BucketGroups,
		"/api/v1/groups/" + group:                      oktatest.BucketGroup,
		"/api/v1/users":                                oktatest.BucketUsers,
		"/api/v1/users/" + user + "/groups":            oktatest.BucketUsers,
		"/api/v1/users/" + user:                        oktatest.BucketUser,
		"/api/v1/logs":                                 oktatest.BucketLogs,
		"/api/v1/org":                                  oktatest.BucketOther,
	} {
		srv.RateLimit = map[string]int{bucket: 0}
		get(t, srv, path).refused(t, 429, "E0000047")
		srv.RateLimit = nil
		if a := get(t, srv, path); a.status == 429 || a.number(t, "X-Rate-Limit-Limit") != oktatest.DefaultRateLimit {
			t.Errorf("%s without limits answers %d", path, a.status)
		}
	}
}
