package okta

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	oktasdk "github.com/okta/okta-sdk-golang/v2/okta"
)

// sdkToken is what the SDK believes to be the token. The transport puts the true
// Authorization on each request, so the SDK need not hold a secret.
const sdkToken = "set-by-the-transport"

// newSDK returns an SDK client that sends everything through client.
func newSDK(orgURL string, client *http.Client) (*oktasdk.Client, error) {
	var sdk *oktasdk.Client
	var err error
	hidingOktaVariables(func() {
		_, sdk, err = oktasdk.NewClient(context.Background(), settings(orgURL, client)...) //nolint:forbidigo // it is handed back, and used for nothing
	})
	if err != nil {
		return nil, fmt.Errorf("setting up the okta client: %w", err)
	}
	return sdk, nil
}

// settings is every setting that the SDK knows. NewClient reads ~/.okta/okta.yaml,
// a file beside its own source and OKTA_* first, so what is left out here would be
// left to them.
func settings(orgURL string, client *http.Client) []oktasdk.ConfigSetter {
	return []oktasdk.ConfigSetter{
		oktasdk.WithOrgUrl(orgURL),
		oktasdk.WithAuthorizationMode("SSWS"),
		oktasdk.WithToken(sdkToken),
		oktasdk.WithClientId(""),
		oktasdk.WithClientAssertion(""),
		oktasdk.WithScopes(nil),
		oktasdk.WithPrivateKey(""),
		oktasdk.WithPrivateKeyId(""),
		oktasdk.WithPrivateKeySigner(nil),
		oktasdk.WithHttpClientPtr(client),
		oktasdk.WithTestingDisableHttpsCheck(strings.HasPrefix(orgURL, "http://")), // a loopback: see cleanOrgURL
		oktasdk.WithCache(false),
		oktasdk.WithCacheManager(nil),
		oktasdk.WithCacheTtl(0),
		oktasdk.WithCacheTti(0),
		oktasdk.WithConnectionTimeout(0),
		oktasdk.WithRequestTimeout(0), // it would cover all attempts and waits together
		oktasdk.WithRateLimitMaxRetries(0),
		oktasdk.WithRateLimitMaxBackOff(0),
		oktasdk.WithProxyHost(""), // stored and never used: the transport has the proxy
		oktasdk.WithProxyPort(0),
		oktasdk.WithProxyUsername(""),
		oktasdk.WithProxyPassword(""),
		oktasdk.WithUserAgentExtra(""),
	}
}

var environment sync.Mutex

// hidingOktaVariables calls f while no OKTA_* variable is set. What the SDK cannot
// parse among them it complains about on standard output, which belongs to the
// documents that the program prints.
func hidingOktaVariables(f func()) {
	environment.Lock()
	defer environment.Unlock()
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "OKTA_") {
			continue
		}
		if os.Unsetenv(name) == nil {
			defer func() { _ = os.Setenv(name, value) }() //nolint:gocritic // after f; and it was settable before
		}
	}
	f()
}
