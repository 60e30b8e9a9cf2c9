package tracktiktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

// capture takes an answer in the place of the connection.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newCapture() *capture { return &capture{header: http.Header{}, status: http.StatusOK} }

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }

// rewrite changes the body of a good answer; any other, and one that change
// returns nil for, passes as it is.
func rewrite(w http.ResponseWriter, r *http.Request, next http.Handler, change func(map[string]json.RawMessage) []byte) {
	c := newCapture()
	next.ServeHTTP(c, r)
	maps.Copy(w.Header(), c.header)
	body := c.body.Bytes()
	var object map[string]json.RawMessage
	if c.status == http.StatusOK && json.Unmarshal(body, &object) == nil {
		if changed := change(object); changed != nil {
			body = changed
		}
	}
	w.WriteHeader(c.status)
	_, _ = w.Write(body) // the client may be gone
}

func withQuery(r *http.Request, query string) *http.Request {
	r = r.Clone(r.Context())
	r.URL.RawQuery = query
	return r
}

func cut(w http.ResponseWriter, status int) {
	writePage(w, status, fmt.Sprintf("%d Time-out", status))
}

func writePage(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"))
}
