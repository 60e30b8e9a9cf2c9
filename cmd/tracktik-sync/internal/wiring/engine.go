package wiring

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
	_ tsync.EventSource   = (*okta.Source)(nil)
	_ tsync.Target        = (*tracktik.Client)(nil)
	_ tsync.Snapshot      = snapshot{}
	_ tsync.Approvals     = (*Approvals)(nil)
	_ tracktik.TokenStore = (*state.TokenFile)(nil)
)

// Engine puts the parts of a run together.
func (i *Invocation) Engine(cfg *configs.Config, db *state.DB) (*tsync.Engine, error) {
	source, err := i.Source(cfg)
	if err != nil {
		return nil, err
	}
	target, err := i.Target(cfg)
	if err != nil {
		return nil, err
	}
	mapper, err := mapping.New(MappingConfig(cfg))
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return nil, err
	}
	e := &tsync.Engine{
		Sides: tsync.Sides{
			Source:   source,
			Target:   target,
			Snapshot: snapshot{db, &i.RunField},
			Mapper:   mapper,

			Policy:          Policy(cfg, mapper),
			Limits:          limits(cfg),
			Groups:          groupRules(cfg),
			Binding:         Binding(cfg),
			ReadFingerprint: cfg.ReadFingerprint(),

			Observe:       cfg.Sync.Mode == "observe",
			AllowSecond:   cfg.Sync.AllowSecondProvisioner,
			RedactHistory: cfg.State.RedactHistory,
			Timezone:      zone,
			Workers:       cfg.TrackTik.MaxConcurrency,
			OwnEmployee:   cfg.TrackTik.Auth.Employee,
			OwnUsername:   cfg.TrackTik.Auth.Username,

			By:       i.By(),
			Log:      i.Log,
			Progress: i.Progress,
			Now:      i.Now,
		},
		Target:            target,
		Snapshot:          snapshot{db, &i.RunField},
		PlanFingerprint:   cfg.PlanFingerprint(),
		MaxProblemPercent: cfg.Guard.MaxProblemPercent,
		ProblemsExit:      cfg.Sync.ProblemsExit,
		RefreshEvery:      cfg.Schedule.RefreshEvery,
		Keep:              cfg.State.Keep,
		Reason:            cfg.TrackTik.TerminationReason,
		Comment:           cfg.TrackTik.TerminationComment,
		Notify:            cfg.TrackTik.SendNotification,
		EventsMaxPeople:   cfg.Schedule.EventsMaxPeople,
		Program:           i.Console.Program(),
		Sleep:             i.Sleep,
	}
	e.Approvals = ApprovalsOf(cfg, ClockOf(e))
	return e, nil
}

// PlanEngine is an engine that only plans.
func (i *Invocation) PlanEngine(cfg *configs.Config, db *state.DB) (*tsync.Engine, error) {
	e, err := i.Engine(cfg, db)
	if err != nil {
		return nil, err
	}
	e.Approvals = lenientApprovals{e.Approvals, i.Log}
	return e, nil
}

// ClockOf is the time as the engine has it from the two systems.
func ClockOf(e *tsync.Engine) func() time.Time {
	return func() time.Time {
		at, _ := e.Clock()
		return at
	}
}

// Source is the Okta side, as an API token or a service app sees it.
func (i *Invocation) Source(cfg *configs.Config) (*okta.Source, error) {
	source, _, err := i.SourceAs(cfg)
	return source, err
}

// Listener reads Okta's System Log. A service app asks for the right to it in a token of its
// own, so that a missing one spoils nothing else.
func (i *Invocation) Listener(cfg *configs.Config) (*okta.Source, error) {
	source, _, err := i.sourceWith(cfg, []string{okta.ScopeLogs})
	return source, err
}

// SourceAs also answers the service app, nil where there is an API token.
func (i *Invocation) SourceAs(cfg *configs.Config) (*okta.Source, *okta.ServiceApp, error) {
	return i.sourceWith(cfg, nil)
}

func (i *Invocation) sourceWith(cfg *configs.Config, scopes []string) (source *okta.Source, service *okta.ServiceApp,
	err error) {
	authorities, err := Trust("okta.ca_file", cfg.Okta.CAFile)
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
		UserAgent:      i.UserAgent(),
		PrintSeed:      cfg.ReadFingerprint(),
		Log:            i.Log,
		Now:            i.Now,
		Sleep:          i.Sleep,
	}
	if !cfg.Okta.Auth.APIToken.IsSet() {
		if service, err = i.serviceApp(cfg, authorities, scopes); err != nil {
			return nil, nil, err
		}
		c.Use(service)
	}
	source, err = okta.New(c)
	return source, service, err
}

// serviceApp logs in to Okta with a private key, which is read anew for each token. scopes
// are those to ask for; nil: those of every run.
func (i *Invocation) serviceApp(cfg *configs.Config, authorities *tls.Config, scopes []string) (*okta.ServiceApp,
	error) {
	auth, nonces := cfg.Okta.Auth, state.Nonces(cfg.State.Path)
	return okta.NewServiceApp(okta.ServiceAppConfig{
		OrgURL:   cfg.Okta.OrgURL,
		ClientID: auth.ClientID,
		Key: func() ([]byte, error) {
			key, err := auth.PrivateKey.Reread()
			return []byte(key.Reveal()), err
		},
		KeyID:  auth.KeyID,
		Scopes: scopes,
		Nonce:  nonces.Load(cfg.Okta.OrgURL, auth.ClientID),
		KeepNonce: func(nonce string) {
			ctx, cancel := context.WithTimeout(context.Background(), ReadWait)
			defer cancel()
			if err := nonces.Save(ctx, cfg.Okta.OrgURL, auth.ClientID, nonce); err != nil {
				i.Log.WithError(err).Debug("okta's nonce could not be kept, and is asked for again by the next process")
			}
		},
		Timeout:   cfg.Okta.Timeout,
		TLS:       authorities,
		UserAgent: i.UserAgent(),
		Log:       i.Log,
		Now:       i.Now,
		Sleep:     i.Sleep,
	})
}

// Target is the TrackTik side. Its tokens lie beside the snapshot.
func (i *Invocation) Target(cfg *configs.Config) (*tracktik.Client, error) {
	return i.TargetWithin(cfg, 0)
}

// TargetWithin is a Target that makes at most so many requests; 0: no limit.
func (i *Invocation) TargetWithin(cfg *configs.Config, most int) (*tracktik.Client, error) {
	authorities, err := Trust("tracktik.ca_file", cfg.TrackTik.CAFile)
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
		Tokens:               TokenFile(cfg),
		Timeout:              cfg.TrackTik.Timeout,
		MaxConcurrency:       cfg.TrackTik.MaxConcurrency,
		MaxRequestsPerMinute: cfg.TrackTik.MaxRequestsPerMinute,
		MaxRequests:          most,
		TLS:                  authorities,
		UserAgent:            i.UserAgent(),
		Log:                  i.Log,
		Now:                  i.Now,
		Sleep:                i.Sleep,
	})
}
