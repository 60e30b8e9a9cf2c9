package configs

import "time"

// Config is everything that can be configured. The meaning, default and reason of
// each key stand in defaults.yaml, in the same order; [Keys] gives them as a table.
//
// The tags: mapstructure is the key's name; oneof lists the allowed values; `is`
// marks a path, which is resolved against the file's directory; a set, whose order
// means nothing; and of secrets a password, whose white space counts, and a document,
// which may have several lines.
type Config struct {
	Okta     Okta     `mapstructure:"okta"`
	TrackTik TrackTik `mapstructure:"tracktik"`
	Sync     Sync     `mapstructure:"sync"`
	Guard    Guard    `mapstructure:"guard"`
	Schedule Schedule `mapstructure:"schedule"`
	State    State    `mapstructure:"state"`
	Log      Log      `mapstructure:"log"`
	Notify   Notify   `mapstructure:"notify"`
	Metrics  Metrics  `mapstructure:"metrics"`

	file    string            // absolute; empty when everything came from the environment
	origins map[string]Origin // by key; a key that is missing has its default
	files   map[string]string // see Files
}

// Okta says which org is read, as whom, and how hard.
type Okta struct {
	OrgURL         string        `mapstructure:"org_url"` // without a trailing slash
	AppID          string        `mapstructure:"app_id"`
	Auth           OktaAuth      `mapstructure:"auth"`
	RateLimitShare float64       `mapstructure:"rate_limit_share"` // 0 < share <= 1
	CAFile         string        `mapstructure:"ca_file" is:"path"`
	Timeout        time.Duration `mapstructure:"timeout"` // of one call
}

// OktaAuth holds either an API token or an OAuth 2.0 service app, never both.
type OktaAuth struct {
	APIToken   Secret `mapstructure:"api_token"`
	ClientID   string `mapstructure:"client_id"`
	PrivateKey Secret `mapstructure:"private_key" is:"document"` // PEM or JWK; see [Secret.Reread]
	KeyID      string `mapstructure:"key_id"`
}

// TrackTik says which portal is written, as whom, and how hard.
type TrackTik struct {
	BaseURL              string        `mapstructure:"base_url"` // without a trailing slash
	Auth                 TrackTikAuth  `mapstructure:"auth"`
	CAFile               string        `mapstructure:"ca_file" is:"path"`
	Timeout              time.Duration `mapstructure:"timeout"` // of one call
	SendNotification     bool          `mapstructure:"send_notification"`
	TerminationComment   string        `mapstructure:"termination_comment"`
	TerminationReason    string        `mapstructure:"termination_reason"` // an id or a label
	MaxConcurrency       int           `mapstructure:"max_concurrency"`
	MaxRequestsPerMinute int           `mapstructure:"max_requests_per_minute"` // 0: no limit of ours
}

// TrackTikAuth is the OAuth 2.0 client and what its grant needs.
type TrackTikAuth struct {
	Grant         string `mapstructure:"grant" oneof:"password refresh_token authorization_code"`
	ClientID      string `mapstructure:"client_id"`
	ClientSecret  Secret `mapstructure:"client_secret"`
	Username      string `mapstructure:"username"`
	Password      Secret `mapstructure:"password" is:"password"`
	RefreshToken  Secret `mapstructure:"refresh_token"`
	Employee      string `mapstructure:"employee"` // id of the employee whose credentials these are
	RedirectURI   string `mapstructure:"redirect_uri"`
	AuthorizePath string `mapstructure:"authorize_path"`
	TokenPath     string `mapstructure:"token_path"`
}

