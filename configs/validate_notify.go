package configs

import (
	"net"
	"net/mail"
	"time"
)

func (r *review) notify() {
	r.address("notify.webhook.url", r.Notify.Webhook.URL.Reveal())
	r.address("notify.ping.start", r.Notify.Ping.Start.Reveal())
	r.address("notify.ping.success", r.Notify.Ping.Success.Reveal())
	r.address("notify.ping.failure", r.Notify.Ping.Failure.Reveal())
	if r.Notify.Email.SMTP == "" {
		r.emailWithoutServer()
	} else {
		r.email()
	}
	r.digest()
}

func (r *review) emailWithoutServer() {
	e := r.Notify.Email
	if len(e.To) > 0 || e.From != "" || e.Username != "" {
		r.find("notify.email.smtp", "is empty, but other keys of notify.email are set: give host:port, or remove them")
	}
}

func (r *review) email() {
	e := r.Notify.Email
	host, port, err := net.SplitHostPort(e.SMTP)
	if err != nil || host == "" || port == "" {
		r.find("notify.email.smtp", "must be host:port, such as mail.acme.example:587")
	}
	r.need("notify.email.from", e.From != "", " with notify.email.smtp")
	r.need("notify.email.to", len(e.To) > 0, " with notify.email.smtp")
	r.mailbox("notify.email.from", e.From)
	for _, to := range e.To {
		r.mailbox("notify.email.to", to)
	}
	if e.Username != "" || e.Password.IsSet() {
		r.need("notify.email.username", e.Username != "", " beside notify.email.password")
		r.need("notify.email.password", e.Password.IsSet(), " beside notify.email.username")
	}
	if e.TLS == "none" && e.Password.IsSet() && !isLoopback(host) {
		r.find("notify.email.tls", "is none, but notify.email.password is set: it would cross the network in the clear to %s", host)
	}
}

func (r *review) mailbox(key, text string) {
	if text == "" {
		return
	}
	if _, err := mail.ParseAddress(text); err != nil {
		r.find(key, "is %s, and must be an e-mail address", quote(text))
	}
}

func (r *review) digest() {
	digest := r.Notify.Digest
	if digest == "" {
		return
	}
	if _, err := time.Parse("15:04", digest); err != nil {
		r.find("notify.digest", "is %s, and must be a time of day, such as 07:00", quote(digest))
	}
	if !r.Notify.Webhook.URL.IsSet() && r.Notify.Email.SMTP == "" {
		r.warn("notify.digest", "is %s, but neither notify.webhook.url nor notify.email.smtp is set: nobody gets it", quote(digest))
	}
}

func (r *review) metrics() {
	u := r.address("metrics.pushgateway", r.Metrics.Pushgateway.Reveal())
	if u != nil && u.Scheme == "http" && !isLoopback(u.Hostname()) && !isClusters(u.Hostname()) {
		r.warn("metrics.pushgateway", "begins with http://, and its host is neither this machine nor in a cluster: what is sent could be read and changed on the way; use https:// if it speaks it")
	}
	if r.Metrics.Pushgateway.IsSet() && r.Metrics.Job == "" {
		r.find("metrics.job", "is empty, but metrics.pushgateway needs a job's name")
	}
}
