package configs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// ParseDuration reads what [time.ParseDuration] reads and, before it, whole weeks
// and days: "400d", "1w2d", "1d12h". A day is 24 hours. Negative spans and bare
// numbers other than 0 are errors.
func ParseDuration(text string) (time.Duration, error) {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return 0, errors.New("is empty; write a number and a unit, such as 30s, 15m, 24h or 400d")
	}
	var total time.Duration
	for _, unit := range []struct {
		suffix string
		length time.Duration
	}{{"w", week}, {"d", day}} {
		digits, after, found := strings.Cut(rest, unit.suffix)
		if !found {
			continue
		}
		count, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || count < 0 || count > int64((math.MaxInt64-total)/unit.length) {
			return 0, notADuration(text)
		}
		total += time.Duration(count) * unit.length
		rest = after
	}
	if rest == "" {
		return total, nil
	}
	clock, err := time.ParseDuration(rest)
	if err != nil || clock < 0 || clock > math.MaxInt64-total {
		return 0, notADuration(text)
	}
	return total + clock, nil
}

func notADuration(text string) error {
	what := "is not a span of time"
	if _, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
		what = "has no unit"
	}
	if strings.HasPrefix(strings.TrimSpace(text), "-") {
		what = "is negative"
	}
	return fmt.Errorf("%q %s; write for example 30s, 15m, 24h or 400d", text, what)
}

// FormatDuration writes d the way people write it in the file: "400d", "24h",
// "1h30m", "0s". [ParseDuration] reads it back.
func FormatDuration(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
