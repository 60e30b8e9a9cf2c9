package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/setup"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/okta"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

func newConfig(a *app) *cobra.Command {
	return group(a, "config", "Write, check and show the configuration", configCommands)
}

func newConfigValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration, and list everything that is wrong with it",
		Args:  cobra.NoArgs,
		RunE: a.configured(func(_ context.Context, cfg *configs.Config, _ []string) error {
			if cfg.File() == "" {
				return a.Say("the configuration, from the environment alone, is valid")
			}
			return a.Say("%s is valid", cfg.File())
		}),
	}
}

func newConfigShow(a *app) *cobra.Command {
	var other string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print every value that is in force, and where it comes from",
		Long: "Show prints the configuration as it is in force: each value, and where it comes from. With --diff it\n" +
			"prints only the keys that have another value in the other file. Variables of the environment count\n" +
			"for both files. Secrets are not shown.",
		Example: "  tracktik-sync config show --config staging.yaml --diff production.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			switch {
			case cfg == nil:
				return err
			case other != "":
				return errors.Join((&configCommand{a}).showDifferences(cfg, other), err)
			}
			return errors.Join(a.Data(func(w io.Writer) error { return cfg.Show(w) }), err)
		},
	}
	cmd.Flags().StringVar(&other, "diff", "", "print only what differs in the configuration `FILE`")
	return cmd
}

// A configCommand is the work of `config`.
type configCommand struct{ *app }

// showDifferences prints what differs in another configuration file.
func (a *configCommand) showDifferences(cfg *configs.Config, path string) error {
	other, _, err := configs.Load(configs.Options{Path: path, Checks: wiring.Checks})
	if other == nil {
		return err
	}
	list := cfg.Diff(other)
	if len(list) == 0 {
		return errors.Join(a.Say("no value differs"), err)
	}
	return errors.Join(a.Data(func(w io.Writer) error {
		table := ui.NewTable(w, a.Style())
		table.Row("key", cfg.File(), other.File())
		for _, d := range list {
			table.Row(d.Key, ui.Safe(d.Here), ui.Safe(d.There))
		}
		return table.Flush()
	}), err)
}

// An importedGroup is a group of the app's Push Groups list.
type importedGroup struct {
	id     plan.GroupID
	name   string
	status string
	found  bool
}

func newImportMappings(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "import-mappings",
		Short: "Print the app's Push Groups in Okta as a `listed` configuration",
		Long: "Import-mappings reads the app's own Push Groups list in Okta and prints it as sync.groups with push:\n" +
			"listed: the ids, with the names of the groups beside them. It changes nothing. Put its output into the\n" +
			"configuration, in the place of sync.groups, before you deactivate Push Groups in Okta.",
		Example: "  tracktik-sync config import-mappings > groups.yaml",
		Args:    cobra.NoArgs,
		RunE:    a.configured((&configCommand{a}).importMappings),
	}
}

func (a *configCommand) importMappings(ctx context.Context, cfg *configs.Config, _ []string) error {
	source, err := a.Source(cfg)
	if err != nil {
		return err
	}
	mappings, err := source.PushMappings(ctx)
	if err != nil {
		return err
	}
	groups, err := importedGroups(ctx, source, mappings)
	if err != nil {
		return err
	}
	return a.Data(func(w io.Writer) error { return writeMappings(w, cfg.Okta.AppID, groups) })
}

// fewMappings is up to how many groups are read one by one, instead of all in a list.
const fewMappings = 20

// importedGroups names the groups, each once, in Okta's order.
func importedGroups(ctx context.Context, source *okta.Source, mappings []plan.PushMapping) ([]importedGroup, error) {
	var groups []importedGroup
	at := map[plan.GroupID]int{}
	for _, m := range mappings {
		if _, twice := at[m.Group]; !twice {
			at[m.Group] = len(groups)
			groups = append(groups, importedGroup{id: m.Group, status: m.Status})
		}
	}
	take := func(g plan.Group) {
		if i, wanted := at[g.ID]; wanted {
			groups[i].name, groups[i].found = g.Name, true
		}
	}
	if len(groups) > fewMappings {
		return groups, source.Groups(ctx, func(page []plan.Group) error {
			for _, g := range page {
				take(g)
			}
			return nil
		})
	}
	for _, known := range groups {
		g, found, err := source.Group(ctx, known.id)
		if err != nil {
			return nil, err
		}
		if found {
			take(g)
		}
	}
	return groups, nil
}

// writeMappings prints YAML. A name may hold anything, and stays within its comment.
func writeMappings(w io.Writer, app string, groups []importedGroup) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s of the Okta app %s.\n", ui.Number(len(groups), "push mapping"), ui.Safe(app))
	b.WriteString("# Put push and ids into sync.groups of the configuration, in the place of what is there.\n")
	b.WriteString("sync:\n  groups:\n    push: listed\n")
	if slices.ContainsFunc(groups, func(g importedGroup) bool { return g.found }) {
		b.WriteString("    ids:\n")
	} else {
		b.WriteString("    ids: [] # the app pushes no group that exists\n")
	}
	for _, g := range groups {
		note := ui.Safe(g.name)
		if g.status != "" && g.status != "ACTIVE" {
			note += " (the mapping is " + ui.Safe(g.status) + ")"
		}
		if g.found {
			fmt.Fprintf(&b, "      - %s # %s\n", yamlID(g.id), note)
		} else {
			fmt.Fprintf(&b, "      # - %s: Okta has no such group any more\n", ui.Safe(string(g.id)))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// yamlID is an id as YAML takes it for a text; quoted as JSON is where it is an odd one.
func yamlID(id plan.GroupID) string {
	if text := string(id); strings.HasPrefix(text, "00g") &&
		strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return text
		}
	}
	return strconv.QuoteToASCII(string(id))
}

