package tracktik

import (
	"context"

	"golang.org/x/oauth2"
)

// AuthorizeURL is the page of the portal on which an administrator approves this
// client. The portal sends the browser to redirectURI with state and a code.
func (c *Client) AuthorizeURL(redirectURI, state, verifier string) string {
	config := c.tokens.oauth
	config.RedirectURL = redirectURI
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// Exchange turns the code into tokens and saves them: a login. redirectURI and
// verifier are those of AuthorizeURL. It also ends the memory of refused
// credentials.
func (c *Client) Exchange(ctx context.Context, code, redirectURI, verifier string) error {
	s := c.tokens
	config := s.oauth
	config.RedirectURL = redirectURI
	s.renewing <- struct{}{}
	defer func() { <-s.renewing }()
	unlock, err := s.store.Lock(ctx)
	if err != nil {
		return s.failure("locking the saved tokens", err)
	}
	defer unlock()
	token, err := s.request(ctx, false, func(ctx context.Context) (*oauth2.Token, error) {
		return config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.dead, s.rejected = nil, ""
	s.mu.Unlock()
	_, err = s.keep(token)
	return err
}
