package tracktiktest

import "iter"

// pieces finds employees by any part of a text, without regard to case: under each piece
// of partLength bytes the ids of those in whose text it stands, or ever stood. Whoever asks
// tests what is found.
type pieces struct{ buckets [][]int64 }

const (
	partLength = 5
	partSpread = 1 << 16
)

func (x *pieces) put(text string, id int64) {
	if x.buckets == nil {
		x.buckets = make([][]int64, partSpread)
	}
	for b := range piecesOf(fold(text)) {
		if last := len(x.buckets[b]) - 1; last < 0 || x.buckets[b][last] != id {
			x.buckets[b] = append(x.buckets[b], id)
		}
	}
}

// find returns the ids under the rarest piece of a part; known is false for a part that is
// shorter than a piece.
func (x *pieces) find(part string) (ids []int64, known bool) {
	for b := range piecesOf(fold(part)) {
		if x.buckets == nil {
			return nil, true
		}
		if !known || len(x.buckets[b]) < len(ids) {
			ids, known = x.buckets[b], true
		}
	}
	return ids, known
}

// piecesOf are the buckets of a text's pieces.
func piecesOf(text string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range len(text) - partLength + 1 {
			h := uint32(2166136261) // FNV-1a
			for _, c := range []byte(text[i : i+partLength]) {
				h = (h ^ uint32(c)) * 16777619
			}
			if !yield((h ^ h>>16) % partSpread) {
				return
			}
		}
	}
}
