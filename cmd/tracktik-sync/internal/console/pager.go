package console

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// defaultPager leaves what fits on the screen, keeps colours, and leaves the text behind.
const defaultPager = "less -FRX"

// paged shows what write prints page by page where it is longer than the screen.
func (t *Terminal) paged(write func(io.Writer) error) error {
	pager := strings.Fields(cmp.Or(t.Pager, defaultPager))
	if !t.Pages || !t.OutTerminal || t.screen().Height <= 0 || len(pager) == 0 || pager[0] == "cat" {
		return write(t.Stdout)
	}
	p := &pagingWriter{out: t.Stdout, command: pager, rows: t.screen().Height - 1}
	err := write(p)
	return errors.Join(err, p.end())
}

// A pagingWriter holds back what fits on the screen, and gives more than that to the pager.
type pagingWriter struct {
	out     io.Writer
	command []string
	rows    int // of the screen, without the prompt
	held    bytes.Buffer
	pager   *exec.Cmd
	pipe    io.WriteCloser
	plain   bool // there is no such pager
}

func (p *pagingWriter) Write(b []byte) (int, error) {
	switch {
	case p.plain:
		return p.out.Write(b)
	case p.pipe != nil:
		return p.pipe.Write(b)
	}
	p.held.Write(b)
	if bytes.Count(p.held.Bytes(), []byte{'\n'}) <= p.rows {
		return len(b), nil
	}
	if err := p.start(); err != nil {
		p.plain = true
		_, err := p.out.Write(p.held.Bytes())
		return len(b), err
	}
	_, err := p.pipe.Write(p.held.Bytes())
	return len(b), err
}

func (p *pagingWriter) start() error {
	p.pager = exec.Command(p.command[0], p.command[1:]...) //nolint:noctx // whoever reads ends it
	p.pager.Stdout, p.pager.Stderr = p.out, os.Stderr
	p.pager.Env = os.Environ()
	if os.Getenv("LESS") == "" {
		p.pager.Env = append(p.pager.Env, "LESS=FRX")
	}
	pipe, err := p.pager.StdinPipe()
	if err != nil {
		return err
	}
	if err := p.pager.Start(); err != nil {
		return err
	}
	p.pipe = pipe
	return nil
}

// end waits until the reader has seen enough. How the pager ended is no matter of ours.
func (p *pagingWriter) end() error {
	switch {
	case p.plain:
		return nil
	case p.pipe == nil:
		_, err := p.out.Write(p.held.Bytes())
		return err
	}
	err := p.pipe.Close()
	_ = p.pager.Wait()
	if errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
