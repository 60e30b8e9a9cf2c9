package okta

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
)

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
