package oktatest

import (
	"net"
	"net/http"
	"strconv"
)

// Drop closes the connection before a byte of the answer: a load balancer that
// restarts. The client reads EOF. On a connection that was used before, Go's
// http.Transport sends a GET once more by itself.
func Drop(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	conn := seize(w)
	_ = conn.Close()
}

// ResetMidBody sends half of the answer and then a TCP reset, as a firewall does that
// ends a connection.
func ResetMidBody(w http.ResponseWriter, r *http.Request, next http.Handler) {
	halfThen(w, r, next, func(conn net.Conn) {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // makes a reset of the close
		}
	})
}

// CutMidBody sends half of the answer and then closes the connection in good order,
// as a process does that is stopped. The client reads an unexpected EOF.
func CutMidBody(w http.ResponseWriter, r *http.Request, next http.Handler) {
	halfThen(w, r, next, func(net.Conn) {})
}

func halfThen(w http.ResponseWriter, r *http.Request, next http.Handler, before func(net.Conn)) {
	a := capture(r, next)
	whole := a.body
	a.header.Set("Content-Length", strconv.Itoa(len(whole)))
	copyHeader(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(whole[:len(whole)/2])
	_ = http.NewResponseController(w).Flush()
	conn := seize(w)
	before(conn)
	_ = conn.Close()
}

// Silence never answers, as a server does that hangs, or a firewall that drops
// packets. It ends when the client gives up or the server is closed.
func Silence(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	select {
	case <-r.Context().Done():
	case <-closing(r):
	}
	_ = seize(w).Close()
}

// seize takes the connection away from the HTTP server.
func seize(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // not HTTP/1: this ends the answer as abruptly
	}
	return conn
}
