package okta

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// listingOf renders the pages of n assignments of real size beforehand, so that a
// benchmark measures reading them and little else.
func listingOf(n int) http.HandlerFunc {
	const more = `"primaryPhone":"+1 514 555 0100","streetAddress":"1 Main St","city":"Montreal","state":"QC","zipCode":"H1A 1A1",` +
		`"countryCode":"CA","secondEmail":null,"title":"Guard","department":"Docks","division":"North","preferredLanguage":"en",`
	var pages [][]byte
	for first := 0; first < n; first += 500 {
		var elements []string
		for i := first; i < min(first+500, n); i++ {
			one := assignment(fmt.Sprintf("00u%017d", i))
			elements = append(elements, strings.Replace(one, `"mobilePhone"`, more+`"mobilePhone"`, 1))
		}
		pages = append(pages, []byte(array(elements...)))
	}
	return func(w http.ResponseWriter, r *http.Request) {
		i, _ := strconv.Atoi(r.URL.Query().Get("after"))
		if i+1 < len(pages) {
			nextPage(w, r, strconv.Itoa(i+1))
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(pages[i])))
		_, _ = w.Write(pages[i])
	}
}

func benchmarkListing(b *testing.B, each func(plan.Entry) error) {
	const people = 20_000
	o := newOrg(b, listingOf(people))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := o.Assignments(b.Context(), func(entries []plan.Entry) error {
			for _, e := range entries {
				n++
				if err := each(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n != people {
			b.Fatalf("read %d people, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*people), "µs/person")
}

// BenchmarkPrint is a run in which nobody changed: everybody is listed and
// fingerprinted, nobody decoded. The server's share is in it.
func BenchmarkPrint(b *testing.B) {
	benchmarkListing(b, func(e plan.Entry) error {
		if e.Print == (plan.Print{}) {
			return fmt.Errorf("no print")
		}
		return nil
	})
}

// BenchmarkDecode is a first run: everybody is decoded as well.
func BenchmarkDecode(b *testing.B) {
	benchmarkListing(b, func(e plan.Entry) error {
		_, err := e.Decode()
		return err
	})
}
