package ui

// A Style colours text, or leaves it alone.
type Style bool

// The two styles.
const (
	Plain  Style = false
	Colour Style = true
)

func (s Style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold is for headings.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Faint is for what is of less weight.
func (s Style) Faint(text string) string { return s.paint("2", text) }

// Good is for what is added.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Changed is for what is changed.
func (s Style) Changed(text string) string { return s.paint("33", text) }

// Bad is for what is taken away, refused or wrong.
func (s Style) Bad(text string) string { return s.paint("31", text) }

// Alarm is for what somebody must see before anything else.
func (s Style) Alarm(text string) string { return s.paint("1;31", text) }

// Ended colours how a run ended, by its exit code.
func (s Style) Ended(code int, text string) string {
	switch code {
	case 0:
		return s.Good(text)
	case 4: // some persons have problems
		return s.Changed(text)
	}
	return s.Bad(text)
}

// Some colours a count that is worth a look.
func (s Style) Some(n int, text string) string {
	if n == 0 {
		return text
	}
	return s.Changed(text)
}
