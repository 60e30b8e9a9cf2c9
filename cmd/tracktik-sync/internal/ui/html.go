package ui

import _ "embed"

// styleText is the style of pages, as a template of its own.
//
//go:embed style.html
var styleText string
