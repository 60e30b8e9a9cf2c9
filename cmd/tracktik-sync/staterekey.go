package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// stateRekey is `state rekey`: the snapshot and the tokens under another key.
type stateRekey struct {
	*app
	keyFile string
	plain   bool
}

func newStateRekey(a *app) *cobra.Command {
	c := &stateRekey{app: a}
	cmd := &cobra.Command{
		Use:   "rekey {--key-file FILE | --plain}",
		Short: "Encrypt the snapshot and the tokens under another key",
		Long: "Rekey writes the snapshot and the tokens anew under the key in FILE, or without one. The key they\n" +
			"have now is that of the configuration; name the new one there afterwards. Backups, and copies of\n" +
			"an older schema, keep the key they have: keep the old key as long as them, or remove them.",
		Example: "  openssl rand -hex 32 > new_key && chmod 600 new_key\n" +
			"  tracktik-sync state rekey --key-file new_key",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.execute(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.keyFile, "key-file", "", "the new key is in `FILE`")
	cmd.Flags().BoolVar(&c.plain, "plain", false, "without a key: readable to whoever has the files")
	return cmd
}

func (c *stateRekey) execute(ctx context.Context) error {
	if (c.keyFile == "") != c.plain {
		return usage("state rekey: say either --key-file FILE or --plain")
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var key configs.Secret
	if !c.plain {
		var warning string
		if key, warning, err = configs.ReadKey(c.keyFile); err != nil {
			return usage("reading the new key: %v", err)
		}
		if warning != "" {
			c.Log.WithField("finding", warning).Warn("the new key works, and is not as good as it could be")
		}
	}
	snapshot, err := c.rekeySnapshot(cfg, []byte(key.Reveal()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wiring.ReadWait)
	defer cancel()
	tokens, err := wiring.TokenFile(cfg).Rekey(ctx, []byte(key.Reveal()))
	if err != nil {
		return fmt.Errorf("the tokens are still under the old key (run the same command again): %w", err)
	}
	if !snapshot && !tokens {
		return c.Missing(cfg)
	}
	if c.plain {
		return c.Say("%s is no longer encrypted; now take state.key out of the configuration", cfg.State.Path)
	}
	return c.Say("%s is encrypted with the key in %s; now name that file in state.key_file. Backups keep the key they were made with", cfg.State.Path, c.keyFile)
}

// rekeySnapshot also answers true for a snapshot that is under the new key already,
// which an interrupted rekey leaves behind.
func (c *stateRekey) rekeySnapshot(cfg *configs.Config, key []byte) (found bool, err error) {
	err = state.Rekey(cfg.State.Path, c.Writing(cfg), key)
	switch {
	case errors.Is(err, state.ErrMissing):
		return false, nil
	case !errors.Is(err, state.ErrKey):
		return err == nil, err
	}
	opt := c.Reading(cfg, wiring.ReadWait)
	opt.Key = key
	db, again := state.Open(cfg.State.Path, opt)
	if again != nil {
		return false, err
	}
	return true, db.Close()
}
