package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	tsync "tracktik-sync/sync"
)

func newCheck(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at everything that a run needs, and say what to do; changes nothing",
		Long: "Check tries each thing that a run needs, once and without changing anything: the configuration,\n" +
			"the snapshot, the way to both systems, each right, and how the first people would be mapped. It\n" +
			"ends with the size of the plan. Every line says what to do about it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), format.value) },
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (a *app) check(ctx context.Context, format string) error {
	d := doctor.NewDoctor(&a.Invocation)
	if d.Configured() {
		stop := a.showProgress()
		d.Examine(ctx)
		stop()
	}
	if err := ctx.Err(); err != nil { // what failed only had no time
		return err
	}
	err := a.show(format, d.Diagnosis(), func(w io.Writer) error { return d.Print(w, a.Style(), a.Quiet) })
	failed := d.Failed()
	switch {
	case err != nil || len(failed) == 0:
		return err
	case d.BadSetup:
		return &verdict{tsync.ExitUsage, "bad configuration", strings.Join(failed, ", ") + ": see above"}
	}
	return &verdict{tsync.ExitFailed, "failed", ui.Number(len(failed), "check") + ": " + strings.Join(failed, ", ")}
}
