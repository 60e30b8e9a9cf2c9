package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
)

// Email is a mail server, and who gets the messages.
type Email struct {
	SMTP               string // host:port; empty: no mail
	Username, Password string // both empty: no login
	TLS                string // starttls, tls or none
	From               string
	To                 []string
	Authorities        *x509.CertPool // nil: the system's
}

// smtpTimeout bounds each step of the conversation.
const smtpTimeout = 5 * time.Second

// mailbox sends a message of its own to each recipient: one whose mailbox is gone
// keeps it from nobody else.
type mailbox struct {
	Email
	agent string
	now   func() time.Time
}

func (*mailbox) name() string { return "email" }

func (*mailbox) keyed() bool { return false }

func (b *mailbox) send(ctx context.Context, m Message) (bool, error) {
	line := &line{}
	defer line.close()
	defer context.AfterFunc(ctx, line.close)()
	client, err := b.client(line)
	if err != nil {
		return false, err
	}
	letters := make([]*mail.Msg, len(b.To))
	for i, to := range b.To {
		if letters[i], err = b.letter(m, to); err != nil {
			return false, err
		}
	}
	err = client.DialAndSendWithContext(ctx, letters...)
	told := false
	for _, l := range letters {
		told = told || l.IsDelivered()
	}
	if told && err != nil { // it may be about saying goodbye
		err = undelivered(letters)
	}
	return told, withoutMailboxes(err)
}

func undelivered(letters []*mail.Msg) error {
	var errs []error
	for _, l := range letters {
		if l.HasSendError() {
			errs = append(errs, l.SendError())
		}
	}
	return errors.Join(errs...)
}

// withoutMailboxes takes the recipients out of what a mail server says.
func withoutMailboxes(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(withoutPeople(err.Error()))
}

// A line is the connection of one conversation. The library leaves it open where the
// conversation breaks off early.
type line struct {
	mu   sync.Mutex
	conn net.Conn
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close() // mostly it is closed already
	}
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	return conn, err
}

func (b *mailbox) client(l *line) (*mail.Client, error) {
	host, service, err := net.SplitHostPort(b.SMTP)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, fmt.Errorf("the port of the mail server is %q, and must be a number", service)
	}
	encryption := &tls.Config{ServerName: host, RootCAs: b.Authorities, MinVersion: tls.VersionTLS12}
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(smtpTimeout), mail.WithTLSConfig(encryption),
		mail.WithDialContextFunc(l.dial)}
	switch b.TLS {
	case "tls":
		options = append(options, mail.WithSSL(),
			mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := l.dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				secure := tls.Client(conn, encryption)
				return secure, secure.HandshakeContext(ctx)
			}))
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if b.Username != "" {
		options = append(options, mail.WithUsername(b.Username), mail.WithPassword(b.Password),
			mail.WithOpportunisticSMTPAuth(
				mail.SMTPAuthSCRAMSHA256PLUS, mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(host, options...)
}

// letter is m for one recipient. The library encodes what goes into a header, and
// the subject is one clean line before.
func (b *mailbox) letter(m Message, to string) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	letter.SetUserAgent(b.agent)
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	letter.SetDateWithValue(b.now())
	letter.SetMessageID()
	letter.Subject(m.Subject())
	letter.SetBodyString(mail.TypeTextPlain, m.Text+"\n\n"+m.Portal+"\n")
	return letter, errors.Join(letter.From(b.From), letter.To(to))
}
