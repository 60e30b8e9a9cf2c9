package control

import (
	"embed"
	"net/http"
)

//go:embed page/index.html page/page.css page/page.js
var pageFiles embed.FS

// pagePolicy lets the page load its own files and nothing else: names in it are
// hostile.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// servePage serves the page, whose texts are all set by page.js as text, never as
// HTML.
func (c *Control) servePage(mux *http.ServeMux) {
	for path, file := range map[string]string{"GET /{$}": "page/index.html", "GET /page.css": "page/page.css", "GET /page.js": "page/page.js"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", pagePolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, pageFiles, file)
		})
	}
}
