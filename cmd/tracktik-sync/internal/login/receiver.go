package login

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A receiver waits on the loopback interface for the browser to come back from the
// portal. It is the only time that this program listens for anybody.
type receiver struct {
	address string // to which the portal sends the browser
	path    string
	state   string
	finish  func(ctx context.Context, code string) error
	server  *http.Server
	once    sync.Once
	done    chan error
}

// listen waits at redirect, or on a free port where that is empty. finish is called
// once, with the code of an answer that carries our state.
func listen(redirect, state string, finish func(context.Context, string) error) (*receiver, error) {
	r := &receiver{path: "/callback", state: state, finish: finish, done: make(chan error, 1)}
	hosts, port := []string{"127.0.0.1"}, "0"
	if redirect != "" {
		u, err := url.Parse(redirect)
		if err != nil {
			return nil, errors.New("tracktik.auth.redirect_uri is not an address")
		}
		hosts, port, r.path = []string{u.Hostname()}, u.Port(), u.Path
		if u.Hostname() == "localhost" { // which of the two a browser tries first, is its affair
			hosts = []string{"127.0.0.1", "::1"}
		}
		if port == "" {
			port = "80"
		}
		if r.path == "" {
			r.path = "/"
		}
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	first, err := r.listenAt(hosts, port)
	if err != nil {
		return nil, fmt.Errorf("waiting for the browser on this machine: %w; or use auth login --paste", err)
	}
	r.address = redirect
	if redirect == "" {
		r.address = "http://" + first.String() + r.path
	}
	return r, nil
}

// listenAt listens at the hosts that this machine has; one is enough.
func (r *receiver) listenAt(hosts []string, port string) (first net.Addr, err error) {
	for _, host := range hosts {
		listener, failed := net.Listen("tcp", net.JoinHostPort(host, port))
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		if first == nil {
			first = listener.Addr()
		}
		go func() { _ = r.server.Serve(listener) }() // it ends with close
	}
	if first != nil {
		err = nil
	}
	return first, err
}

// close ends the listening, after the page that is on its way.
func (r *receiver) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = r.server.Shutdown(ctx)
	_ = r.server.Close()
}

// wait returns when the browser came back with the portal's answer, or ctx ended.
func (r *receiver) wait(ctx context.Context) error {
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP shows the browser how it went. What does not carry our state is turned
// away, and the waiting goes on: any page could send a browser here.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != r.path || req.Method != http.MethodGet {
		http.NotFound(w, req)
		return
	}
	code, err := codeOf(req.URL.Query(), r.state)
	if errors.Is(err, errForeignState) {
		r.page(w, http.StatusBadRequest, pageText{"Not this login", err.Error(), false})
		return
	}
	first := false
	r.once.Do(func() {
		first = true
		if err == nil {
			err = r.finish(context.WithoutCancel(req.Context()), code)
		}
	})
	if !first {
		r.page(w, http.StatusOK, pageText{"Done already", "This login has been answered. You can close this page.", true})
		return
	}
	if err != nil {
		r.page(w, http.StatusOK, pageText{"Not approved",
			"tracktik-sync was not approved. The terminal says why; nothing was changed.", false})
	} else {
		r.page(w, http.StatusOK, pageText{"Approved",
			"tracktik-sync may now work in your portal. You can close this page and go back to the terminal.", true})
	}
	r.done <- err
}

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("auth").Parse(pageSource))

type pageText struct {
	Title, Text string
	Good        bool
}

// page keeps the code out of everything that the browser might pass on or keep.
func (r *receiver) page(w http.ResponseWriter, status int, text pageText) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors "+
		"'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, text) // the browser may be gone
}