// Sync decides who is provisioned, how, and what may be done to them.
type Sync struct {
	CreateUsers            bool                 `mapstructure:"create_users"`
	UpdateUsers            bool                 `mapstructure:"update_users"`
	DeactivateUsers        bool                 `mapstructure:"deactivate_users"`
	Adopt                  string               `mapstructure:"adopt" oneof:"match never"`
	Suspended              string               `mapstructure:"suspended" oneof:"hold terminate"`
	Rehire                 string               `mapstructure:"rehire" oneof:"new reactivate"`
	Mode                   string               `mapstructure:"mode" oneof:"apply observe"`
	DefaultRegion          string               `mapstructure:"default_region"`
	Region                 string               `mapstructure:"region" oneof:"follow create_only"`
	Match                  []string             `mapstructure:"match" oneof:"external_id custom_id username email"`
	OnAdopt                string               `mapstructure:"on_adopt" oneof:"update keep"`
	Drift                  string               `mapstructure:"drift" oneof:"repair report"`
	UnassignedGrace        time.Duration        `mapstructure:"unassigned_grace"`
	OutOfScope             string               `mapstructure:"out_of_scope" oneof:"leave terminate"`
	ProblemsExit           string               `mapstructure:"problems_exit" oneof:"4 new 0"`
	AllowSecondProvisioner bool                 `mapstructure:"allow_second_provisioner"`
	CreateRoles            bool                 `mapstructure:"create_roles"`
	GrantRoles             bool                 `mapstructure:"grant_roles"`
	RevokeRoles            bool                 `mapstructure:"revoke_roles"`
	Protected              []string             `mapstructure:"protected" is:"set"` // globs
	Attributes             map[string]Attribute `mapstructure:"attributes"`         // by TrackTik field, as spelt there
	Scope                  string               `mapstructure:"scope"`              // CEL
	Groups                 Groups               `mapstructure:"groups"`
	Roles                  Roles                `mapstructure:"roles"`
	Staged                 string               `mapstructure:"staged" oneof:"wait provision"`
	Start                  Start                `mapstructure:"start"`
	End                    End                  `mapstructure:"end"`
}

// An Attribute says where one TrackTik field comes from. In YAML it is a list of
// sources or a map of these three keys.
type Attribute struct {
	Sources    []string `yaml:"sources,flow" json:"sources"`                        // the first that is present and not empty wins
	CEL        string   `yaml:"cel,omitempty" json:"cel,omitempty"`                 // an expression that makes the value
	CreateOnly bool     `yaml:"create_only,omitempty" json:"create_only,omitempty"` // never part of an update
}

// Groups says which Okta groups become TrackTik roles.
type Groups struct {
	Push     string            `mapstructure:"push" oneof:"listed assigned mappings none"`
	Names    []string          `mapstructure:"names" is:"set"` // globs
	IDs      []string          `mapstructure:"ids" is:"set"`
	Roles    map[string]string `mapstructure:"roles"` // group id or name, as spelt there, to role id or name
	Order    []string          `mapstructure:"order"`
	Unpushed string            `mapstructure:"unpushed" oneof:"leave revoke"`
}

// Roles says how roles are held, and which are out of bounds.
type Roles struct {
	PerPerson string   `mapstructure:"per_person" oneof:"many one"`
	Protected []string `mapstructure:"protected" is:"set"` // globs
	Default   string   `mapstructure:"default"`            // an existing role's name or id; empty: none
}

// Start says where the first day of employment stands in Okta.
type Start struct {
	Sources []string      `mapstructure:"sources"` // the first that is present and not empty wins; empty: nobody is held
	Lead    time.Duration `mapstructure:"lead"`    // how long before that day people are created
	Layout  string        `mapstructure:"layout"`  // YYYY, MM or M, DD or D; empty: 2026-03-31 and RFC 3339 only
}

// End says where the last day of employment stands in Okta.
type End struct {
	Sources []string `mapstructure:"sources"` // as of Start; empty: nobody is terminated by it
	Layout  string   `mapstructure:"layout"`
}

// Guard bounds what one run may do. Limits holds every kind of [GuardKinds].
type Guard struct {
	Limits            map[string]Limits `mapstructure:",remain"`
	OnRefusal         string            `mapstructure:"on_refusal" oneof:"hold stop"`
	MaxProblemPercent float64           `mapstructure:"max_problem_percent"` // of the writes; -1: off
	DeletedGrace      time.Duration     `mapstructure:"deleted_grace"`
}

