package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
	"tracktik-sync/okta"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// What the adapters promise, since they do not know the engine.
var (
	_ tsync.Source        = (*okta.Source)(nil)
	_ tsync.Target        = (*tracktik.Client)(nil)
	_ tsync.Snapshot      = snapshot{}
	_ tsync.Approvals     = approvals{}
	_ tracktik.TokenStore = (*state.TokenFile)(nil)
)

// engine puts the parts of a run together.
func (a *app) engine(cfg *configs.Config, db *state.DB) (*tsync.Engine, error) {
	source, err := a.source(cfg)
	if err != nil {
		return nil, err
	}
	target, err := a.target(cfg)
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
		Source:    source,
		Target:    target,
		Snapshot:  snapshot{db, a.runField},
		Approvals: approvals{state.ApprovalsOf(cfg.State.Path, a.now)},
		Mapper:    mapper,

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
		OktaCredentials:   oktaCredentials(cfg),
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

		By:    by(a.getenv),
		Log:   a.log,
		Now:   a.now,
		Sleep: a.sleep,
	}
	if a.progress != nil {
		e.Progress = a.progress
	}
	return e, nil
}

// oktaCredentials tells one way of logging in to Okta from another, without giving
// it away.
func oktaCredentials(cfg *configs.Config) string {
	auth := cfg.Okta.Auth
	sum := sha256.Sum256([]byte(cfg.Okta.OrgURL + "\x00" + auth.ClientID + "\x00" + auth.APIToken.Reveal() + "\x00" + auth.PrivateKey.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// source is the Okta side, as an API token or a service app sees it.
func (a *app) source(cfg *configs.Config) (*okta.Source, error) {
	c := okta.Config{
		OrgURL:         cfg.Okta.OrgURL,
		AppID:          cfg.Okta.AppID,
		Token:          cfg.Okta.Auth.APIToken.Reveal(),
		RateLimitShare: cfg.Okta.RateLimitShare,
		Timeout:        cfg.Okta.Timeout,
		CAFile:         cfg.Okta.CAFile,
		UserAgent:      userAgent(),
		PrintSeed:      cfg.MappingFingerprint(),
		Log:            a.log,
		Now:            a.now,
		Sleep:          a.sleep,
	}
	if !cfg.Okta.Auth.APIToken.IsSet() {
		service, err := a.serviceApp(cfg)
		if err != nil {
			return nil, err
		}
		c.Use(service)
	}
	return okta.New(c)
}

// serviceApp logs in to Okta with a private key, which is read anew for each token.
func (a *app) serviceApp(cfg *configs.Config) (*okta.ServiceApp, error) {
	auth := cfg.Okta.Auth
	return okta.NewServiceApp(okta.ServiceAppConfig{
		OrgURL:   cfg.Okta.OrgURL,
		ClientID: auth.ClientID,
		Key: func() ([]byte, error) {
			key, err := auth.PrivateKey.Reread()
			return []byte(key.Reveal()), err
		},
		KeyID:     auth.KeyID,
		Timeout:   cfg.Okta.Timeout,
		CAFile:    cfg.Okta.CAFile,
		UserAgent: userAgent(),
		Log:       a.log,
		Now:       a.now,
		Sleep:     a.sleep,
	})
}

// target is the TrackTik side. Its tokens lie beside the snapshot.
func (a *app) target(cfg *configs.Config) (*tracktik.Client, error) {
	authorities, err := trust(cfg.TrackTik.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading tracktik.ca_file: %w", err)
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
		Tokens:               state.Tokens(cfg.State.Path).WithKey(stateKey(cfg)),
		Timeout:              cfg.TrackTik.Timeout,
		MaxConcurrency:       cfg.TrackTik.MaxConcurrency,
		MaxRequestsPerMinute: cfg.TrackTik.MaxRequestsPerMinute,
		TLS:                  authorities,
		UserAgent:            userAgent(),
		Log:                  a.log,
		Now:                  a.now,
		Sleep:                a.sleep,
	})
}

// trust is the system's certificate authorities and those of file; nil without one.
func trust(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // then the file alone decides
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func userAgent() string { return "tracktik-sync/" + version }

// binding names both systems. Two spellings of an address are one system.
func binding(cfg *configs.Config) plan.Binding {
	return plan.Binding{Org: canonical(cfg.Okta.OrgURL), App: cfg.Okta.AppID, Portal: canonical(cfg.TrackTik.BaseURL)}
}

func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u.String()
}

func mappingConfig(cfg *configs.Config) mapping.Config {
	attributes := make(map[string]mapping.Attribute, len(cfg.Sync.Attributes))
	for field, a := range cfg.Sync.Attributes {
		attributes[field] = mapping.Attribute{Sources: a.Sources, CEL: a.CEL, CreateOnly: a.CreateOnly}
	}
	return mapping.Config{Attributes: attributes, Scope: cfg.Sync.Scope}
}

func policy(cfg *configs.Config, mapper *mapping.Mapper) plan.Policy {
	s := cfg.Sync
	return plan.Policy{
		CreateUsers:     s.CreateUsers,
		UpdateUsers:     s.UpdateUsers,
		DeactivateUsers: s.DeactivateUsers,
		CreateRoles:     s.CreateRoles,
		GrantRoles:      s.GrantRoles,
		RevokeRoles:     s.RevokeRoles,

		Adopt:               s.Adopt == "match",
		AdoptKeep:           s.OnAdopt == "keep",
		TerminateSuspended:  s.Suspended == "terminate",
		Reactivate:          s.Rehire == "reactivate",
		FollowRegion:        s.Region == "follow",
		RepairDrift:         s.Drift == "repair",
		TerminateOutOfScope: s.OutOfScope == "terminate",
		RevokeUnpushed:      s.Groups.Unpushed == "revoke",
		OneRole:             s.Roles.PerPerson == "one",

		UnassignedGrace: s.UnassignedGrace,
		DeletedGrace:    cfg.Guard.DeletedGrace,

		Protected:      s.Protected,
		ProtectedRoles: s.Roles.Protected,
		Match:          matchFields(s),
		CreateOnly:     mapper.CreateOnly(),
		Order:          s.Groups.Order,

		DefaultRegion: s.DefaultRegion,
	}
}

// matchFields are the fields by which an employee is recognised; customId only
// where it is mapped.
func matchFields(s configs.Sync) []plan.Field {
	names := map[string]plan.Field{"custom_id": plan.CustomID, "username": plan.Username, "email": plan.Email}
	var fields []plan.Field
	for _, name := range s.Match {
		_, mapped := s.Attributes[plan.CustomID.String()]
		if f := names[name]; f != plan.CustomID || mapped {
			fields = append(fields, f)
		}
	}
	return fields
}

func limits(cfg *configs.Config) plan.Limits {
	kinds := make(map[plan.Kind]plan.Limit, len(cfg.Guard.Limits))
	for kind, l := range cfg.Guard.Limits {
		kinds[plan.Kind(kind)] = plan.Limit{MaxCount: l.MaxCount, MaxPercent: l.MaxPercent,
			MinPopulation: l.MinPopulation, MaxPerDay: l.MaxPerDay}
	}
	return plan.Limits{Kinds: kinds, StopOnRefusal: cfg.Guard.OnRefusal == "stop"}
}

func groupRules(cfg *configs.Config) tsync.GroupRules {
	g := cfg.Sync.Groups
	return tsync.GroupRules{Push: g.Push, Names: g.Names, IDs: g.IDs, Roles: g.Roles}
}

// snapshot is a state.DB as the engine wants it. It notes the number of a run for
// the log.
type snapshot struct {
	*state.DB
	runField *runField
}

// NextRun numbers a run.
func (s snapshot) NextRun(now time.Time) (string, error) {
	id, err := s.DB.NextRun(now)
	if err == nil {
		s.runField.set(id)
	}
	return id, err
}

// Prune removes what is too old.
func (s snapshot) Prune(now time.Time, keep time.Duration) error {
	_, err := s.DB.Prune(now, keep)
	return err
}

// approvals is state.Approvals as the engine wants it.
type approvals struct{ file *state.Approvals }

// Get returns the set of that hash.
func (s approvals) Get(hash string) ([]plan.ActionRef, bool, error) {
	approval, found, err := s.file.Get(hash)
	set := make([]plan.ActionRef, len(approval.Items))
	for i, item := range approval.Items {
		set[i] = plan.ActionRef(item)
	}
	return set, found, err
}

// Put keeps a set for 24 hours.
func (s approvals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	items := make([]state.ApprovalItem, len(set))
	for i, ref := range set {
		items[i] = state.ApprovalItem(ref)
	}
	return s.file.Put(ctx, state.Approval{Hash: hash, Items: items})
}

// Use ends an approval.
func (s approvals) Use(ctx context.Context, hash string) error {
	_, _, err := s.file.Use(ctx, hash)
	return err
}

// renewed is cfg with the secrets as their files hold them now, for a process that
// stays up while they are rotated. The rest of cfg is not read again.
func renewed(cfg *configs.Config) (*configs.Config, error) {
	out := *cfg
	for _, secret := range []*configs.Secret{
		&out.Okta.Auth.APIToken, &out.Okta.Auth.PrivateKey,
		&out.TrackTik.Auth.ClientSecret, &out.TrackTik.Auth.Password, &out.TrackTik.Auth.RefreshToken,
	} {
		fresh, err := secret.Reread()
		if err != nil {
			return nil, err
		}
		*secret = fresh
	}
	return &out, nil
}

// lenientApprovals are those of a plan, which may be made by somebody who must not
// write beside the snapshot: a refused set that could not be kept is only said.
type lenientApprovals struct {
	tsync.Approvals
	log logrus.FieldLogger
}

// Put keeps a set, if that is possible.
func (s lenientApprovals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	if err := s.Approvals.Put(ctx, hash, set); err != nil {
		s.log.WithError(err).WithField("approval", hash).Warn("the refused set could not be kept: approve that of the next sync instead")
	}
	return nil
}

// Use leaves the approval to the run.
func (s lenientApprovals) Use(context.Context, string) error { return nil }
