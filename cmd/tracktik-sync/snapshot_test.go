package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// snapshotApp is an app with a snapshot.
func snapshotApp(t *testing.T) (*app, *configs.Config) {
	t.Helper()
	a, cfg := newApp(strings.NewReader(""), io.Discard, io.Discard), load(t)
	db, err := a.create(cfg)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return a, cfg
}

func TestARunCanBeginBesideAPlan(t *testing.T) {
	a, cfg := snapshotApp(t)
	planned, done, err := a.openPlan(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Open(cfg.State.Path, state.Options{}) // which waits for nobody
	if err != nil {
		t.Fatal("a plan keeps a run from beginning:", err)
	}
	if _, err := planned.Meta(); err != nil {
		t.Error("the plan lost its snapshot:", err)
	}
	if err := errors.Join(db.Close(), done()); err != nil {
		t.Error(err)
	}
}

// TestAPlanNeedsNoRoomForACopy: then it is made with the snapshot itself.
func TestAPlanNeedsNoRoomForACopy(t *testing.T) {
	a, cfg := snapshotApp(t)
	t.Setenv("TMPDIR", "/proc/nowhere")
	db, done, err := a.openPlan(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Meta(); err != nil {
		t.Error(err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}

// onWaiting calls do when a line is logged, once.
type onWaiting struct{ do func() }

func (*onWaiting) Levels() []logrus.Level { return logrus.AllLevels }

func (w *onWaiting) Fire(*logrus.Entry) error {
	if w.do != nil {
		w.do()
	}
	w.do = nil
	return nil
}

func TestARunWaitsForThoseWhoLook(t *testing.T) {
	a, cfg := snapshotApp(t)
	reader, err := a.openRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	waited := false
	a.log.AddHook(&onWaiting{func() {
		waited = true
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}})
	db, err := a.openWrite(t.Context(), cfg)
	if err != nil || !waited {
		t.Fatalf("waited: %v, %v", waited, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestASignalEndsTheWaitingForThoseWhoLook(t *testing.T) {
	a, cfg := snapshotApp(t)
	reader, err := a.openRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var locked *state.LockedError
	if _, err := a.openWrite(ctx, cfg); !errors.As(err, &locked) || !locked.Readers {
		t.Error(err)
	}
}

func TestACopyForAPlanGoesWithIt(t *testing.T) {
	a, cfg := snapshotApp(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	_, done, err := a.openPlan(cfg)
	if err := errors.Join(err, done()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// TestAPagerKeepsNoRunWaiting: what is read is read before the first of it is shown.
func TestAPagerKeepsNoRunWaiting(t *testing.T) {
	a, cfg := snapshotApp(t)
	db, err := a.openRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a long history\n", 10_000)
	var shown strings.Builder
	a.stdout = writerFunc(func(p []byte) (int, error) {
		other, err := state.Open(cfg.State.Path, state.Options{})
		if err != nil {
			t.Error("a run cannot begin:", err)
		} else if err := other.Close(); err != nil {
			t.Error(err)
		}
		return shown.Write(p)
	})
	if err := a.aside(db, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil || shown.String() != text {
		t.Errorf("%d of %d bytes are shown (%v)", shown.Len(), len(text), err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
