package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/setup"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
)

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
			"  tracktik-sync config init --output guards.yaml --okta-org-url https://guards.okta.com --set sync.groups.names='[Site *]'",
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
