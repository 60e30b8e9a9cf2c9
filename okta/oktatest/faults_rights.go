package oktatest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Narrowed takes users and groups out of what the caller may see: the rights of an
// administrator, or the resource set of a role, were narrowed. They are in no list, and
// whatever is asked about one of them by id answers ResourceNotFound. Push mappings
// still name the group that they push.
func Narrowed(ids ...string) Interceptor {
	hidden := func(raw []byte) bool {
		var element struct{ ID string }
		return json.Unmarshal(raw, &element) == nil && slices.Contains(ids, element.ID)
	}
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		named := strings.Split(r.URL.Path, "/")
		if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(named, id) }) {
			ResourceNotFound(w, r, next)
			return
		}
		a := capture(r, next)
		if hidden(a.body) { // somebody was asked for by login
			ResourceNotFound(w, r, next)
			return
		}
		if list := a.elements(); list != nil {
			a.setElements(slices.DeleteFunc(list, func(raw json.RawMessage) bool { return hidden(raw) }))
		}
		a.send(w)
	}
}

// RefusedCursor answers a request for the System Log that goes on from a cursor as Okta
// answers one that it does not know, or does not know any more. Requests with since pass.
func RefusedCursor(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.URL.Path != "/api/v1/logs" || !r.URL.Query().Has("after") {
		next.ServeHTTP(w, r)
		return
	}
	Refuse(w, r, http.StatusBadRequest, "E0000001", "Api validation failed: after", "after: The cursor is not valid, or not valid any more.")
}
