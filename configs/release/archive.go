package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// archive packs the program and what comes with it, as the system's users expect.
func (r *release) archive(p platform, path string, beside []file) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%s_%s_%s", program, r.version, p.os, p.arch)
	files := []file{{filepath.Base(path), data, 0o755}}
	for _, f := range beside {
		if system, _, _ := strings.Cut(f.name, "/"); (p.os == "linux" || system != "systemd") && (p.os == "windows" || system != "windows") {
			files = append(files, f)
		}
	}
	for i := range files {
		files[i].name = name + "/" + files[i].name
	}
	if p.os == "windows" {
		return r.create(name+".zip", func(w io.Writer) error { return r.zip(w, files) })
	}
	return r.create(name+".tar.gz", func(w io.Writer) error { return r.tar(w, files) })
}

// create writes one file of the release.
func (r *release) create(name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(r.out, name))
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// tar writes a compressed archive whose files belong to root and have one time.
func (r *release) tar(w io.Writer, files []file) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: r.time, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.data); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

func (r *release) zip(w io.Writer, files []file) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time}
		header.SetMode(f.mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.data); err != nil {
			return err
		}
	}
	return archive.Close()
}

var (
	chartVersion    = regexp.MustCompile(`(?m)^version: .*$`)
	chartAppVersion = regexp.MustCompile(`(?m)^appVersion: .*$`)
)

// chart packs the Helm chart with the version of the release, as `helm package`
// does, but with one time for all files.
func (r *release) chart() error {
	files, err := readTree(filepath.Join(r.source, "configs", "helm", program))
	if err != nil {
		return err
	}
	for i, f := range files {
		if f.name == "Chart.yaml" {
			data := chartVersion.ReplaceAll(f.data, []byte("version: "+r.version))
			files[i].data = chartAppVersion.ReplaceAll(data, []byte("appVersion: v"+r.version))
		}
		files[i].name = program + "/" + f.name
	}
	return r.create(fmt.Sprintf("%s-%s.tgz", program, r.version), func(w io.Writer) error { return r.tar(w, files) })
}

// sums writes what `sha256sum --check` reads.
func (r *release) sums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, entry := range entries {
		sum, err := sumOf(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sum, entry.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), lines.Bytes(), 0o644)
}

func sumOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	return hash.Sum(nil), err
}
