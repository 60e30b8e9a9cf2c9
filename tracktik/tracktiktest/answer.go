package tracktiktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// refusal is an answer that says no, in the shape of the portal's OpenAPI
// document: {"status":400,"error":"text"}.
type refusal struct {
	Status int    `json:"status"`
	Text   string `json:"error"`
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{Status: status, Text: fmt.Sprintf(format, args...)}
}

// invalid is a refusal for something the caller got wrong.
func invalid(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, format, args...)
}

// unknownField is in the words of a recorded answer.
func unknownField(name, resource string) *refusal {
	return invalid("%s is not a field in %s", name, resource)
}

func notFound(resource string, id int64) *refusal {
	return refuse(http.StatusNotFound, "there is no record %d in %s", id, resource)
}

func (r *refusal) write(w http.ResponseWriter) { writeJSON(w, r.Status, r) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("tracktiktest: encoding an answer: " + err.Error()) // only own types come here
	}
	writeBody(w, status, body)
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// meta is the head of every answer, in the order of the recorded ones. The counts
// are those of lists.
type meta struct {
	Count     *int     `json:"count,omitempty"`
	Request   []string `json:"request"`
	ItemCount *int     `json:"itemCount,omitempty"`
	Security  struct {
		Granted   bool    `json:"granted"`
		Requested string  `json:"requested"`
		GrantedBy string  `json:"grantedBy"`
		Scope     *string `json:"scope"`
	} `json:"security"`
	Debug    *string `json:"debug"`
	Resource string  `json:"resource"`
	Limit    *int    `json:"limit,omitempty"`
	Offset   *int    `json:"offset,omitempty"`
}

func newMeta(resource, right string, request ...string) meta {
	m := meta{Request: append([]string{resource}, request...), Resource: resource}
	m.Security.Granted = true
	m.Security.Requested = "admin:" + resource + ":" + right
	m.Security.GrantedBy = "admin:*"
	return m
}

// envelope wraps data, which is JSON already.
func envelope(m meta, data []byte) []byte {
	head, err := json.Marshal(m)
	if err != nil {
		panic("tracktiktest: encoding meta: " + err.Error())
	}
	out := make([]byte, 0, len(head)+len(data)+20)
	out = append(append(out, `{"meta":`...), head...)
	out = append(append(out, `,"data":`...), data...)
	return append(out, '}')
}

// acted is the answer to an action: an ActionResponse, not the record.
func acted(resource, action string, id int64) []byte {
	m := newMeta(resource, action, strconv.FormatInt(id, 10), "actions", action)
	return envelope(m, []byte(`{"message":"The action was carried out"}`))
}
