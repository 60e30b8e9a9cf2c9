package okta

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sirupsen/logrus"
)

// newConnection returns what really sends the requests. The proxy is that of
// HTTPS_PROXY and NO_PROXY.
func newConnection(c Config) (*http.Transport, error) {
	settings := &tls.Config{}
	if c.TLS != nil {
		settings = c.TLS.Clone()
	}
	settings.MinVersion = max(settings.MinVersion, tls.VersionTLS12)
	if c.CAFile != "" {
		pool, err := withAuthorities(settings.RootCAs, c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("okta: reading the CA file: %w", err)
		}
		settings.RootCAs = pool
	}
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
	}, nil
}

func withAuthorities(base *x509.CertPool, file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if base != nil {
		pool = base.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil { // else the file alone decides
		pool = system
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return pool, nil
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
