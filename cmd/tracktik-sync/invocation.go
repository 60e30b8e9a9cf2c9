package main

import (
	"context"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/term"

	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
)

// An invocation is what one call of the program works with: its version and command,
// clock and environment, and the log.
type invocation struct {
	version   string
	file      string     // of the configuration; empty: where it is looked for without --config
	command   string     // "sync", "state init"
	scheduled *time.Time // when `run` syncs next; nil: it is not `run`

	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	getenv func(string) string

	console  *console       // nil: whoever reads a message can give its commands here
	progress tsync.Progress // nil: no terminal to show it on
	log      *logrus.Logger
	logging  logging
	runField runField
}

// configuration reads the configuration and sets up the log as it says. The configuration
// comes with an error too, as far as there is one.
func (i *invocation) configuration() (*configs.Config, []configs.Warning, error) {
	cfg, warnings, err := configs.Load(configs.Options{Path: i.file, Checks: checks})
	if cfg != nil {
		i.setUpLog(cfg.Log)
	}
	return cfg, warnings, err
}

func (i *invocation) userAgent() string { return "tracktik-sync/" + i.version }

// sleep waits; it returns early, with the context's error, when that ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// by says who runs this, for the audit trail: "ops@worker-1 (timer)". What a daemon does
// nobody started by hand: schedule.cron did.
func (i *invocation) by() string {
	why := trigger(i.getenv)
	if i.scheduled != nil && why == "manual" {
		why = "cron"
	}
	return userName(i.getenv) + "@" + hostName() + " (" + why + ")"
}

// userName does without a user database, which a container may not have.
func userName(getenv func(string) string) string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	if name := getenv("USER"); name != "" {
		return name
	}
	return "uid" + strconv.Itoa(os.Getuid())
}

func hostName() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "unknown"
}

// inPod reports whether this is a container in a cluster: Kubernetes sets the
// variable in each of its pods.
func inPod(getenv func(string) string) bool { return getenv("KUBERNETES_SERVICE_HOST") != "" }

// trigger is what started the program. systemd sets INVOCATION_ID for its units.
func trigger(getenv func(string) string) string {
	switch {
	case inPod(getenv):
		return "pod"
	case term.IsTerminal(int(os.Stdin.Fd())):
		return "manual"
	case getenv("INVOCATION_ID") != "":
		return "timer"
	case belowCron(os.Getppid()):
		return "cron"
	}
	return "manual"
}

// belowCron reports whether a process or one of its next ancestors is a cron
// daemon; between the two there mostly is a shell.
func belowCron(pid int) bool {
	for range 4 {
		name, parent := process(pid)
		if strings.Contains(name, "cron") {
			return true
		}
		if parent <= 1 {
			return false
		}
		pid = parent
	}
	return false
}

// process is the name and the parent of a process; nothing where there is no
// /proc. Its stat line is "pid (name) state parent …", and name may hold anything.
func process(pid int) (name string, parent int) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	_, after, _ := strings.Cut(string(data), "(")
	end := strings.LastIndexByte(after, ')')
	if end < 0 {
		return "", 0
	}
	if fields := strings.Fields(after[end+1:]); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1]) // 0 ends the search
	}
	return after[:end], parent
}
