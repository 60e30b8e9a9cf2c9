package notify

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A mailServer speaks as much SMTP (RFC 5321, 3207, 4954) as a sender needs.
type mailServer struct {
	net.Listener
	tls     *tls.Config
	pool    *x509.CertPool
	instant bool     // TLS from the first byte
	plain   bool     // offers no TLS
	refuses []string // recipients
	mu      sync.Mutex
	got     []letter
	logins  []string
}

type letter struct {
	from, to string
	secure   bool
	*mail.Message
	body string
}

const mailUser, mailPassword = "sync", "geheim-pass"

// newMailServer listens, and offers STARTTLS unless set says otherwise.
func newMailServer(t *testing.T, set ...func(*mailServer)) *mailServer {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate
	certified.Close()
	s := &mailServer{tls: &tls.Config{Certificates: certified.TLS.Certificates}, pool: x509.NewCertPool()} //nolint:gosec // a test's
	s.pool.AddCert(certified.Certificate())
	for _, f := range set {
		f(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Listener = listener
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(c) })
		}
	})
	return s
}

func (s *mailServer) email() Email {
	return Email{SMTP: s.Addr().String(), Username: mailUser, Password: mailPassword, TLS: "starttls",
		From: "Sync <sync@acme.example>", To: []string{"it@acme.example", "Boss <boss@acme.example>"}, Authorities: s.pool}
}

func (s *mailServer) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *mailServer) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	secure := s.instant
	if secure {
		c = tls.Server(c, s.tls)
	}
	r := bufio.NewReader(c)
	say := func(text string) { _, _ = fmt.Fprintf(c, "%s\r\n", text) }
	say("220 mail.acme.example ESMTP")
	var l letter
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.acme.example")
			if !secure && !s.plain {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN LOGIN")
		case "STARTTLS":
			say("220 go ahead")
			c, secure = tls.Server(c, s.tls), true
			r = bufio.NewReader(c)
		case "AUTH":
			say(s.login(rest))
		case "MAIL":
			l = letter{from: inBrackets(rest), secure: secure}
			say("250 fine")
		case "RCPT":
			l.to = inBrackets(rest)
			if slices.Contains(s.refuses, l.to) {
				say("550 5.1.1 <" + l.to + ">: nobody of that name here")
				continue
			}
			say("250 fine")
		case "DATA":
			say("354 go on")
			s.take(r, l)
			say("250 queued")
		case "QUIT":
			say("221 bye")
			return
		default: // RSET, NOOP
			say("250 fine")
		}
	}
}

func inBrackets(text string) string {
	_, text, _ = strings.Cut(text, "<")
	text, _, _ = strings.Cut(text, ">")
	return text
}

func (s *mailServer) login(rest string) string {
	_, encoded, _ := strings.Cut(rest, " ")
	data, _ := base64.StdEncoding.DecodeString(encoded) // what cannot be decoded is no login
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins = append(s.logins, string(data))
	if string(data) == "\x00"+mailUser+"\x00"+mailPassword {
		return "235 welcome"
	}
	return "535 5.7.8 no"
}

func (s *mailServer) take(r *bufio.Reader, l letter) {
	var text strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}
	m, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body)) // of a string
	l.Message, l.body = m, string(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, l)
}

// by makes a desk whose only channel is mail.
func (s *mailServer) by(t *testing.T, set func(*Email)) *desk {
	t.Helper()
	return newDesk(t, func(c *Config, _ *web) {
		c.Webhook, c.Email = "", s.email()
		if set != nil {
			set(&c.Email)
		}
	})
}

