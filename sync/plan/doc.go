// Package plan decides what must change in TrackTik. It is pure: no clock, no
// I/O, no logging, so every decision can be tested as a table of values.
package plan
