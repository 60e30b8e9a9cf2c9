package mapping

import (
	"strings"

	"golang.org/x/text/language"
)

// allowedLanguages is everything that TrackTik takes, to the letter.
var allowedLanguages = strings.Fields(`EN_US FR FR-BE FR-FR RO ES ES-ES ES-UY DE DE-AT NL NL-BE PT SV ZH-CN ZH-HK TH-TH
	SR-RS IT-IT TR-TR CS-CZ HU-HU AR-SA ID-ID VI-VN KO-KR DA-DK FI-FI PL-PL NO-NO JA-JP`)

// byTag finds an allowed language by its folded tag, and by its language alone:
// the plain one ("FR") where there is one, else the only one ("TH-TH").
var byTag = indexLanguages()

func indexLanguages() map[string]string {
	index := map[string]string{
		"NB": "NO-NO", "NN": "NO-NO", // written forms of Norwegian
		"ZH": "ZH-CN", "YUE": "ZH-HK", // see ofChinese; Cantonese is Hong Kong's
	}
	for _, name := range allowedLanguages {
		tag := foldTag(name)
		index[tag] = name
		if base, _, _ := strings.Cut(tag, "-"); index[base] == "" {
			index[base] = name
		}
	}
	return index
}

// nearestLanguage returns TrackTik's language for a BCP 47 tag, a POSIX locale
// ("fr_CA.UTF-8") or a list of them as in Accept-Language (RFC 7643 says that
// preferredLanguage is one; the order as written counts, not the weights).
func nearestLanguage(text string) (string, bool) {
	for part := range strings.SplitSeq(text, ",") {
		if end := strings.IndexAny(part, ";.@"); end >= 0 {
			part = part[:end]
		}
		part = strings.TrimSpace(part)
		if name := byTag[foldTag(part)]; name != "" {
			return name, true
		}
		if name, ok := ofTag(part); ok {
			return name, true
		}
	}
	return "", false
}

// ofTag knows what is implied: that zh-TW is written in the traditional script,
// that in-ID is Indonesian, that eng is en. What follows a language and makes no
// sense is passed over.
func ofTag(text string) (string, bool) {
	tag, _ := language.Parse(text)
	base, sure := tag.Base()
	if sure != language.Exact {
		return "", false
	}
	code := strings.ToUpper(base.String())
	if code == "ZH" || code == "CMN" {
		return ofChinese(tag), true
	}
	if region, sure := tag.Region(); sure == language.Exact {
		if name := byTag[code+"-"+region.String()]; name != "" {
			return name, true
		}
	}
	name := byTag[code]
	return name, name != ""
}

// ofChinese goes by the script, which is what readers notice.
func ofChinese(tag language.Tag) string {
	if script, _ := tag.Script(); script.String() == "Hant" {
		return "ZH-HK"
	}
	return "ZH-CN"
}

func foldTag(tag string) string { return strings.ToUpper(strings.ReplaceAll(tag, "_", "-")) }