// configInit is `config init`: a first file, commented, that writes nothing to
// TrackTik until somebody changes sync.mode.
type configInit struct {
	*app
	output  string
	set     []string
	answers setup.Answers
	service string // where the service has its configuration
}

func newConfigInit(a *app) *cobra.Command {
	c := &configInit{app: a, answers: setup.Answers{}, service: configs.SystemFile}
	values := make([]*string, len(setup.Questions))
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first, commented configuration file; asks on a terminal",
		Long: "Init writes a first configuration, which observes only. On a terminal it asks, checks each answer at\n" +
			"once, logs in to both systems as soon as it can, and offers the apps of the org and the reasons,\n" +
			"regions and roles of the portal. It replaces no file.",
		Example: "  tracktik-sync config init\n" +
			"  tracktik-sync config init --output guards.yaml --okta-org-url https://guards.okta.com --set " +
			"sync.groups.names='[Site *]'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for i, q := range setup.Questions {
				if cmd.Flags().Changed(q.Flag()) {
					c.answers[q.Key] = *values[i]
				}
			}
			return c.execute(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&c.output, "output", "o", "", "write to `FILE` (default --config, else "+configs.DefaultFile+")")
	flags.StringArrayVar(&c.set, "set", nil, "any `KEY=VALUE`; lists as [a, b], maps as {a: b}")
	for i, q := range setup.Questions {
		values[i] = flags.String(q.Flag(), "", q.Text)
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
	there := func() error {
		return usage("%s is there already and stays as it is: name another --output, or move it away", path)
	}
	if _, err := os.Lstat(path); err == nil {
		return there()
	}
	if err := c.spare(path); err != nil {
		return err
	}
	if err := c.takeSet(); err != nil {
		return err
	}
	if beside, err := c.besideService(ctx, path); !beside || err != nil {
		return err
	}
	if c.Asks {
		if err := c.interview(ctx, path); err != nil {
			return err
		}
	} else if err := c.checkAnswers(path); err != nil {
		return err
	}
	text, err := c.answers.Text()
	if err != nil {
		return usage("%v", err)
	}
	err = disk.WriteNew(path, text)
	if errors.Is(err, fs.ErrExist) {
		return there()
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	next := "next: `tracktik-sync check`, then `plan`"
	if left := c.answers.Left(); len(left) > 0 {
		next = "next: put yours in the place of the sample's " + strings.Join(left, ", ")
	}
	return c.Say("wrote %s, with sync.mode: observe, which writes nothing to TrackTik; %s", path, next)
}

// besideService notices that the service has a configuration of its own: whoever works with
// one of two does not see what the other does.
func (c *configInit) besideService(ctx context.Context, path string) (goOn bool, err error) {
	if _, err := os.Stat(c.service); err != nil || disk.Locate(c.service).Is(path) {
		return true, nil
	}
	text := fmt.Sprintf("the service has its configuration already, %s; commands that find %s use that one instead",
		ui.Safe(c.service), ui.Safe(path))
	if !c.Asks {
		fmt.Fprintln(c.Stderr, "warning: "+text)
		return true, nil
	}
	if c.Ask(ctx, text+".\nWrite a second one? [y/N] ") {
		return true, nil
	}
	return false, c.Say("nothing was written")
}

// interview asks for what no flag said. Whoever interrupts it is told so in a word.
func (c *configInit) interview(ctx context.Context, path string) error {
	c.Log.SetLevel(logrus.ErrorLevel) // what is to be known is said in the conversation
	in := &setup.Interview{Invocation: &c.Invocation, Terminal: &c.Terminal, Path: path, Answers: c.answers}
	err := in.Ask(ctx)
	switch {
	case ctx.Err() != nil:
		return &verdict{code: tsync.ExitFailed, words: "interrupted"}
	case errors.Is(err, io.EOF):
		return errors.New("the input ended before everything was answered; nothing was written")
	}
	return err
}

// checkAnswers holds what the flags say to the rules of the interview.
func (c *configInit) checkAnswers(path string) error {
	later, err := c.answers.Check(path)
	if err != nil {
		return usage("%v", err)
	}
	for _, text := range later {
		fmt.Fprintln(c.Stderr, "warning: "+ui.Safe(text))
	}
	return nil
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
		c.answers[strings.TrimSpace(key)] = answer(text, value)
	}
	return nil
}

// answer keeps truths, numbers and lists; everything else is text as it was written.
func answer(text string, value any) any {
	switch v := value.(type) {
	case bool, int, float64:
		return v
	case map[string]any:
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
