package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=v1.4.0".
var version = "devel"

func versionText() string {
	return fmt.Sprintf("tracktik-sync %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.Data(func(w io.Writer) error {
				_, err := fmt.Fprintln(w, versionText())
				return err
			})
		},
	}
}
