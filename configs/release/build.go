package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const program = "tracktik-sync"

// A file is one entry of an archive.
type file struct {
	name string // with / between its parts
	data []byte
	mode fs.FileMode
}

// build compiles the program for one platform and answers its path. Nothing of the
// machine is in it: no path, no user, no time.
func (r *release) build(ctx context.Context, p platform, work string) (string, error) {
	path := filepath.Join(work, p.os+"_"+p.arch, program)
	if p.os == "windows" {
		path += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version=v"+r.version, "-o", path, "./cmd/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	return path, r.call(cmd)
}

// call runs a command in the checkout; what it says is in the error.
func (r *release) call(cmd *exec.Cmd) error {
	var talk bytes.Buffer
	cmd.Dir = r.source
	cmd.Stdout, cmd.Stderr = &talk, &talk
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, talk.String())
	}
	return nil
}

// beside makes what comes with the program: the manual, manual pages, completions, a
// sample configuration and the units. It lies in a directory of that layout as well,
// for the packages.
func (r *release) beside(ctx context.Context, work string) ([]file, error) {
	native, err := r.build(ctx, host(), filepath.Join(work, "host"))
	if err != nil {
		return nil, err
	}
	share := filepath.Join(work, "share")
	if err := os.MkdirAll(filepath.Join(share, "completions"), 0o755); err != nil {
		return nil, err
	}
	epoch := "SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.time.Unix(), 10)
	for _, args := range [][]string{{"docs", "man", filepath.Join(share, "man")}, {"docs", "config", filepath.Join(share, "tracktik-sync.yaml")}} {
		cmd := exec.CommandContext(ctx, native, args...)
		cmd.Env = append(os.Environ(), epoch)
		if err := r.call(cmd); err != nil {
			return nil, err
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		out, err := exec.CommandContext(ctx, native, "completion", shell).Output()
		if err != nil {
			return nil, fmt.Errorf("writing the completion for %s: %w", shell, err)
		}
		if err := os.WriteFile(filepath.Join(share, "completions", program+"."+shell), out, 0o644); err != nil {
			return nil, err
		}
	}
	if err := r.copyUnits(filepath.Join(share, "systemd")); err != nil {
		return nil, err
	}
	for _, dir := range []string{"docs", "monitoring", "windows"} {
		if err := os.CopyFS(filepath.Join(share, dir), os.DirFS(filepath.Join(r.source, "configs", dir))); err != nil {
			return nil, err
		}
	}
	files, err := readTree(share)
	if err != nil {
		return nil, err
	}
	return files, compressManual(filepath.Join(share, "man"))
}

func (r *release) copyUnits(to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"tracktik-sync.service", "tracktik-sync.timer", "tracktik-sync-events.service",
		"tracktik-sync-events.timer", "tracktik-sync@.service", "tracktik-sync@.timer", "tracktik-sync.cron"} {
		data, err := os.ReadFile(filepath.Join(r.source, "configs", "systemd", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readTree reads all files below dir, in the order of their names.
func readTree(dir string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, file{filepath.ToSlash(name), data, 0o644})
		return err
	})
	return files, err
}

// compressManual replaces manual pages by compressed ones, as packages have them.
func compressManual(dir string) error {
	pages, err := filepath.Glob(filepath.Join(dir, "*.[15]"))
	if err != nil || len(pages) == 0 {
		return errors.Join(err, os.ErrNotExist)
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		if err := errors.Join(err, w.Close(), os.WriteFile(page+".gz", out.Bytes(), 0o644), os.Remove(page)); err != nil {
			return err
		}
	}
	return nil
}
