package mapping_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

var trackTikLanguages = strings.Fields("EN_US FR FR-BE FR-FR RO ES ES-ES ES-UY DE DE-AT NL NL-BE PT SV ZH-CN ZH-HK TH-TH SR-RS IT-IT TR-TR CS-CZ HU-HU AR-SA ID-ID VI-VN KO-KR DA-DK FI-FI PL-PL NO-NO JA-JP")

func languageOf(t *testing.T, spelling string) string {
	t.Helper()
	r := mapDefault(t, anaWith(map[string]any{"preferredLanguage": spelling}))
	if len(r.Warnings) == 0 {
		wantFine(t, r)
	} else {
		wantLeftOut(t, r, plan.Language, plan.WarningUnknownLanguage, "language", "user.preferredLanguage")
	}
	return r.Wanted.Values[plan.Language]
}

func TestEveryTrackTikLanguageIsItself(t *testing.T) {
	for _, want := range trackTikLanguages {
		dashed := strings.ReplaceAll(want, "_", "-")
		scored := strings.ReplaceAll(want, "-", "_")
		language, region, _ := strings.Cut(dashed, "-")
		for _, spelling := range []string{
			want, dashed, scored, strings.ToLower(want), strings.ToLower(scored), strings.ToLower(language) + "-" + region,
			" " + want + " ", strings.ToLower(language) + strings.TrimSuffix("_"+region, "_") + ".UTF-8",
		} {
			if got := languageOf(t, spelling); got != want {
				t.Errorf("%q gives %q, want %q", spelling, got, want)
			}
		}
	}
}

func TestUsualSpellingsGiveTheNearestLanguage(t *testing.T) {
	for spelling, want := range map[string]string{
		"en": "EN_US", "en-US": "EN_US", "en_us": "EN_US", "en-GB": "EN_US", "en-CA": "EN_US", "eng": "EN_US", "EN": "EN_US", "en-Latn-US": "EN_US",
		"fr": "FR", "fr_CA": "FR", "fr-CA": "FR", "fr-CH": "FR", "fr-be": "FR-BE", "fr_FR": "FR-FR", "fra": "FR", "fre": "FR", "fr-Latn-BE": "FR-BE",
		"es-MX": "ES", "es-419": "ES", "es_es": "ES-ES", "es-uy": "ES-UY", "spa": "ES",
		"de-CH": "DE", "de_AT": "DE-AT", "de-DE": "DE", "ger": "DE", "de_AT@euro": "DE-AT", "de-1996": "DE",
		"nl-NL": "NL", "nl_BE": "NL-BE", "pt-BR": "PT", "pt_PT": "PT", "sv-SE": "SV", "ro-RO": "RO", "ro-MD": "RO", "mo": "RO",
		"zh": "ZH-CN", "zh-Hans": "ZH-CN", "zh-Hans-SG": "ZH-CN", "zh-SG": "ZH-CN", "zh_CN": "ZH-CN", "zh-Hans-HK": "ZH-CN", "cmn": "ZH-CN", "ZH-HANS": "ZH-CN",
		"zh-TW": "ZH-HK", "zh-Hant": "ZH-HK", "zh-Hant-TW": "ZH-HK", "zh-MO": "ZH-HK", "zh_HK": "ZH-HK", "yue": "ZH-HK", "cmn-Hant": "ZH-HK",
		"no": "NO-NO", "nb": "NO-NO", "nb-NO": "NO-NO", "nn": "NO-NO", "nn_NO": "NO-NO", "no-NO-NY": "NO-NO",
		"sr": "SR-RS", "sr-Latn": "SR-RS", "sr-Latn-RS": "SR-RS", "sr-Cyrl-BA": "SR-RS", "sh": "SR-RS",
		"it": "IT-IT", "it-CH": "IT-IT", "tr": "TR-TR", "cs": "CS-CZ", "hu": "HU-HU", "ar": "AR-SA", "ar-EG": "AR-SA", "id": "ID-ID", "in": "ID-ID", "in_ID": "ID-ID",
		"vi": "VI-VN", "ko": "KO-KR", "ko-KP": "KO-KR", "da": "DA-DK", "fi": "FI-FI", "pl": "PL-PL", "ja": "JA-JP", "th": "TH-TH",
		"en-US,en;q=0.9,fr;q=0.8": "EN_US", "uk, fr-CA;q=0.8": "FR",
	} {
		if got := languageOf(t, spelling); got != want {
			t.Errorf("%q gives %q, want %q", spelling, got, want)
		}
	}
}

func TestLanguageThatCannotBeMappedIsAWarning(t *testing.T) {
	for _, spelling := range []string{
		"uk", "uk-UA", "hi", "he", "hr-HR", "bs", "ms", "tlh", "und", "und-US", "zz", "*", "C", "POSIX", "English", "Français", "x-klingon", "US",
		"1", "en us a", ",;q=1", "=cmd()", strings.Repeat("e", 200), strings.Repeat("uk,", 80),
	} {
		if got := languageOf(t, spelling); got != "" {
			t.Errorf("%q gives %q, want nothing", spelling, got)
		}
	}
}
