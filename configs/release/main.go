package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A platform is a system and a processor, as Go calls them.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

// platforms are those that a release is made for.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// A release is what is made, and from what.
type release struct {
	version   string // without v
	source    string // the checkout
	out       string
	time      time.Time // of every file in it
	platforms []platform
	nfpm, cdx string // the tools; empty: their part is left out, with a word
	log       io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // contexts begin where programs do
	err := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	if err != nil {
		say(os.Stderr, "release: %v", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// say tells people a line; that nobody can hear it, nobody can be told.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

// semver is a version as Go, Helm, dpkg and rpm all understand it.
var semver = regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?)$`)

func run(ctx context.Context, args []string, getenv func(string) string, log io.Writer) error {
	r := release{log: log}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(log)
	version := flags.String("version", "", "version of the release, such as v1.2.3")
	flags.StringVar(&r.source, "source", ".", "the checkout")
	flags.StringVar(&r.out, "out", "dist", "directory for what is made; it is emptied first")
	flags.StringVar(&r.nfpm, "nfpm", "", "path of nfpm, for the packages")
	flags.StringVar(&r.cdx, "cyclonedx", "", "path of cyclonedx-gomod, for the list of modules")
	only := flags.String("platforms", "", "only these, such as linux/amd64,windows/arm64")
	if err := flags.Parse(args); err != nil {
		return err
	}
	match := semver.FindStringSubmatch(*version)
	if match == nil {
		return fmt.Errorf("%q is no version of a release; say VERSION=v1.2.3 or v1.2.3-rc.1", *version)
	}
	r.version = match[1]
	var err error
	if r.time, err = epoch(getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if r.platforms, err = choose(*only); err != nil {
		return err
	}
	return r.make(ctx)
}

// epoch is the time of all files: that of the sources, not of the machine. A zip
// archive knows none before 1980.
func epoch(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, errors.New("SOURCE_DATE_EPOCH is not set: give the time of the last commit, in seconds (git log -1 --format=%ct)")
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func choose(only string) ([]platform, error) {
	if only == "" {
		return platforms, nil
	}
	var chosen []platform
	for text := range strings.SplitSeq(only, ",") {
		known := false
		for _, p := range platforms {
			if p.String() == text {
				chosen, known = append(chosen, p), true
			}
		}
		if !known {
			return nil, fmt.Errorf("no release is made for %q", text)
		}
	}
	return chosen, nil
}

// make makes the release, part by part.
func (r *release) make(ctx context.Context) error {
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "tracktik-sync-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	beside, err := r.beside(ctx, work)
	if err != nil {
		return err
	}
	for _, p := range r.platforms {
		say(r.log, "building %s", p)
		program, err := r.build(ctx, p, work)
		if err != nil {
			return err
		}
		if err := r.archive(p, program, beside); err != nil {
			return err
		}
		if p.os == "linux" {
			if err := r.packages(ctx, p, program, work); err != nil {
				return err
			}
		}
	}
	if err := r.bill(ctx, work); err != nil {
		return err
	}
	if err := r.chart(); err != nil {
		return err
	}
	return r.sums()
}

// host is the machine that this runs on, whose program writes the manual.
func host() platform { return platform{runtime.GOOS, runtime.GOARCH} }
