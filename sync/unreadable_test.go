package sync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A listing of which more than half cannot be read is no listing: nobody is written to, and the
// run does not count as one that went well. Up to half is the affair of those people.
func TestAListingOfWhichMoreThanHalfCannotBeReadIsBroken(t *testing.T) {
	for name, spoil := range map[string]func(entry string) string{
		"without its user": func(e string) string { return strings.Replace(e, `"_embedded"`, `"_links2"`, 1) },
		"odd":              func(e string) string { return strings.Replace(e, `"profile":{`, `"profile":7,"profile2":{`, 1) },
	} {
		for share, broken := range map[int]bool{9: false, 10: true, 19: true} {
			t.Run(fmt.Sprintf("%s, %d of 19", name, share), func(t *testing.T) {
				w := newWorld(t)
				names := w.crowd(20)
				w.run()
				w.org.DeactivateUser(w.users[names[19]])
				w.org.UpdateUser(w.users[names[18]], map[string]any{"title": "Chief"})
				w.inOkta(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					if !strings.HasSuffix(r.URL.Path, w.app+"/users") {
						next.ServeHTTP(rw, r)
						return
					}
					rec := answered(r, next)
					list := elements(rec.Body.String())
					for i := range min(share, len(list)) {
						list[i] = json.RawMessage(spoil(string(list[i])))
					}
					send(rw, rec, join(list))
				})
				before, err := w.db.Meta()
				w.must(err)
				w.portal.ResetRequests()
				doc, err := w.sync(tsync.RunOptions{})
				if !broken {
					w.must(err)
					w.wantHeld(doc, plan.HeldUnreadable, names[0])
					return
				}
				var listing *read.BrokenListing
				if !errors.As(err, &listing) || tsync.ExitCode(doc, err, "") != 1 {
					t.Errorf("the run ended with %v", err)
				}
				w.wantNoWrites()
				after, err := w.db.Meta()
				w.must(err)
				if !after.LastSuccess.Equal(before.LastSuccess) {
					t.Error("the run counts as one that went well")
				}
			})
		}
	}
}