// Limits bound one kind of action. 0 allows none, -1 switches a limit off.
type Limits struct {
	MaxCount      int     `mapstructure:"max_count"`
	MaxPercent    float64 `mapstructure:"max_percent"`
	MinPopulation int     `mapstructure:"min_population"` // below it only the count matters
	MaxPerDay     int     `mapstructure:"max_per_day"`    // in 24 hours
}

// GuardKinds lists the kinds of action that have a guard.
func GuardKinds() []string {
	return []string{
		"terminate", "revoke_role", "update", "clear", "create", "reactivate",
		"adopt", "create_role", "link_role", "rename_role", "grant_role",
	}
}

// Schedule says when a run starts and how long it may take.
type Schedule struct {
	Cron         string        `mapstructure:"cron"`
	RefreshEvery time.Duration `mapstructure:"refresh_every"` // 0: never by itself
	Timezone     string        `mapstructure:"timezone"`      // an IANA name
	Jitter       time.Duration `mapstructure:"jitter"`
	Deadline     time.Duration `mapstructure:"deadline"`
	Events       time.Duration `mapstructure:"events"` // 0: `run` reads no System Log

	EventsMaxPeople int `mapstructure:"events_max_people"`
}

// State says where the snapshot lies and how long it remembers.
type State struct {
	Path          string        `mapstructure:"path" is:"path"` // absolute
	Key           Secret        `mapstructure:"key"`
	RedactHistory bool          `mapstructure:"redact_history"`
	Keep          time.Duration `mapstructure:"keep"`
	Backup        Backup        `mapstructure:"backup"`
}

// Backup says where copies of the snapshot go; no Dir, no copies.
type Backup struct {
	Dir  string `mapstructure:"dir" is:"path"`
	Keep int    `mapstructure:"keep"` // how many copies
}

// Log says what is written to stderr.
type Log struct {
	Level  string `mapstructure:"level" oneof:"trace debug info warn warning error"`
	Format string `mapstructure:"format" oneof:"text json"`
}

// Notify says who hears of a change of state.
type Notify struct {
	Webhook      Webhook `mapstructure:"webhook"`
	Email        Email   `mapstructure:"email"`
	Digest       string  `mapstructure:"digest"` // "07:00"; empty: none
	Ping         Ping    `mapstructure:"ping"`
	PersonalData bool    `mapstructure:"personal_data"`
}

// Webhook is one address that messages are posted to.
type Webhook struct {
	URL    Secret `mapstructure:"url"`
	Format string `mapstructure:"format" oneof:"json slack teams"`
}

// Email is a mail server and the people who get the messages.
type Email struct {
	SMTP     string   `mapstructure:"smtp"` // host:port; empty: no mail
	Username string   `mapstructure:"username"`
	Password Secret   `mapstructure:"password" is:"password"`
	TLS      string   `mapstructure:"tls" oneof:"starttls tls none"`
	From     string   `mapstructure:"from"`
	To       []string `mapstructure:"to" is:"set"`
}

// Ping holds the addresses of a watchdog that are called as a run goes on.
type Ping struct {
	Start   Secret `mapstructure:"start"`
	Success Secret `mapstructure:"success"`
	Failure Secret `mapstructure:"failure"`
}

// Metrics says where the last run's values are left.
type Metrics struct {
	Textfile    string `mapstructure:"textfile" is:"path"`
	Pushgateway Secret `mapstructure:"pushgateway"`
	Job         string `mapstructure:"job"`
}

// File is the absolute path of the file that was read, empty when there was none.
func (c *Config) File() string { return c.file }

// Files are the absolute paths that keys name, by key, whether or not anything is there.
func (c *Config) Files() map[string]string { return c.files }

// Origin says where the value of key came from.
func (c *Config) Origin(key string) Origin { return c.origins[key] }
