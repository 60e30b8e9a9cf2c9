package state

// giveToDirectorysOwner does nothing: files inherit their rights from the directory.
func giveToDirectorysOwner(string) error { return nil }