func TestMailReachesEachRecipientByItself(t *testing.T) {
	for name, test := range map[string]struct {
		server func(*mailServer)
		client func(*Email)
		secure bool
	}{
		"starttls":          {func(*mailServer) {}, func(*Email) {}, true},
		"tls":               {func(s *mailServer) { s.instant = true }, func(e *Email) { e.TLS = "tls" }, true},
		"none":              {func(s *mailServer) { s.plain = true }, func(e *Email) { e.TLS, e.Username, e.Password = "none", "", "" }, false},
		"none, with login":  {func(s *mailServer) { s.plain = true }, func(e *Email) { e.TLS = "none" }, false},
		"without any login": {func(*mailServer) {}, func(e *Email) { e.Username, e.Password = "", "" }, true},
	} {
		server := newMailServer(t, test.server)
		d := server.by(t, test.client)
		d.end(t, failing())
		d.end(t, failing())
		got := server.letters()
		if len(got) != 2 {
			t.Errorf("%s: %d letters; the log:\n%s", name, len(got), d.log)
			continue
		}
		for i, to := range []string{"it@acme.example", "boss@acme.example"} {
			l := got[i]
			if l.to != to || l.from != "sync@acme.example" || l.secure != test.secure {
				t.Errorf("%s: from %s to %s, secure %v", name, l.from, l.to, l.secure)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
			if err != nil || subject != "tracktik-sync acme.staffr.net: the runs fail" {
				t.Errorf("%s: subject %q %v", name, subject, err)
			}
			for _, header := range []string{"Date", "Message-Id"} {
				if l.Header.Get(header) == "" {
					t.Errorf("%s: no %s", name, header)
				}
			}
			if l.Header.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(l.body, "okta: GET /users: 503") {
				t.Errorf("%s: %v\n%s", name, l.Header, l.body)
			}
			if strings.Contains(fmt.Sprint(l.Header, l.body), "boss") && to != "boss@acme.example" {
				t.Errorf("%s: one recipient sees the other", name)
			}
		}
	}
}

func TestAMailboxThatIsGoneKeepsItFromNobodyElse(t *testing.T) {
	server := newMailServer(t, func(s *mailServer) { s.refuses = []string{"it@acme.example"} })
	d := server.by(t, nil)
	d.end(t, failing())
	d.end(t, failing())
	if got := server.letters(); len(got) != 1 || got[0].to != "boss@acme.example" {
		t.Errorf("%d letters: %+v", len(got), got)
	}
	log := d.log.String()
	if strings.Count(log, "did not get through") != 1 || strings.Contains(log, "it@acme.example") {
		t.Errorf("logged was\n%s", log)
	}
}

func TestAServerWithoutTLSIsGivenNothing(t *testing.T) {
	server := newMailServer(t, func(s *mailServer) { s.plain = true })
	d := server.by(t, nil)
	d.end(t, failing())
	if len(server.letters()) != 0 || len(server.logins) != 0 || !strings.Contains(d.log.String(), "did not get through") {
		t.Errorf("%d letters, logins %q; the log:\n%s", len(server.letters()), server.logins, d.log)
	}
}

func TestAServerThatIsNotTrustedIsGivenNothing(t *testing.T) {
	server := newMailServer(t)
	d := server.by(t, func(e *Email) { e.Authorities = x509.NewCertPool() })
	d.end(t, failing())
	if len(server.letters()) != 0 || len(server.logins) != 0 {
		t.Errorf("%d letters, logins %q", len(server.letters()), server.logins)
	}
}

func TestAWrongPasswordIsNotShown(t *testing.T) {
	server := newMailServer(t)
	d := server.by(t, func(e *Email) { e.Password = "other-geheim" })
	d.end(t, failing())
	if log := d.log.String(); len(server.letters()) != 0 || strings.Contains(log, "geheim") || !strings.Contains(log, "535") {
		t.Errorf("logged was\n%s", log)
	}
}

func TestNoTextBecomesAHeader(t *testing.T) {
	server := newMailServer(t)
	d := server.by(t, func(e *Email) { e.To = e.To[:1] })
	d.Portal = "https://acme.staffr.net\r\nBcc: all@acme.example"
	s := failing()
	s.Run = "7\r\nBcc: all@acme.example\r\n\r\nhello"
	s.Cause = "x\r\n.\r\nMAIL FROM:<evil@acme.example>"
	d.end(t, s)
	got := server.letters()
	if len(got) != 1 || got[0].Header.Get("Bcc") != "" || strings.Contains(got[0].Header.Get("Subject"), "\n") {
		t.Fatalf("%d letters: %v; the log:\n%s", len(got), got, d.log)
	}
}
