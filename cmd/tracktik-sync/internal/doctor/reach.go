package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/sync/plan"
)

const reachTimeout = 15 * time.Second

// A remote is one of the two systems, as far as the way to it goes.
type remote struct {
	system  string // okta or tracktik
	address string
	path    string // of something that is answered without credentials
	caKey   string
	caFile  string
}

// A way leads to one of them.
type way struct {
	*Doctor
	remote
}

// reach looks at the way to both systems, without credentials.
func (d *Doctor) reach(ctx context.Context) {
	for _, r := range []remote{
		{"okta", d.cfg.Okta.OrgURL, "/.well-known/okta-organization", "okta.ca_file", d.cfg.Okta.CAFile},
		{"tracktik", d.cfg.TrackTik.BaseURL, "/rest/v1", "tracktik.ca_file", d.cfg.TrackTik.CAFile},
	} {
		way{d, r}.look(ctx)
	}
	d.compareClocks()
}

// look looks at the way to one of them.
func (d way) look(ctx context.Context) {
	authorities, err := wiring.Trust(d.caKey, d.caFile)
	if err != nil { // the file was good a moment ago
		d.fail(d.system+".tls", "name a PEM file with certificate authorities in "+d.caKey, "%s", err)
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address+d.path, nil)
	if err != nil {
		d.fail(d.system+".dns", "", "%s is not an address", d.address)
		return
	}
	req.Header.Set("User-Agent", d.UserAgent())
	if !d.resolve(ctx, req) {
		d.skip(d.system+".tls", "its name is not known")
		return
	}
	client := &http.Client{Timeout: reachTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment,
		TLSClientConfig:     authorities,
		TLSHandshakeTimeout: reachTimeout, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	sent := d.Now()
	resp, err := client.Do(req)
	if err != nil {
		d.unreachable(err)
		return
	}
	_ = resp.Body.Close()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		got := d.Now()
		d.clocks[d.system] = date.Add(time.Second / 2).Sub(sent.Add(got.Sub(sent) / 2)) // Date is cut to seconds
	}
	d.encryption(resp)
}

// resolve looks the name up, unless a proxy does.
func (d way) resolve(ctx context.Context, req *http.Request) bool {
	name := d.system + ".dns"
	proxy, err := http.ProxyFromEnvironment(req)
	switch {
	case err != nil:
		d.fail(name, "correct HTTPS_PROXY", "the proxy in the environment is not an address")
		return false
	case proxy != nil:
		d.ok(name, "%s is reached through the proxy %s", req.URL.Host, proxy.Host)
		return true
	case net.ParseIP(req.URL.Hostname()) != nil:
		d.ok(name, "%s is an address by itself", req.URL.Hostname())
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, req.URL.Hostname())
	if err != nil {
		d.fail(name, "check the address for a slip, the machine's DNS, and whether a proxy is needed (HTTPS_PROXY)",
			"%s is not found: %s", req.URL.Hostname(), err)
		return false
	}
	d.ok(name, "%s is %s", req.URL.Hostname(), strings.Join(found[:min(len(found), 3)], ", "))
	return true
}

// unreachable says what kept a request from being answered.
func (d way) unreachable(err error) {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	name, fix := d.system+".tls", "check the firewall, and whether a proxy is needed (HTTPS_PROXY, NO_PROXY)"
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &untrusted):
		fix = "if a proxy re-signs TLS, or the certificate is of a private authority, name that authority's certificate in " +
			d.caKey
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		fix = "what answers there does not speak TLS: check the address and its port"
	}
	d.fail(name, fix, "%s does not answer: %s", d.address, err)
}

func (d way) encryption(resp *http.Response) {
	name := d.system + ".tls"
	if resp.TLS == nil {
		d.ok(name, "%s is this machine itself, without TLS", d.address)
		return
	}
	version := tls.VersionName(resp.TLS.Version)
	leaf := resp.TLS.PeerCertificates[0]
	if rest := leaf.NotAfter.Sub(d.Now()); rest < wiring.ExpiryNotice {
		d.warn(name, "whoever runs that server has to renew it", "%s; the server's certificate ends %s", version,
			leaf.NotAfter.UTC().Format(time.RFC3339))
		return
	}
	d.ok(name, "%s; the server's certificate is good until %s", version, leaf.NotAfter.UTC().Format("2006-01-02"))
}

// compareClocks holds the three clocks together.
func (d *Doctor) compareClocks() {
	low, high := time.Duration(0), time.Duration(0)
	var texts []string
	for _, system := range []string{"okta", "tracktik"} {
		skew, known := d.clocks[system]
		if !known {
			continue
		}
		low, high = min(low, skew), max(high, skew)
		texts = append(texts, fmt.Sprintf("%s is %s", system, ahead(skew)))
	}
	if len(texts) == 0 {
		d.skip("clock", "neither system answered")
		return
	}
	const fix = "set the clock (chrony, systemd-timesyncd)"
	text := strings.Join(texts, ", ")
	switch apart := high - low; {
	case apart > plan.MaxClockSkew:
		d.fail("clock", fix, "%s: more than %s apart, and nobody is terminated before that is settled", text,
			ui.Safe(plan.MaxClockSkew.String()))
	case apart > time.Minute:
		d.warn("clock", fix, "%s", text)
	default:
		d.ok("clock", "%s", text)
	}
}

// ahead is a skew in words.
func ahead(skew time.Duration) string {
	skew = skew.Round(time.Second)
	switch {
	case skew.Abs() < 2*time.Second:
		return "in step with this machine"
	case skew > 0:
		return skew.String() + " ahead of this machine"
	}
	return (-skew).String() + " behind this machine"
}
