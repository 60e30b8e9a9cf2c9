// Package ui shows plans, results and progress to people. What it prints of the
// two systems is made harmless first: a display name may hold control characters
// that would move the cursor, colour the screen or turn the direction of a line.
package ui
