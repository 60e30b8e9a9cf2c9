package console

import (
	"bytes"
	"io"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// laid makes write lay its lines out for a screen.
func laid(screen ui.Screen, write func(io.Writer) error) func(io.Writer) error {
	if screen == (ui.Screen{}) {
		return write
	}
	return func(w io.Writer) error {
		l := &layingWriter{screen: screen, w: w}
		if err := write(l); err != nil {
			return err
		}
		return l.end()
	}
}

// A layingWriter passes on whole lines.
type layingWriter struct {
	screen ui.Screen
	w      io.Writer
	rest   bytes.Buffer // a line that has not ended
}

func (l *layingWriter) Write(p []byte) (int, error) {
	l.rest.Write(p)
	for {
		at := bytes.IndexByte(l.rest.Bytes(), '\n')
		if at < 0 {
			return len(p), nil
		}
		line := string(l.rest.Next(at + 1)[:at])
		if _, err := io.WriteString(l.w, l.screen.Lay(line)+"\n"); err != nil {
			return 0, err
		}
	}
}

// end passes on what is left.
func (l *layingWriter) end() error {
	_, err := io.WriteString(l.w, l.screen.Lay(l.rest.String()))
	l.rest.Reset()
	return err
}
