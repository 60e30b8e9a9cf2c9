package configs

import (
	"testing"

	"golang.org/x/sys/windows"
)

// TestTheAccessListSaysWhoElseMayRead: where mode bits say nothing.
func TestTheAccessListSaysWhoElseMayRead(t *testing.T) {
	for list, want := range map[string]string{
		"D:P(A;;FA;;;WD)":               "Everyone",
		"D:P(A;;FR;;;BU)(A;;FR;;;AU)":   "Authenticated Users, Users",
		"D:P(A;;FA;;;SY)(A;;FA;;;BA)":   "",
		"D:P(A;OIIO;FA;;;WD)":           "", // of what is made below it, not of itself
		"D:P(D;;FR;;;WD)(A;;FA;;;SY)":   "",
		"D:P(A;;0x100080;;;WD)":         "", // may see that it is there
		"D:P(A;;GR;;;WD)(A;;FA;;;SY)":   "Everyone",
		"D:P(A;;FA;;;SY)(A;ID;FR;;;BU)": "Users",
	} {
		rights, err := windows.SecurityDescriptorFromString(list)
		if err != nil {
			t.Fatal(list, err)
		}
		dacl, _, err := rights.DACL()
		if err != nil {
			t.Fatal(list, err)
		}
		if who := crowdsOf(dacl); who != want {
			t.Errorf("%s: %q may read, want %q", list, who, want)
		}
	}
}
