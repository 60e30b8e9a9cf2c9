package okta

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
)

func TestStatusSaysWhatAnErrorMeans(t *testing.T) {
	for _, c := range []struct {
		status                          int
		code                            string
		credentials, forbidden, refused bool
	}{
		{400, "E0000001", false, false, true},
		{400, "E0000031", false, false, true},
		{401, "E0000011", true, false, false},
		{401, "", true, false, false},
		{403, "E0000005", true, false, false},
		{403, "E0000006", false, true, false},
		{403, "E0000038", false, true, false},
		{404, "E0000007", false, false, true},
		{408, "", false, false, false},
		{429, "E0000047", false, false, false},
		{500, "E0000009", false, false, false},
		{503, "E0000010", false, false, false},
	} {
		e := answered("GET /x", c.status, http.Header{}, []byte(`{"errorCode":"`+c.code+`"}`))
		if e.Credentials() != c.credentials || e.Forbidden() != c.forbidden || e.Refused() != c.refused {
			t.Errorf("%d %s: credentials %v, forbidden %v, refused %v", c.status, c.code, e.Credentials(), e.Forbidden(), e.Refused())
		}
		if e.OutcomeUnknown() || e.Conflict() || e.Broken() {
			t.Errorf("%d %s: a read cannot be of unknown outcome or a conflict, and an answer with an error is not broken", c.status, c.code)
		}
	}
}

func TestErrorTextIsShortPrintableAndOneLine(t *testing.T) {
	long := strings.Repeat("wörter ", 500)
	for _, body := range []string{`{"errorSummary":"a\nb\u001b[31mc"}`, `{"errorSummary":"` + long + `"}`, long, `{"errorSummary":{"a":"\u0000"}}`} {
		header := http.Header{"X-Okta-Request-Id": {"r\x1b1" + strings.Repeat("x", 1000)}}
		text := answered("GET /x", 400, header, []byte(body)).Error()
		if len([]rune(text)) > 400 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("got %q", text)
		}
	}
}

func TestNoErrorOfOursIsAnEOF(t *testing.T) {
	e := network("GET /x", errors.Join(errors.New("read tcp"), io.EOF))
	if errors.Is(e, io.EOF) || !e.retry {
		t.Errorf("got %v, retried %v", e, e.retry)
	}
}

func TestForeign404SaysWhereToLook(t *testing.T) {
	e := answered("GET /x", 404, http.Header{}, []byte("<html>"))
	if e.NotFound() || !strings.Contains(e.Error(), "okta.org_url") {
		t.Errorf("got %v", e)
	}
}
