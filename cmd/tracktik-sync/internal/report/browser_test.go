package report

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A browser is a headless Chromium that shows one page after the other.
type browser struct {
	testing.TB
	ctx context.Context

	mu    sync.Mutex
	heard []string // what the console said, and what the page's policy forbade
}

// newBrowser starts one with a profile of its own, or skips the test.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes some seconds")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium to look at the page with: apt-get install -y chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(end)
	b := &browser{TB: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	tell(b, log.Enable, cdp.Empty{})
	return b
}

// tell gives the browser a command of its protocol.
func tell[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.Fatal(err)
	}
}

// ask runs one action and returns its value.
func ask[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

func (b *browser) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		text = e.Entry.Level.String() + ": " + e.Entry.Text
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		text = "console." + e.Type.String()
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = append(b.heard, text)
}

// open shows a page at a width, as a phone where it is narrow.
func (b *browser) open(path string, width int64) {
	b.Helper()
	tell(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 1200, DeviceScaleFactor: 1, Mobile: width < 600})
	ask(b, chromedp.Navigate("file://"+path))
}

// prefer sets light or dark, and paper or screen.
func (b *browser) prefer(scheme, medium string) {
	b.Helper()
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

func (b *browser) number(script string) int {
	b.Helper()
	return ask(b, chromedp.Evaluate[int](script))
}

func (b *browser) text(script string) string {
	b.Helper()
	return ask(b, chromedp.Evaluate[string](script))
}

// rows counts the entries that are shown.
func (b *browser) rows() int {
	b.Helper()
	return b.number(`document.querySelectorAll("[data-row]:not([hidden])").length`)
}

// wantQuiet wants nothing on the console.
func (b *browser) wantQuiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.heard) > 0 {
		b.Errorf("the console says %q", b.heard)
	}
	b.heard = nil
}

// wantFitting wants nothing to be wider than the window.
func (b *browser) wantFitting(width int) {
	b.Helper()
	if n := b.number(`document.documentElement.scrollWidth`); n > width {
		who := b.text(`Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > ` + strconv.Itoa(width) + `).map(e => e.tagName + "." + e.className).slice(0, 5).join(" ")`)
		b.Errorf("the page is %d wide in a window of %d: %s", n, width, who)
	}
}

// save keeps a picture where REPORT_SHOTS names a directory.
func (b *browser) save(name string) {
	b.Helper()
	dir := os.Getenv("REPORT_SHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), ask(b, chromedp.CaptureScreenshot()), 0o600); err != nil {
		b.Fatal(err)
	}
}

func written(t *testing.T, r *Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(render(t, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// long has values that a layout can break on.
func long() *Report {
	r := poisoned(strings.Repeat("unbreakable", 40))
	r.File = ""
	return r
}

func TestABrowserShowsThePageAtAnyWidth(t *testing.T) {
	b := newBrowser(t)
	for name, r := range map[string]*Report{"run": sample(), "plan": aPlan(), "hostile": poisoned(hostile[0]), "long": long(), "many": many(4000)} {
		path := written(t, r)
		for device, width := range map[string]int{"phone": 390, "desk": 1280} {
			for _, scheme := range []string{"light", "dark"} {
				b.prefer(scheme, "")
				b.open(path, int64(width))
				b.wantFitting(width)
				b.wantQuiet()
				b.save(name + "-" + device + "-" + scheme)
			}
		}
		if name == "run" && b.number(`document.querySelectorAll("svg rect").length`) < 100 {
			t.Error("the charts are missing")
		}
	}
}

func TestTheSearchFindsPeopleAndHidesTheOthers(t *testing.T) {
	b := newBrowser(t)
	b.open(written(t, sample()), 1280)
	all := b.rows()
	ask(b, chromedp.SendKeys(chromedp.CSS("#search"), "ANA senior"))
	if n := b.rows(); n != 1 {
		t.Errorf("%d entries are shown for one person", n)
	}
	if said := b.text(`document.getElementById("found").textContent`); !strings.HasPrefix(said, "1 of ") {
		t.Errorf("it says %q", said)
	}
	if n := b.number(`Array.from(document.querySelectorAll("details[data-list]")).filter(e => !e.hidden).length`); n != 1 {
		t.Errorf("%d lists are shown for one person", n)
	}
	b.number(`(() => { const s = document.getElementById("search"); s.value = ""; s.dispatchEvent(new Event("input")); return 0; })()`)
	if n := b.rows(); n != all {
		t.Errorf("%d of %d entries come back", n, all)
	}
	b.wantQuiet()
}

func TestThePageWorksWithoutItsScript(t *testing.T) {
	b := newBrowser(t)
	tell(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open(written(t, sample()), 1280)
	if n := b.rows(); n < 6 {
		t.Errorf("%d entries are shown", n)
	}
	if n := b.number(`document.querySelector("#search").getClientRects().length`); n != 0 {
		t.Error("a search box that does nothing is shown")
	}
}

func TestThePageCanBePrinted(t *testing.T) {
	b := newBrowser(t)
	b.prefer("dark", "print")
	b.open(written(t, sample()), 1280)
	if got := b.text(`getComputedStyle(document.body).backgroundColor + " " + getComputedStyle(document.querySelector(".search")).display`); got != "rgb(255, 255, 255) none" {
		t.Errorf("on paper it is %s", got)
	}
	if pdf := ask(b, chromedp.PrintToPDF()); len(pdf) < 1000 {
		t.Errorf("the paper has %d bytes", len(pdf))
	}
}

func TestNoHostileValueRuns(t *testing.T) {
	b := newBrowser(t)
	for _, value := range []string{`<script>window.ran = 1</script>`, `"><svg onload="window.ran = 1">`, `</script><script>window.ran = 1</script>`, `<img src=x onerror="window.ran = 1">`} {
		b.open(written(t, poisoned(value)), 1280)
		if b.number(`window.ran || 0`) != 0 {
			t.Errorf("%q ran", value)
		}
		if !strings.Contains(b.text(`document.querySelector("main").textContent`), value) {
			t.Errorf("the page does not show %q", value)
		}
		b.wantQuiet()
	}
}
