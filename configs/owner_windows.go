package configs

import (
	"io/fs"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

func isOurs(fs.FileInfo) bool { return true }

// crowds are those of whom everybody who logs in is one.
var crowds = []struct {
	sid  windows.WELL_KNOWN_SID_TYPE
	name string
}{
	{windows.WinWorldSid, "Everyone"}, {windows.WinAuthenticatedUserSid, "Authenticated Users"},
	{windows.WinBuiltinUsersSid, "Users"}, {windows.WinBuiltinGuestsSid, "Guests"},
}

// readers are the others who may read a file, and what to do about it: the mode bits say
// nothing here, so its access list is read. Of one user or group that it names nobody can
// say whether they should be there.
func readers(path string, mode fs.FileMode) (who, remedy string) {
	const remove = "take their rights away with icacls"
	if !mode.IsRegular() {
		return "", ""
	}
	rights, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "its rights cannot be read: " + err.Error(), "look at them with icacls"
	}
	list, _, err := rights.DACL()
	if err != nil || list == nil { // no list: whoever wants
		return "it has no list of rights", remove
	}
	return crowdsOf(list), remove
}

// crowdsOf names the crowds that the list lets read.
func crowdsOf(list *windows.ACL) string {
	var names []string
	for _, crowd := range crowds {
		if mayRead(list, crowd.sid) {
			names = append(names, crowd.name)
		}
	}
	return strings.Join(names, ", ")
}

// mayRead reports whether an entry of the list lets that group read.
func mayRead(list *windows.ACL, group windows.WELL_KNOWN_SID_TYPE) bool {
	const reads = windows.FILE_READ_DATA | windows.GENERIC_READ | windows.GENERIC_ALL
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(list, i, &entry) != nil || entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
		if entry.Header.AceFlags&windows.INHERIT_ONLY_ACE == 0 && entry.Mask&reads != 0 && sid.IsWellKnown(group) {
			return true
		}
	}
	return false
}
