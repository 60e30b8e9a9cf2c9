package login

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
)

// OpenBrowser opens address with what the desktop has for that. It fails where there
// is no desktop.
func OpenBrowser(ctx context.Context, address string) error {
	var name string
	args := []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return errors.New("there is no desktop")
		}
		name = "xdg-open"
	}
	cmd := exec.CommandContext(ctx, name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // whatever becomes of the browser: the address is shown as well
	return nil
}
