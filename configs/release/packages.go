package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed nfpm.yaml
var nfpmYAML string

// packages makes a Debian and an RPM package of one processor's program.
func (r *release) packages(ctx context.Context, p platform, path, work string) error {
	if r.nfpm == "" {
		say(r.log, "no packages for %s, since -nfpm is not given", p)
		return nil
	}
	values := map[string]string{
		"VERSION": r.version, "ARCH": p.arch, "PROGRAM": path,
		"SHARE": filepath.Join(work, "share"), "SCRIPTS": "configs/release/scripts",
		"MTIME": r.time.Format("2006-01-02T15:04:05Z"),
	}
	config := filepath.Join(work, "nfpm_"+p.arch+".yaml")
	text := os.Expand(nfpmYAML, func(name string) string { return values[name] })
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	out, err := filepath.Abs(r.out)
	if err != nil {
		return err
	}
	for _, packager := range []string{"deb", "rpm"} {
		cmd := exec.CommandContext(ctx, r.nfpm, "package", "--config", config, "--packager", packager, "--target", out)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10))
		if err := r.call(cmd); err != nil {
			return err
		}
	}
	return nil
}

// bill lists the modules in the program, in the form of CycloneDX. Those of all
// platforms are the same but for a few that only one system needs.
func (r *release) bill(ctx context.Context, work string) error {
	if r.cdx == "" {
		say(r.log, "no list of modules, since -cyclonedx is not given")
		return nil
	}
	out, err := filepath.Abs(r.out)
	if err != nil {
		return err
	}
	for _, p := range r.platforms {
		path := filepath.Join(work, p.os+"_"+p.arch, program)
		if p.os == "windows" {
			path += ".exe"
		}
		name := fmt.Sprintf("%s_%s_%s_%s.cdx.json", program, r.version, p.os, p.arch)
		cmd := exec.CommandContext(ctx, r.cdx, "bin", "-json", "-noserial", "-notimestamp",
			"-version", "v"+r.version, "-output", filepath.Join(out, name), path)
		if err := r.call(cmd); err != nil {
			return err
		}
	}
	return nil
}
