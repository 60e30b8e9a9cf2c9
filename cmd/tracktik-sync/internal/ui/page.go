package ui

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
)

// SearchScript is the script of pages: it finds rows by words, and opens what is folded.
//
//go:embed search.js
var SearchScript string

// PageRules allow a page its own style and the search, and nothing else: the content of
// Content-Security-Policy.
func PageRules() string {
	sum := sha256.Sum256([]byte(SearchScript))
	return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

func searchCode() template.JS { return template.JS(SearchScript) } //nolint:gosec // it is our own file
