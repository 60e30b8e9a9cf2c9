package okta

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	defaultShare   = 0.5 // what Okta itself allows one token by default
	defaultTimeout = 60 * time.Second
	defaultAgent   = "tracktik-sync"
)

// Config is what a Source needs to know. OrgURL, AppID, and one of Token and
// Authorize are required; every other field has a usable zero.
type Config struct {
	OrgURL string // https://acme.okta.com; http is accepted for a loopback address only
	AppID  string // 0oa…: the app whose assignments are the scope
	Token  string // an API token (SSWS); unused when Authorize is set

	// RateLimitShare is the part of each of the org's rate limits that may be
	// used up, above 0 and up to 1; the rest is left to the org's other
	// clients. 0: one half.
	RateLimitShare float64

	Timeout   time.Duration // of one attempt, answer included; 0: one minute
	TLS       *tls.Config   // of the connection, such as its authorities; TLS 1.2 is the least in any case
	UserAgent string        // "tracktik-sync/1.4.0"

	// Authorize puts the Authorization header, and what else is due, on a
	// request that is about to be sent. It is called once an attempt, by
	// several goroutines at once, and may take longer than Timeout. nil: "SSWS " and the Token.
	Authorize func(context.Context, *http.Request) error
	// Challenged is shown a 401, or a 400 that is about a DPoP proof, before the
	// read is given up; its Request is the one that was refused, its body is gone.
	// When it answers true the request is authorized anew and sent once more. nil:
	// a 401 is final.
	Challenged func(*http.Response) bool
	// Answered is shown every answer as it comes, and leaves its body alone. nil:
	// nobody is interested. See Use for who sets the three.
	Answered func(*http.Response)
	tokens   *meter // of the requests for access tokens; nil: there are none

	// PrintSeed goes into every print. It stands for what decides how an entry
	// is read, so that another reading makes other prints.
	PrintSeed string

	Log logrus.FieldLogger // nil: nothing is logged

	Now   func() time.Time                           // nil: time.Now
	Sleep func(context.Context, time.Duration) error // nil: a timer; returns early with ctx's error
}

// withDefaults checks c and fills in what was left out.
func (c Config) withDefaults() (Config, error) {
	var err error
	if c.OrgURL, err = cleanOrgURL(c.OrgURL); err != nil {
		return c, err
	}
	if err := checkID("app", c.AppID); err != nil {
		return c, fmt.Errorf("okta: %w", err)
	}
	if c.Authorize == nil {
		if c.Authorize, err = withToken(c.Token); err != nil {
			return c, err
		}
	}
	if c.RateLimitShare == 0 {
		c.RateLimitShare = defaultShare
	}
	if !(c.RateLimitShare > 0 && c.RateLimitShare <= 1) {
		return c, fmt.Errorf("okta: the rate limit share is %v, and must be above 0 and at most 1", c.RateLimitShare)
	}
	if c.Timeout < 0 {
		return c, fmt.Errorf("okta: the timeout is %s, and must not be negative", c.Timeout)
	}
	c.fillZeros()
	return c, nil
}

func (c *Config) fillZeros() {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultAgent
	}
	if c.Log == nil {
		c.Log = silent()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
}

// withToken authorizes requests with an API token.
func withToken(token string) (func(context.Context, *http.Request) error, error) {
	if token == "" {
		return nil, errors.New("okta: no API token and no service app is configured; one of them is needed")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("okta: the API token contains a space or an unprintable character; copy it anew")
	}
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "SSWS "+token)
		return nil
	}, nil
}

// cleanOrgURL returns raw as scheme and host, without a trailing slash: the SDK
// joins it with paths that begin with one.
func cleanOrgURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New(`okta: the org URL must look like "https://acme.okta.com", without a path`)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(host)):
		return "", fmt.Errorf("okta: the org URL must begin with https://, not %q", u.Scheme+"://")
	case strings.Contains(host, "-admin."):
		return "", fmt.Errorf("okta: the org URL is the admin console's; use https://%s", strings.Replace(host, "-admin.", ".", 1))
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newConnection returns what really sends the requests. The proxy is that of
// HTTPS_PROXY and NO_PROXY.
func newConnection(c Config) *http.Transport {
	settings := &tls.Config{}
	if c.TLS != nil {
		settings = c.TLS.Clone()
	}
	settings.MinVersion = max(settings.MinVersion, tls.VersionTLS12)
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       settings,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 15 * time.Second}, // or a dead one is used again
		ReadBufferSize:        64 << 10,                                                                            // a page is a megabyte or two
	}
}

// isCertificateError reports a failure that waiting does not cure.
func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &notTLS)
}

func silent() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}
