package oktatest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
)

// BenchmarkListing reads 100,000 assigned people by pages of 500, and tells how much
// memory one takes.
func BenchmarkListing(b *testing.B) {
	const people = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	org := &oktatest.Server{Unrecorded: true}
	app, group := org.AddApp(oktatest.App{}), org.AddGroup(oktatest.Group{Name: "Guards"})
	org.AssignGroup(app, group, oktatest.GroupAssignment{})
	for i := range people {
		org.AddMembers(group, org.AddUser(oktatest.User{Login: fmt.Sprintf("guard%06d@acme.example", i), FirstName: "Guard", LastName: fmt.Sprint(i),
			Profile: map[string]any{"employeeNumber": fmt.Sprint(i), "mobilePhone": "+1 514 555 0100", "city": "Montréal", "title": "Guard",
				"streetAddress": "1 Main Street", "state": "QC", "zipCode": "H2X 1Y4", "countryCode": "CA", "department": "Patrol", "division": "North"}}))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		for path := "/api/v1/apps/" + app + "/users?expand=user&limit=500"; path != ""; {
			path = discard(b, org, path)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/people, "B/person")
}

// discard reads a page and returns the path of the next.
func discard(b *testing.B, org http.Handler, path string) string {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
	rec := httptest.NewRecorder()
	org.ServeHTTP(rec, req)
	if _, err := io.Copy(io.Discard, rec.Body); err != nil || rec.Code != http.StatusOK {
		b.Fatalf("%s answers %d, %v", path, rec.Code, err)
	}
	for _, line := range rec.Header().Values("Link") {
		if target, found := strings.CutSuffix(line, `>; rel="next"`); found {
			return strings.TrimPrefix(target, "<http://example.com")
		}
	}
	return ""
}
