package configs

import (
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"
)

func (r *review) okta() {
	r.need("okta.org_url", r.Okta.OrgURL != "", "")
	r.need("okta.app_id", r.Okta.AppID != "", "")
	if u := r.address("okta.org_url", r.Okta.OrgURL); u != nil {
		r.orgAddress(u)
	}
	if strings.ContainsFunc(r.Okta.AppID, func(c rune) bool { return c == '/' || unicode.IsSpace(c) }) {
		r.find("okta.app_id", "is %s, and must be the app's id alone, such as 0oa1…", quote(r.Okta.AppID))
	}
	r.oktaAuth()
	if share := r.Okta.RateLimitShare; share <= 0 || share > 1 {
		r.find("okta.rate_limit_share", "is %s, and must be more than 0 and at most 1", number(share))
	}
	r.callTimeout("okta.timeout", r.Okta.Timeout)
}

func (r *review) orgAddress(u *url.URL) {
	if u.Path != "" {
		r.find("okta.org_url", "is %s, and must have no path: %s://%s", r.Okta.OrgURL, u.Scheme, u.Host)
	}
	if org, domain, _ := strings.Cut(strings.ToLower(u.Hostname()), "."); strings.HasSuffix(org, "-admin") && domain != "" {
		r.find("okta.org_url", "is the address of the admin console; the org's own is %s://%s.%s", u.Scheme, strings.TrimSuffix(org, "-admin"), domain)
	}
	if strings.EqualFold(r.Okta.OrgURL, r.TrackTik.BaseURL) {
		r.find("okta.org_url", "is %s, and so is tracktik.base_url: one of them is not yours to compare", r.Okta.OrgURL)
	}
}

// oktaAuth wants one way in. With two, nobody could say which rights are used.
func (r *review) oktaAuth() {
	auth := r.Okta.Auth
	service := auth.ClientID != "" || auth.PrivateKey.IsSet()
	switch {
	case auth.APIToken.IsSet() && service:
		r.find("okta.auth", "both an API token (%s) and a service app (%s) are given; keep one",
			r.where("okta.auth.api_token"), r.serviceApp())
	case !auth.APIToken.IsSet() && !service:
		r.find("okta.auth", "no way in: give client_id and private_key_file of a service app (preferred), or api_token_file")
	case service:
		r.need("okta.auth.client_id", auth.ClientID != "", " beside okta.auth.private_key")
		r.need("okta.auth.private_key", auth.PrivateKey.IsSet(), " beside okta.auth.client_id")
	case auth.KeyID != "":
		r.warn("okta.auth.key_id", "is %s, but belongs to a private key, and an API token is used", quote(auth.KeyID))
	}
}

// serviceApp shows which of a service app's settings are there, and where.
func (r *review) serviceApp() string {
	var parts []string
	if id := r.Okta.Auth.ClientID; id != "" {
		parts = append(parts, "client_id "+quote(id)+", "+r.where("okta.auth.client_id").String())
	}
	if r.Okta.Auth.PrivateKey.IsSet() {
		parts = append(parts, "private_key, "+r.where("okta.auth.private_key").String())
	}
	return strings.Join(parts, "; ")
}

func (r *review) tracktik() {
	r.need("tracktik.base_url", r.TrackTik.BaseURL != "", "")
	if u := r.address("tracktik.base_url", r.TrackTik.BaseURL); u != nil {
		if at := strings.Index(strings.ToLower(u.Path), "/rest"); at >= 0 {
			r.find("tracktik.base_url", "is %s, and must end before %s: %s://%s%s", r.TrackTik.BaseURL, u.Path[at:], u.Scheme, u.Host, u.Path[:at])
		}
	}
	r.tracktikAuth()
	r.callTimeout("tracktik.timeout", r.TrackTik.Timeout)
	if n := r.TrackTik.MaxConcurrency; n < 1 || n > 64 {
		r.find("tracktik.max_concurrency", "is %d, and must be 1 to 64", n)
	}
	r.atLeast("tracktik.max_requests_per_minute", r.TrackTik.MaxRequestsPerMinute, 0)
}

func (r *review) tracktikAuth() {
	const prefix = "tracktik.auth."
	auth := r.TrackTik.Auth
	why := " with tracktik.auth.grant " + auth.Grant
	switch auth.Grant {
	case "password":
		r.need(prefix+"username", auth.Username != "", why)
		r.need(prefix+"password", auth.Password.IsSet(), why)
	case "refresh_token":
		r.need(prefix+"refresh_token", auth.RefreshToken.IsSet(), why)
	case "authorization_code":
	default:
		return // the choice itself has a finding
	}
	r.need(prefix+"client_id", auth.ClientID != "", why)
	r.need(prefix+"client_secret", auth.ClientSecret.IsSet(), why)
	if strings.Trim(auth.Employee, "0123456789") != "" {
		r.find(prefix+"employee", "is %s, and must be the id of an employee, a number", quote(auth.Employee))
	}
	r.address(prefix+"redirect_uri", auth.RedirectURI)
	r.pathOnPortal(prefix+"authorize_path", auth.AuthorizePath)
	r.pathOnPortal(prefix+"token_path", auth.TokenPath)
}

func (r *review) pathOnPortal(key, path string) {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		r.find(key, "is %s, and must be a path that begins with one /", quote(path))
	}
}

// callTimeout notes a call that could outlast the run it is part of.
func (r *review) callTimeout(key string, timeout time.Duration) {
	r.positive(key, timeout)
	if deadline := r.Schedule.Deadline; deadline > 0 && timeout >= deadline {
		r.find(key, "is %s, and must be shorter than schedule.deadline, which is %s", FormatDuration(timeout), FormatDuration(deadline))
	}
}

// address parses the address at key; empty ones are another rule's business. What
// it notes shows no user name or password that the address may hold, and of a
// secret address nothing at all.
func (r *review) address(key, text string) *url.URL {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https"):
		r.find(key, "%s, and must be an address such as https://acme.example", r.shown(key, text))
	case u.User != nil && schema.byPath[key].kind != kindSecret:
		r.find(key, "holds a user name or password before the @; it must be the plain address")
	case u.Scheme == "http" && !isLoopback(u.Hostname()) && !mayBeRead(key, u):
		r.find(key, "%s; without https everything on the way could be read, so http:// is for loopback hosts only", r.shown(key, text))
	case (u.RawQuery != "" || u.Fragment != "") && schema.byPath[key].kind != kindSecret:
		r.find(key, "must end before the ? or #")
	default:
		return u
	}
	return nil
}

// mayBeRead lets metrics go in the clear: they hold no person and no secret, and a
// Pushgateway seldom speaks TLS. An address that lets somebody in stays protected.
func mayBeRead(key string, u *url.URL) bool {
	return key == "metrics.pushgateway" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// shown is the value at key for a message, where it may be shown.
func (r *review) shown(key, text string) string {
	if schema.byPath[key].kind == kindSecret || strings.Contains(text, "@") {
		return "has an address that does not do"
	}
	return "is " + quote(text)
}

func isLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isClusters reports a name that only the inside of a cluster knows: of a Service, or
// one without a domain.
func isClusters(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if net.ParseIP(host) != nil {
		return false
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.")
}
