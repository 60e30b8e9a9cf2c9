package okta

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnswerThatIsNoListingEndsTheRead(t *testing.T) {
	typed := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"empty":                  answer(200, ""),
		"white space":            answer(200, " \r\n "),
		"no content":             answer(204, ""),
		"null":                   answer(200, "null"),
		"null with white space":  answer(200, " null\n"),
		"a number":               answer(200, "7"),
		"a text":                 answer(200, `"[]"`),
		"an object":              answer(200, `{"errorCode":"E0000009"}`),
		"cut":                    answer(200, `[{"id":"00u1"},`),
		"cut in a text":          answer(200, `[{"id":"00u`),
		"two documents":          answer(200, `[][]`),
		"a web page":             answer(200, "<html></html>"),
		"a web page by its type": typed("text/html; charset=utf-8", `[]`),
		"not JSON by its type":   typed("text/plain", `[]`),
		"a null element":         answer(200, array(assignment("00u1"), "null")),
		"an element of text":     answer(200, array(`"00u1"`)),
		"an element without id":  answer(200, `[{"status":"ACTIVE"}]`),
		"an element with id 7":   answer(200, `[{"id":7}]`),
		"an element with id ''":  answer(200, `[{"id":""}]`),
		"too deep":               answer(200, strings.Repeat("[", maxNested+1)),
		"deep, but not JSON":     answer(200, strings.Repeat("[", maxNested-1)),
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, handler)
			ids, err := o.everybody()
			wantBroken(t, err)
			if len(ids) != 0 || o.Requests() != maxRetries+1 {
				t.Errorf("read %v in %d requests", ids, o.Requests())
			}
			if !strings.Contains(err.Error(), routeAssignments.name) || !strings.Contains(err.Error(), "req-1") {
				t.Errorf("the error names neither endpoint nor request: %v", err)
			}
		})
	}
}

func TestEmptyListingIsAListing(t *testing.T) {
	for _, body := range []string{"[]", " [\n] "} {
		o := newOrg(t, answer(200, body))
		if ids, err := o.everybody(); err != nil || len(ids) != 0 || o.Requests() != 1 {
			t.Errorf("%q: got %v, %v", body, ids, err)
		}
	}
}

func TestAnswerWithoutATypeIsJudgedByItsText(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		_, _ = w.Write([]byte(array(assignment("00u1"))))
	})
	if ids, err := o.everybody(); err != nil || len(ids) != 1 {
		t.Errorf("got %v, %v", ids, err)
	}
}

func TestEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 64 MiB")
	}
	chunk := []byte(strings.Repeat(" ", 1<<20))
	o := newOrg(t, inTurn(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}, answer(200, "[]")))
	if _, err := o.everybody(); err != nil || o.Requests() != 2 {
		t.Errorf("got %v after %d requests", err, o.Requests())
	}
}

func TestListingWhereAnObjectIsDueIsBroken(t *testing.T) {
	o := newOrg(t, answer(200, array(user("00u1"))))
	_, found, err := o.User(t.Context(), "00u1")
	wantBroken(t, err)
	if found {
		t.Error("found")
	}
}
