package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"tracktik-sync/cmd/tracktik-sandbox/internal/control"
	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
	"tracktik-sync/okta/oktatest"
)

// A stack is a world that listens.
type stack struct {
	world   *world.World
	control *control.Control

	oktaURL, trackTikURL, adminURL string

	servers []*http.Server
	failed  chan error
}

// start makes the world and lets it listen. It returns when all servers answer. The
// caller closes the stack.
func start(ctx context.Context, o options) (*stack, error) {
	s := &stack{world: world.New(o.world), failed: make(chan error, 3)}
	s.control = control.New(s.world)
	s.world.TrackTik.Limits.PerMinute, s.world.TrackTik.Limits.RetryAfter = o.trackTikRate, true
	if o.oktaLimit > 0 {
		s.world.Okta.RateLimit = map[string]int{}
		for _, bucket := range []string{oktatest.BucketApps, oktatest.BucketApp, oktatest.BucketGroups, oktatest.BucketGroup,
			oktatest.BucketUsers, oktatest.BucketUser, oktatest.BucketLogs, oktatest.BucketOther} {
			s.world.Okta.RateLimit[bucket] = o.oktaLimit
		}
	}
	for _, part := range []struct {
		name, addr string
		handler    http.Handler
		url        *string
	}{
		{"Okta", o.oktaAddr, s.control.Okta(), &s.oktaURL},
		{"TrackTik", o.trackTikAddr, s.control.TrackTik(), &s.trackTikURL},
		{"the control", o.adminAddr, s.control.Admin(), &s.adminURL},
	} {
		if err := s.listen(ctx, part.addr, part.handler, part.url); err != nil {
			s.close()
			return nil, fmt.Errorf("listening for %s on %s: %w", part.name, part.addr, err)
		}
	}
	s.control.SetConfig(s.configuration(o))
	if err := s.answers(ctx); err != nil {
		s.close()
		return nil, err
	}
	s.control.ResetRequests()
	return s, nil
}

func (s *stack) listen(ctx context.Context, addr string, h http.Handler, url *string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	*url = "http://" + reachable(ln.Addr().(*net.TCPAddr))
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	s.servers = append(s.servers, server)
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serving %s: %w", addr, err)
		}
	}()
	return nil
}

// reachable is an address to connect to. One that stands for all is the loopback's.
func reachable(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", addr.Port)
	}
	return addr.String()
}

// answers sees to it that every server does.
func (s *stack) answers(ctx context.Context) error {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}} // no proxy
	defer client.CloseIdleConnections()
	for _, url := range []string{s.oktaURL + "/.well-known/okta-organization", s.trackTikURL + "/rest/v1/", s.adminURL + "/config"} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("waiting for an answer: %w", err)
		}
		_ = answer.Body.Close()
	}
	return nil
}

// close ends what is under way after a second.
func (s *stack) close() {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	for _, server := range s.servers {
		_ = server.Shutdown(ctx)
		_ = server.Close()
	}
}

// serve is the command without a name.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	began := time.Now()
	s, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(stderr, "%d people and %d groups, seed %d, made in %s\n", o.world.People, o.world.Groups, o.world.Seed,
		time.Since(began).Round(10*time.Millisecond))
	fmt.Fprintf(stderr, "  Okta      %s\n  TrackTik  %s\n  web page  %s/\n", s.oktaURL, s.trackTikURL, s.adminURL)
	if err := s.announce(o, stdout, stderr); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// announce hands out the configuration, and then says that all is ready.
func (s *stack) announce(o options, stdout, stderr io.Writer) error {
	config := s.configuration(o)
	if o.writeConfig == "" {
		if _, err := stdout.Write(config); err != nil {
			return fmt.Errorf("printing the configuration: %w", err)
		}
	} else {
		if err := writeWhole(o.writeConfig, config); err != nil {
			return err
		}
		fmt.Fprintf(stderr, "next: tracktik-sync --config %s plan\n", o.writeConfig)
	}
	if o.readyFile == "" {
		return nil
	}
	ready, err := json.Marshal(map[string]any{"okta": s.oktaURL, "tracktik": s.trackTikURL, "admin": s.adminURL,
		"app_id": s.world.AppID, "config": o.writeConfig, "pid": os.Getpid()})
	if err != nil {
		return err
	}
	return writeWhole(o.readyFile, append(ready, '\n'))
}
