package configs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseScalar turns text into the Go value of kind k. Numbers may stand in quotes,
// as they do when another program fills in the file.
func parseScalar(k kind, text string) (any, error) {
	switch k {
	case kindFlag:
		return parseFlag(text)
	case kindInteger:
		number, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s, and must be a whole number", quoteOrEmpty(text))
		}
		return number, nil
	case kindNumber:
		number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return nil, fmt.Errorf("%s, and must be a number", quoteOrEmpty(text))
		}
		return number, nil
	case kindDuration:
		return ParseDuration(text)
	case kindSecret: // whose form decides what is part of it
		return text, nil
	}
	return strings.TrimFunc(text, isAround), nil
}

// parseFlag reads the words for true and false that YAML 1.1, YAML 1.2 and shell
// scripts use.
func parseFlag(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	case "":
		return false, errors.New("is empty, and must be true or false")
	}
	return false, fmt.Errorf("is %s, and must be true or false", quote(text))
}

func quoteOrEmpty(text string) string {
	if strings.TrimSpace(text) == "" {
		return "is empty"
	}
	return "is " + quote(text)
}

// quote shows a value in a message, cut short.
func quote(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strconv.Quote(text)
}
