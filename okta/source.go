package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	oktasdk "github.com/okta/okta-sdk-golang/v2/okta"
)

// maxRedirects bounds how often one read is sent elsewhere within the org.
const maxRedirects = 3

// A Source reads one app of one org. It is safe for use by several goroutines.
type Source struct {
	app       string
	seed      []byte
	transport *transport
	sdk       *oktasdk.Client
	pages     pages
}

// New returns a Source, without asking Okta anything.
func New(c Config) (*Source, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	t := newTransport(c)
	sdk, err := newSDK(c.OrgURL, &http.Client{Transport: t, CheckRedirect: checkRedirect})
	if err != nil {
		return nil, err
	}
	return &Source{app: c.AppID, seed: []byte(c.PrintSeed), transport: t, sdk: sdk, pages: pages{most: map[string]int{}}}, nil
}

// checkRedirect ends a circle. Where a redirect may lead to, the transport has
// judged before.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) <= maxRedirects {
		return nil
	}
	name := "GET"
	if c, ok := req.Context().Value(callKey{}).(*call); ok {
		name = c.name
	}
	return broken(name, "", "redirected more than %d times", maxRedirects)
}

// do sends the call through the SDK and returns when it holds an answer. path is
// escaped, and begins with a slash.
func (s *Source) do(ctx context.Context, c *call, path string, query url.Values) error {
	executor := s.sdk.CloneRequestExecutor() // the shared one is not safe for concurrent use
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := executor.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return fmt.Errorf("okta: making a request: %w", err)
	}
	c.body, c.next, c.request = "", "", ""
	if _, err := executor.Do(withCall(ctx, c), req, nil); err != nil {
		return ourError(err)
	}
	if c.body == "" { // a status that is neither an error nor followed, 304 for example
		return broken(c.name, "", "no answer that could be read")
	}
	return nil
}

// ourError takes off the wrapping of http.Client, which repeats the whole URL with
// ids and logins in it.
func ourError(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// object reads a single object. found is false only when Okta itself says that what was
// asked for does not exist. A 404 about something else, be it the app, is no evidence.
func (s *Source) object(ctx context.Context, r route, path string, query url.Values, asked string) (c *call, found bool, err error) {
	c = &call{route: r, shape: '{', patient: true}
	err = s.do(ctx, c, path, query)
	if gone, err := evidence(r, err, asked); gone || err != nil {
		return c, false, err
	}
	return c, true, nil
}

// evidence reports whether err is Okta's own word that what was asked for is not there.
// Such a 404 that does not name it becomes an error of its own.
func evidence(r route, err error, asked string) (gone bool, _ error) {
	var failure *Error
	if !errors.As(err, &failure) || !failure.NotFound() {
		return false, err
	}
	asked = printable(asked, maxSummary)
	if strings.Contains(strings.ToLower(failure.Summary), strings.ToLower(asked)) {
		return true, nil
	}
	doubt := broken(r.name, failure.Request, "asked about one thing, it answers that another is not there: %s", failure.Summary)
	doubt.StatusCode = failure.StatusCode
	return false, doubt
}

// checkID refuses what cannot be one segment of a path: an empty id would make the
// request that of a listing.
func checkID(what, id string) error {
	if id == "" || id == "." || id == ".." || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("%q cannot be the id of the %s", id, what)
	}
	if strings.ContainsAny(id, `/\?#%`) {
		return fmt.Errorf("%q cannot be the id of the %s: it has a character that ids have not", id, what)
	}
	return nil
}

// segment returns id as a segment of a path, or an *Error when it cannot be one.
func segment(r route, what, id string) (string, error) {
	if err := checkID(what, id); err != nil {
		return "", &Error{Endpoint: r.name, Kind: KindArgument, Summary: err.Error()}
	}
	return url.PathEscape(id), nil
}

// appPath is the path of something below the app.
func (s *Source) appPath(rest string) string {
	return "/api/v1/apps/" + url.PathEscape(s.app) + rest
}
