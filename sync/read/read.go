// Package read asks the two systems, and says how far their answers are to be believed.
// It writes nothing and decides nothing.
package read

// Lookers is how many look-ups go on at one time.
const Lookers = 4

// A BrokenListing is a listing that a direct look-up contradicts.
type BrokenListing struct {
	What string // which listing lacks whom
}

func (e *BrokenListing) Error() string {
	return e.What + ": the listing cannot be believed, and nothing is written; try again, and check the rights of the account that reads"
}
