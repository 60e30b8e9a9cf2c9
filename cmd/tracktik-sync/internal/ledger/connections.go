package ledger

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
)

// A Connection is how one of several configurations stands.
type Connection struct {
	Config string  `json:"config"` // the file
	Portal string  `json:"portal,omitempty"`
	Status *Status `json:"status"` // null: it cannot be told, and Error says why
	Error  string  `json:"error,omitempty"`
}

// Connections tells how the configurations in a directory stand, the files *.yaml and
// *.yml of it by their names. The error says that there are none, or that the directory
// cannot be read; what is wrong with one of them is its own.
func Connections(i *wiring.Invocation, dir string) ([]Connection, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []Connection
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(e.Name())) {
			continue
		}
		list = append(list, connection(i, filepath.Join(dir, e.Name())))
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no configuration: their names end in .yaml", dir)
	}
	return list, nil
}

func connection(i *wiring.Invocation, path string) Connection {
	c := Connection{Config: path}
	cfg, _, err := configs.Load(configs.Options{Path: path, Checks: wiring.Checks})
	if cfg != nil {
		if u, err := url.Parse(cfg.TrackTik.BaseURL); err == nil {
			c.Portal = u.Host
		}
	}
	if err == nil {
		c.Status, err = CurrentStatus(i, cfg)
	}
	var missing *wiring.MissingError
	switch {
	case errors.As(err, &missing):
		c.Status, c.Error = nil, "there is no snapshot: `state init`, or `sync --init`, makes it"
	case err != nil:
		c.Status, c.Error = nil, err.Error()
	}
	return c
}

// Unreadable is the error about those that cannot be told of; nil: there are none.
func Unreadable(list []Connection) error {
	n := 0
	for _, c := range list {
		if c.Status == nil {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return errors.New(ui.Number(n, "connection") + " of " + strconv.Itoa(len(list)) + " cannot be read")
}

// PrintConnections prints one line a connection.
func PrintConnections(w io.Writer, list []Connection, style ui.Style, now time.Time) error {
	t := ui.NewTable(w, style)
	t.Row("connection", "portal", "mode", "last run", "last success", "managed", "problems", "held", "waits for somebody")
	for _, c := range list {
		name := strings.TrimSuffix(filepath.Base(c.Config), filepath.Ext(c.Config))
		if c.Status == nil {
			reason, _, _ := strings.Cut(c.Error, "\n")
			t.Alarm(ui.Safe(name), ui.Safe(c.Portal), "", "", "", "", "", "", ui.Safe(reason))
			continue
		}
		row := append([]string{ui.Safe(name), ui.Safe(c.Portal)}, c.Status.cells(now)...)
		if row[len(row)-1] != "" {
			t.Alarm(row...)
		} else {
			t.Row(row...)
		}
	}
	return t.Flush()
}

// cells are a status in short: mode, last run, last success, managed, problems, held, and
// what waits for somebody.
func (d *Status) cells(now time.Time) []string {
	run, success := "none", "never"
	if r := d.LastRun; r != nil {
		run = ui.Age(r.Ended, now) + ", exit " + strconv.Itoa(r.ExitCode)
	}
	if d.LastSuccess != nil {
		success = ui.Age(*d.LastSuccess, now)
	}
	var waits []string
	if d.Quarantine != nil {
		waits = append(waits, "quarantine of "+ui.Safe(d.Quarantine.System))
	}
	if d.Overdue > 0 {
		waits = append(waits, ui.Number(d.Overdue, "overdue removal"))
	}
	for _, w := range d.Guard.Approvals {
		if w.Approved == nil {
			waits = append(waits, "approve "+ui.Safe(w.Hash))
		}
	}
	return []string{ui.Safe(d.Mode), run, success, strconv.Itoa(d.Managed), strconv.Itoa(d.Problems), strconv.Itoa(d.Held),
		strings.Join(waits, ", ")}
}
