package configs

import (
	"fmt"
	"strings"
	"testing"
)

// Metrics hold no person and no secret, and Pushgateways seldom speak TLS.
func TestMetricsMayGoInTheClear(t *testing.T) {
	for address, warns := range map[string]bool{
		"http://127.0.0.1:9091":                            false,
		"https://push.acme.example":                        false,
		"http://pushgateway.monitoring.svc:9091":           false,
		"http://PUSHGATEWAY.monitoring.svc.cluster.local.": false,
		"http://pushgateway:9091/base":                     false,
		"http://push.acme.example:9091":                    true,
		"http://10.0.0.7:9091":                             true,
		"http://[fd00::7]:9091":                            true,
		"http://svc.example":                               true,
	} {
		_, warnings := mustLoad(t, minimal, "TRACKTIK_SYNC_METRICS_PUSHGATEWAY="+address)
		if got := strings.Contains(fmt.Sprint(warnings), "metrics.pushgateway: begins with http://"); got != warns {
			t.Errorf("%s: warned %t, want %t: %v", address, got, warns, warnings)
		}
		if strings.Contains(fmt.Sprint(warnings), ":9091") {
			t.Errorf("the address is repeated: %v", warnings)
		}
	}
	for _, address := range []string{"http://bot:pw@pushgateway.monitoring.svc:9091", "http://pushgateway.monitoring.svc:9091?token=x", "ftp://pushgateway", "pushgateway:9091"} {
		wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_METRICS_PUSHGATEWAY="+address), "TRACKTIK_SYNC_METRICS_PUSHGATEWAY", "metrics.pushgateway")
	}
	for _, key := range []string{"NOTIFY_WEBHOOK_URL", "NOTIFY_PING_SUCCESS", "TRACKTIK_BASE_URL", "OKTA_ORG_URL", "TRACKTIK_AUTH_REDIRECT_URI"} {
		wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_"+key+"=http://x.monitoring.svc"), "TRACKTIK_SYNC_"+key, "loopback")
	}
}
