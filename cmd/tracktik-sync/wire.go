package main

import (
	"context"
	"crypto/tls"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/okta"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/tracktik"
)

// What the adapters promise, since they do not know the engine.
var (
	_ tsync.Source        = (*okta.Source)(nil)
	_ tsync.Target        = (*tracktik.Client)(nil)
	_ tsync.Snapshot      = snapshot{}
	_ tsync.Approvals     = (*approvals)(nil)
	_ tracktik.TokenStore = (*state.TokenFile)(nil)
)

// engine puts the parts of a run together.
func (i *invocation) engine(cfg *configs.Config, db *state.DB) (*tsync.Engine, error) {
	source, err := i.source(cfg)
	if err != nil {
		return nil, err
	}
	target, err := i.target(cfg)
	if err != nil {
		return nil, err
	}
	mapper, err := mapping.New(mappingConfig(cfg))
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return nil, err
	}
	e := &tsync.Engine{
		Source:   source,
		Target:   target,
		Snapshot: snapshot{db, &i.runField},
		Mapper:   mapper,

		Policy:  policy(cfg, mapper),
		Limits:  limits(cfg),
		Groups:  groupRules(cfg),
		Binding: binding(cfg),
		Config:  cfg.Fingerprint(),
		Reading: cfg.MappingFingerprint(),

		Observe:           cfg.Sync.Mode == "observe",
		AllowSecond:       cfg.Sync.AllowSecondProvisioner,
		MaxProblemPercent: cfg.Guard.MaxProblemPercent,
		ProblemsExit:      cfg.Sync.ProblemsExit,
		OwnEmployee:       cfg.TrackTik.Auth.Employee,
		OwnUsername:       cfg.TrackTik.Auth.Username,
		RefreshEvery:      cfg.Schedule.RefreshEvery,
		Keep:              cfg.State.Keep,
		RedactHistory:     cfg.State.RedactHistory,
		Reason:            cfg.TrackTik.TerminationReason,
		Comment:           cfg.TrackTik.TerminationComment,
		Notify:            cfg.TrackTik.SendNotification,
		Timezone:          zone,
		Workers:           cfg.TrackTik.MaxConcurrency,

		By:      i.by(),
		Program: i.console.program(),
		Log:     i.log,
		Now:     i.now,
		Sleep:   i.sleep,

		Progress: i.progress,
	}
	e.Approvals = approvalsOf(cfg, clockOf(e))
	return e, nil
}

// clockOf is the time as the engine has it from the two systems.
func clockOf(e *tsync.Engine) func() time.Time {
	return func() time.Time {
		at, _ := e.Clock()
		return at
	}
}

// source is the Okta side, as an API token or a service app sees it.
func (i *invocation) source(cfg *configs.Config) (*okta.Source, error) {
	source, _, err := i.sourceAs(cfg)
	return source, err
}

// sourceAs also answers the service app, nil where there is an API token.
func (i *invocation) sourceAs(cfg *configs.Config) (source *okta.Source, service *okta.ServiceApp, err error) {
	authorities, err := trust("okta.ca_file", cfg.Okta.CAFile)
	if err != nil {
		return nil, nil, err
	}
	c := okta.Config{
		OrgURL:         cfg.Okta.OrgURL,
		AppID:          cfg.Okta.AppID,
		Token:          cfg.Okta.Auth.APIToken.Reveal(),
		RateLimitShare: cfg.Okta.RateLimitShare,
		Timeout:        cfg.Okta.Timeout,
		TLS:            authorities,
		UserAgent:      i.userAgent(),
		PrintSeed:      cfg.MappingFingerprint(),
		Log:            i.log,
		Now:            i.now,
		Sleep:          i.sleep,
	}
	if !cfg.Okta.Auth.APIToken.IsSet() {
		if service, err = i.serviceApp(cfg, authorities); err != nil {
			return nil, nil, err
		}
		c.Use(service)
	}
	source, err = okta.New(c)
	return source, service, err
}

// serviceApp logs in to Okta with a private key, which is read anew for each token.
func (i *invocation) serviceApp(cfg *configs.Config, authorities *tls.Config) (*okta.ServiceApp, error) {
	auth, nonces := cfg.Okta.Auth, state.Nonces(cfg.State.Path)
	return okta.NewServiceApp(okta.ServiceAppConfig{
		OrgURL:   cfg.Okta.OrgURL,
		ClientID: auth.ClientID,
		Key: func() ([]byte, error) {
			key, err := auth.PrivateKey.Reread()
			return []byte(key.Reveal()), err
		},
		KeyID: auth.KeyID,
		Nonce: nonces.Load(cfg.Okta.OrgURL, auth.ClientID),
		KeepNonce: func(nonce string) {
			ctx, cancel := context.WithTimeout(context.Background(), readWait)
			defer cancel()
			if err := nonces.Save(ctx, cfg.Okta.OrgURL, auth.ClientID, nonce); err != nil {
				i.log.WithError(err).Debug("okta's nonce could not be kept, and is asked for again by the next process")
			}
		},
		Timeout:   cfg.Okta.Timeout,
		TLS:       authorities,
		UserAgent: i.userAgent(),
		Log:       i.log,
		Now:       i.now,
		Sleep:     i.sleep,
	})
}

// target is the TrackTik side. Its tokens lie beside the snapshot.
func (i *invocation) target(cfg *configs.Config) (*tracktik.Client, error) {
	authorities, err := trust("tracktik.ca_file", cfg.TrackTik.CAFile)
	if err != nil {
		return nil, err
	}
	auth := cfg.TrackTik.Auth
	return tracktik.New(tracktik.Config{
		BaseURL: cfg.TrackTik.BaseURL,
		Auth: tracktik.Auth{
			Grant:         auth.Grant,
			ClientID:      auth.ClientID,
			ClientSecret:  auth.ClientSecret.Reveal(),
			Username:      auth.Username,
			Password:      auth.Password.Reveal(),
			RefreshToken:  auth.RefreshToken.Reveal(),
			TokenPath:     auth.TokenPath,
			AuthorizePath: auth.AuthorizePath,
		},
		Tokens:               tokenFile(cfg),
		Timeout:              cfg.TrackTik.Timeout,
		MaxConcurrency:       cfg.TrackTik.MaxConcurrency,
		MaxRequestsPerMinute: cfg.TrackTik.MaxRequestsPerMinute,
		TLS:                  authorities,
		UserAgent:            i.userAgent(),
		Log:                  i.log,
		Now:                  i.now,
		Sleep:                i.sleep,
	})
}
