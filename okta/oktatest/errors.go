package oktatest

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// A serial makes ids of requests and errors, which only have to differ.
type serial struct {
	prefix string
	n      atomic.Uint64
}

func (s *serial) next() string { return fmt.Sprintf("%s%017d", s.prefix, s.n.Add(1)) }

var (
	requestIDs = &serial{prefix: "req"}
	errorIDs   = &serial{prefix: "oae"}
)

// Refuse answers a request with an error in Okta's form. Causes are the sentences
// of errorCauses.
func Refuse(w http.ResponseWriter, r *http.Request, status int, code, summary string, causes ...string) {
	refused(status, code, summary, causes...).send(w, r)
}

func refused(status int, code, summary string, causes ...string) reply {
	list := make([]map[string]string, len(causes))
	for i, cause := range causes {
		list[i] = map[string]string{"errorSummary": cause}
	}
	return reply{status: status, body: compact(struct {
		Code    string              `json:"errorCode"`
		Summary string              `json:"errorSummary"`
		Link    string              `json:"errorLink"`
		ID      string              `json:"errorId"`
		Causes  []map[string]string `json:"errorCauses"`
	}{code, summary, code, errorIDs.next(), list})}
}

func notFound(kind, id string) reply {
	return refused(http.StatusNotFound, "E0000007", fmt.Sprintf("Not found: Resource not found: %s (%s)", id, kind))
}

func invalid(field, cause string) reply {
	return refused(http.StatusBadRequest, "E0000001", "Api validation failed: "+field, field+": "+cause)
}

func badSearch(err error) reply {
	return refused(http.StatusBadRequest, "E0000031", "Invalid search criteria.", err.Error())
}
