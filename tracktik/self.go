package tracktik

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// Self is the id of the employee whose credentials these are, as the portal says
// (GET /me in its OpenAPI document), else as our own access token has it; empty where
// neither tells. The portal is asked once.
func (c *Client) Self(ctx context.Context) (string, error) {
	c.self.mu.Lock()
	defer c.self.mu.Unlock()
	if c.self.asked {
		return c.self.id, nil
	}
	access, err := c.tokens.token(ctx)
	if err != nil {
		return "", err
	}
	id, err := c.me(ctx)
	var known *Error
	switch {
	case err == nil:
		c.self.id = strconv.FormatInt(id, 10)
	case ctx.Err() != nil, asError(err, &known) && known.Credentials():
		return "", err
	default: // an older portal, or a right that is missing: the token may still say
		c.log.WithError(err).Debug("the portal does not say whose credentials these are")
		c.self.id = subject(access)
	}
	c.self.asked = true
	return c.self.id, nil
}

// me asks the portal who we are.
func (c *Client) me(ctx context.Context) (id int64, err error) {
	req, err := c.newRequest(ctx, http.MethodGet, nil, nil, "me")
	if err != nil {
		return 0, err
	}
	err = c.do(req, func(body []byte) error {
		record, err := parseSingle(body)
		if err != nil {
			return err
		}
		var r ref
		if err := readRecord(record, place{"id", &r}); err != nil {
			return err
		}
		if id = int64(r); id == 0 {
			return errNoID
		}
		return nil
	})
	return id, err
}

// RefreshTokenEnd is when the refresh token ends that we hold, where the portal lets its
// list of them be read (/oauth2-refresh-tokens in its OpenAPI document). The list does not
// show the tokens themselves: known is false unless exactly one of them is still good.
func (c *Client) RefreshTokenEnd(ctx context.Context) (end time.Time, known bool, err error) {
	now, _ := c.Clock()
	good := 0
	_, err = readList(ctx, c, "oauth2-refresh-tokens", url.Values{}, decodeRefreshToken, func(page []refreshToken) error {
		for _, t := range page {
			if !t.revoked && t.end.After(now) {
				good++
				end = t.end
			}
		}
		return nil
	})
	if err != nil || good != 1 {
		return time.Time{}, false, err
	}
	return end, true, nil
}

// A refreshToken is one as the portal lists it.
type refreshToken struct {
	end     time.Time
	revoked bool
}

func decodeRefreshToken(record gjson.Result) (refreshToken, int64, bool, error) {
	var id ref
	var expires text
	var revoked flag
	if err := readRecord(record, place{"id", &id}, place{"expiresOn", &expires}, place{"isRevoked", &revoked}); err != nil {
		return refreshToken{}, 0, false, err
	}
	end, known := portalMoment(expires.value)
	return refreshToken{end: end, revoked: bool(revoked)}, int64(id), known, nil
}
