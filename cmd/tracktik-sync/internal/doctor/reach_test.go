package doctor

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/configs"
)

// reachable looks at the way to one address.
func reachable(t *testing.T, address, caFile string) Diagnosis {
	t.Helper()
	d := NewDoctor(&wiring.Invocation{Now: time.Now, Log: logrus.New()})
	d.cfg = &configs.Config{}
	way{d, remote{"okta", address, "/", "okta.ca_file", caFile}}.look(t.Context())
	return Diagnosis{Checks: d.findings}
}

func TestCheckLooksAtTheWayToAServer(t *testing.T) {
	soon, authority := wiringtest.Certificate(t, time.Now().Add(3*24*time.Hour))
	later, lasting := wiringtest.Certificate(t, time.Now().Add(90*24*time.Hour))
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, append(authority, lasting...), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := func(c tls.Certificate) string {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
		srv.StartTLS()
		t.Cleanup(srv.Close)
		return srv.URL
	}
	reachable(t, serve(later), caFile).has(t, "okta.tls", ResultOK, "TLS 1.3")
	reachable(t, serve(soon), caFile).has(t, "okta.tls", ResultWarning, "certificate ends")
	reachable(t, serve(later), "").has(t, "okta.tls", ResultFailed, "okta.ca_file")
	reachable(t, serve(later), filepath.Join(t.TempDir(), "none")).has(t, "okta.tls", ResultFailed, "okta.ca_file")

	plain := httptest.NewServer(http.NotFoundHandler())
	address := plain.URL
	reachable(t, strings.Replace(address, "http:", "https:", 1), "").has(t, "okta.tls", ResultFailed, "does not speak TLS")
	plain.Close()
	reachable(t, address, "").has(t, "okta.tls", ResultFailed, "firewall")
	reachable(t, "https://nowhere.invalid", "").has(t, "okta.dns", ResultFailed, "nowhere.invalid is not found")
	if u, err := url.Parse(address); err == nil {
		reachable(t, address, "").has(t, "okta.dns", ResultOK, u.Hostname())
	}
}

// has holds that there is a finding of that name and result, with text in it.
func (d Diagnosis) has(t *testing.T, name, result, text string) {
	t.Helper()
	var found []Finding
	for _, f := range d.Checks {
		if f.Name == name {
			found = append(found, f)
			if f.Result == result && strings.Contains(f.Message+" "+f.Fix, text) {
				return
			}
		}
	}
	t.Errorf("no %s %s with %q; there is %+v", result, name, text, found)
}
