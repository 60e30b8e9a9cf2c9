package okta

import (
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

func TestWhatIsLeftOfEachRateLimitIsTold(t *testing.T) {
	o := oktatest.NewServer()
	defer o.Close()
	o.RateLimit = map[string]int{oktatest.BucketApps: 50, oktatest.BucketApp: 300}
	app := o.AddApp(oktatest.App{Label: "TrackTik"})
	s, err := New(Config{OrgURL: o.URL, AppID: app, Token: oktatest.DefaultToken})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.RateLimits(); len(got) != 0 {
		t.Errorf("before any answer: %v", got)
	}
	if _, err := s.App(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Assignments(t.Context(), func([]plan.Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	got := s.RateLimits()
	for i := range got {
		if got[i].Reset.IsZero() {
			t.Errorf("%s has no reset", got[i].Bucket)
		}
	}
	if len(got) != 2 || got[0].Bucket != bucketApp || got[0].Limit != 300 || got[0].Remaining != 299 ||
		got[1].Bucket != bucketAppParts || got[1].Limit != 50 || got[1].Remaining != 48 {
		t.Errorf("got %+v", got)
	}
}
