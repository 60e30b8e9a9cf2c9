package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/watch"
)

func newNotify(a *app) *cobra.Command {
	return group(a, "notify", "Try who is told how the runs go", notifyCommands)
}

func newNotifyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Send a test to everybody who would be told",
		Long: "Test sends a message by the webhook and by mail, and calls the addresses of notify.ping: that of a\n" +
			"failure too, so that the alarm can be seen, and that of a success last. It ends with 1 when one of\n" +
			"them cannot be reached.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			results, err := watch.NewNotifier(&a.Invocation, cfg).Test(cmd.Context())
			if err != nil {
				return err
			}
			return a.showTest(results)
		},
	}
}

func (a *app) showTest(results []notify.Result) error {
	failed := 0
	err := a.Data(func(w io.Writer) error {
		t := ui.NewTable(w, a.Style())
		for _, r := range results {
			if r.Err != nil {
				failed++
				t.Alarm(r.Channel, "failed: "+ui.Safe(r.Err.Error()))
				continue
			}
			t.Row(r.Channel, "ok")
		}
		return t.Flush()
	})
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d could not be reached", failed, len(results)))
	}
	return err
}
