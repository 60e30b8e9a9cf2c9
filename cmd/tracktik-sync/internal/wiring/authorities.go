package wiring

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"tracktik-sync/configs"
)

// Trust is the system's certificate authorities and those of file, which key names;
// nil without one.
func Trust(key, file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	certificates, err := authorities(file)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the authorities' file %s: %w", key, file, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // then the file alone decides
		pool = x509.NewCertPool()
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

const beginCertificate = "-----BEGIN CERTIFICATE-----"

// authorities are the certificates in a file of PEM blocks. One that Go does not take,
// as in bundles of many there may be, is passed over; one that is cut off is an error.
func authorities(file string) (certificates []*x509.Certificate, err error) {
	text, err := configs.ReadDocument(file)
	if err != nil {
		return nil, err
	}
	whole, private := 0, false
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		private = private || strings.HasSuffix(block.Type, "PRIVATE KEY")
		if block.Type != "CERTIFICATE" {
			continue
		}
		whole++
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			certificates = append(certificates, certificate)
		}
	}
	switch {
	case strings.Count(text, beginCertificate) > whole:
		return nil, errors.New("a certificate in it is not whole: from -----BEGIN to -----END, each line must be as it was, without quotes")
	case len(certificates) > 0:
		return certificates, nil
	case private:
		return nil, errors.New("it holds a private key, and must hold the certificates of authorities")
	case whole > 0:
		return nil, errors.New("it says CERTIFICATE, but cannot be read as one")
	}
	return nil, errors.New("it holds no certificate in PEM form, which begins with " + beginCertificate)
}
