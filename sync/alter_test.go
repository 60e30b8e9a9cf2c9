package sync_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
)

// refreshedNot keeps a run from refreshing by itself.
var refreshedNot = func() tsync.RunOptions { no := false; return tsync.RunOptions{Refresh: &no} }()

// answered is what next answers, to be changed before it is sent on.
func answered(r *http.Request, next http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	return rec
}

func send(w http.ResponseWriter, rec *httptest.ResponseRecorder, body string) {
	maps.Copy(w.Header(), rec.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// elements takes the array of one of Okta's pages apart.
func elements(body string) []json.RawMessage {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		panic(err)
	}
	return list
}

func idOf(element json.RawMessage) string {
	var e struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(element, &e); err != nil {
		panic(err)
	}
	return e.ID
}

func join(list []json.RawMessage) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = string(e)
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// filtered leaves elements out of one of Okta's pages.
func filtered(w http.ResponseWriter, r *http.Request, next http.Handler, keep func(id string) bool) {
	rec := answered(r, next)
	if rec.Code != http.StatusOK {
		send(w, rec, rec.Body.String())
		return
	}
	var kept []json.RawMessage
	for _, e := range elements(rec.Body.String()) {
		if keep(idOf(e)) {
			kept = append(kept, e)
		}
	}
	send(w, rec, join(kept))
}

// twice shows one element a second time, with a text in it replaced.
func twice(w http.ResponseWriter, r *http.Request, next http.Handler, id, old, new string) {
	rec := answered(r, next)
	list := elements(rec.Body.String())
	for _, e := range list {
		if idOf(e) == id {
			changed := strings.Replace(string(e), old, new, 1)
			if changed == string(e) {
				panic(fmt.Sprintf("%s has no %s", e, old))
			}
			list = append(list, json.RawMessage(changed))
			break
		}
	}
	send(w, rec, join(list))
}

// skewed answers as an org does whose clock is off.
func skewed(d time.Duration) oktatest.Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := answered(r, next)
		if at, err := http.ParseTime(rec.Header().Get("Date")); err == nil {
			rec.Header().Set("Date", at.Add(d).UTC().Format(http.TimeFormat))
		}
		send(w, rec, rec.Body.String())
	}
}
