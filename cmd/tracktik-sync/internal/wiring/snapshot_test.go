package wiring

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// callWithSnapshot is a call of the program with a snapshot.
func callWithSnapshot(t *testing.T) (*Invocation, *configs.Config) {
	t.Helper()
	i, cfg := &Invocation{Now: time.Now, Getenv: os.Getenv, Log: logrus.New()}, wiringtest.Load(t, Checks)
	i.Log.SetOutput(io.Discard)
	db, err := i.Create(cfg)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return i, cfg
}

func TestARunCanBeginBesideAPlan(t *testing.T) {
	i, cfg := callWithSnapshot(t)
	planned, done, err := i.OpenPlan(cfg)
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
	i, cfg := callWithSnapshot(t)
	t.Setenv("TMPDIR", "/proc/nowhere")
	db, done, err := i.OpenPlan(cfg)
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
	i, cfg := callWithSnapshot(t)
	reader, err := i.OpenRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	waited := false
	i.Log.AddHook(&onWaiting{func() {
		waited = true
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}})
	db, err := i.OpenWrite(t.Context(), cfg)
	if err != nil || !waited {
		t.Fatalf("waited: %v, %v", waited, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestASignalEndsTheWaitingForThoseWhoLook(t *testing.T) {
	i, cfg := callWithSnapshot(t)
	reader, err := i.OpenRead(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var locked *state.LockedError
	if _, err := i.OpenWrite(ctx, cfg); !errors.As(err, &locked) || !locked.Readers {
		t.Error(err)
	}
}

func TestACopyForAPlanGoesWithIt(t *testing.T) {
	i, cfg := callWithSnapshot(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	_, done, err := i.OpenPlan(cfg)
	if err := errors.Join(err, done()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}
