package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/configs"
)

// configInit is `config init`: a first file, commented, that writes nothing to
// TrackTik until somebody changes sync.mode.
type configInit struct {
	*app
	output  string
	set     []string
	answers map[string]any
}

// A question is what `config init` asks on a terminal. Its flag is the key with
// dashes: --okta-org-url.
type question struct {
	key  string
	text string
}

var questions = []question{
	{"okta.org_url", "Address of the Okta org"},
	{"okta.app_id", "Id of the TrackTik app in Okta (0oa…)"},
	{"okta.auth.client_id", "Client id of the Okta service app; empty: use an API token"},
	{"okta.auth.private_key_file", "File with its private key"},
	{"okta.auth.api_token_file", "File with the Okta API token"},
	{"tracktik.base_url", "Address of the TrackTik portal"},
	{"tracktik.auth.grant", "TrackTik grant: password, refresh_token or authorization_code"},
	{"tracktik.auth.client_id", "TrackTik client id"},
	{"tracktik.auth.client_secret_file", "File with the TrackTik client secret"},
	{"tracktik.auth.username", "TrackTik username"},
	{"tracktik.auth.password_file", "File with the TrackTik password"},
	{"tracktik.termination_reason", "Reason of terminations, an id or a label of the portal; empty: its first"},
	{"sync.roles.per_person", "Roles a person may hold: many, or one as TrackTik recommends"},
}

func (q question) flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(q.key)
}

func newConfigInit(a *app) *cobra.Command {
	c := &configInit{app: a, answers: map[string]any{}}
	values := make([]*string, len(questions))
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first, commented configuration file; asks on a terminal",
		Example: "  tracktik-sync config init\n" +
			"  tracktik-sync config init --output acme.yaml --okta-org-url https://acme.okta.com --set sync.groups.names='[Site *]'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for i, q := range questions {
				if cmd.Flags().Changed(q.flag()) {
					c.answers[q.key] = *values[i]
				}
			}
			return c.execute(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&c.output, "output", "o", "", "write to `FILE` (default --config, else "+configs.DefaultFile+")")
	flags.StringArrayVar(&c.set, "set", nil, "any other `KEY=VALUE` of the sample; lists as [a, b]")
	for i, q := range questions {
		values[i] = flags.String(q.flag(), "", q.text)
	}
	return cmd
}

func (c *configInit) execute(ctx context.Context) error {
	path := c.output
	if path == "" {
		path = c.File
	}
	if path == "" {
		path = configs.DefaultFile
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := c.spare(path); err != nil {
			return err
		}
	}
	if err := c.takeSet(); err != nil {
		return err
	}
	if c.Asks {
		if err := c.interview(ctx); err != nil {
			return err
		}
	}
	c.oneWayIn()
	text, err := configs.Fill(c.answers)
	if err != nil {
		return usage("%v", err)
	}
	err = disk.WriteNew(path, text)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already and stays as it is: name another --output, or move it away", path)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return c.Say("wrote %s, with sync.mode: observe, which writes nothing to TrackTik; next: `tracktik-sync config validate`, then `plan`", path)
}

// takeSet reads --set KEY=VALUE.
func (c *configInit) takeSet() error {
	for _, setting := range c.set {
		key, text, found := strings.Cut(setting, "=")
		if !found {
			return usage("--set %s: write KEY=VALUE", setting)
		}
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return usage("--set %s: %v", key, err)
		}
		c.answers[key] = answer(text, value)
	}
	return nil
}

// answer keeps truths, numbers and lists; everything else is text as it was written.
func answer(text string, value any) any {
	switch v := value.(type) {
	case bool, int, float64:
		return v
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = fmt.Sprint(word)
		}
		return words
	}
	return text
}

// interview asks for what no flag said. An empty answer keeps what the sample has.
func (c *configInit) interview(ctx context.Context) error {
	for _, q := range questions {
		if _, given := c.answers[q.key]; given || c.isMoot(q.key) {
			continue
		}
		text, err := c.askFor(ctx, q.text)
		if err != nil {
			return err
		}
		if text != "" {
			c.answers[q.key] = text
		}
	}
	return nil
}

// isMoot reports whether an earlier answer leaves nothing to ask.
func (c *configInit) isMoot(key string) bool {
	_, service := c.answers["okta.auth.client_id"]
	grant, _ := c.answers["tracktik.auth.grant"].(string)
	switch key {
	case "okta.auth.private_key_file":
		return !service
	case "okta.auth.api_token_file":
		return service
	case "tracktik.auth.username", "tracktik.auth.password_file":
		return grant != "" && grant != "password"
	}
	return false
}

func (c *configInit) askFor(ctx context.Context, text string) (string, error) {
	fmt.Fprintf(c.Stderr, "%s: ", text)
	line, err := c.ReadLine(ctx)
	return strings.TrimSpace(line), err
}

// oneWayIn comments out the ways into the two systems that were not chosen: the
// sample has one of each.
func (c *configInit) oneWayIn() {
	if _, token := c.answers["okta.auth.api_token_file"]; token {
		c.setDefault(nil, "okta.auth.client_id", "okta.auth.private_key_file")
	}
	grant, given := c.answers["tracktik.auth.grant"].(string)
	if given && grant != "password" {
		c.setDefault(nil, "tracktik.auth.username", "tracktik.auth.password_file")
	}
}

func (c *configInit) setDefault(value any, keys ...string) {
	for _, key := range keys {
		if _, given := c.answers[key]; !given {
			c.answers[key] = value
		}
	}
}
