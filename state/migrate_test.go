package state

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

func setSchema(t testing.TB, path string, version uint64) {
	raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keySchema, be64(version)) })
}

func TestNewerSnapshotIsRefusedWithAWayOut(t *testing.T) {
	db := create(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	setSchema(t, db.Path(), 3)
	for _, readOnly := range []bool{false, true} {
		_, err := Open(db.Path(), Options{ReadOnly: readOnly})
		if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "has schema 3, and this program knows 2: use the program that wrote it") {
			t.Errorf("read only %v: %v", readOnly, err)
		}
	}
	if _, err := Verify(db.Path(), Options{}); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("Verify: %v", err)
	}
	setSchema(t, db.Path(), 2)
}

// rename is a step that changes what is in the file.
func rename(tx *bbolt.Tx, c codec) error {
	l, found, err := record[plan.Link](tx, c, bucketPeople, []byte("00u1"))
	if err != nil || !found {
		return err
	}
	l.Login = "migrated"
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketPeople).Put([]byte("00u1"), c.seal(bucketPeople, []byte("00u1"), content))
}

func TestOlderSnapshotIsBroughtUpToDateWithACopyBeside(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	steps := append(slices.Clone(migrations), rename)
	if _, err := open(db.Path(), Options{ReadOnly: true}, steps); !errors.Is(err, ErrOlderSchema) || !strings.Contains(err.Error(), "the next `sync`") {
		t.Errorf("a reader: %v", err)
	}
	failing := errors.New("cannot")
	_, err := open(db.Path(), Options{}, append(steps, func(*bbolt.Tx, codec) error { return failing }))
	if !errors.Is(err, failing) || !strings.Contains(err.Error(), "from schema 2 to 4") {
		t.Errorf("a step that fails: %v", err)
	}
	reader := mustOpen(t, db.Path(), Options{ReadOnly: true})
	if l, _, err := reader.Link("00u1"); err != nil || l.Login == "migrated" {
		t.Errorf("half of it was done: %s %v", l.Login, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	func() {
		newer, err := open(db.Path(), Options{Now: clock}, steps)
		if err != nil {
			t.Fatal(err)
		}
		defer newer.Close()
		if l, _, err := newer.Link("00u1"); err != nil || l.Login != "migrated" {
			t.Errorf("it has %s %v", l.Login, err)
		}
	}()
	if _, err := Open(db.Path(), Options{}); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("the old program: %v", err)
	}
	old := mustOpen(t, db.Path()+".schema-2", Options{ReadOnly: true})
	if l, _, err := old.Link("00u1"); err != nil || l.Login != "00u1@acme.example" {
		t.Errorf("the copy has %s %v", l.Login, err)
	}
	setSchema(t, db.Path(), 2)
}

func TestBucketThatALaterProgramAddedIsMade(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, db.Path(), func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketTroubles) })
	reader := mustOpen(t, db.Path(), Options{ReadOnly: true})
	if troubles, err := reader.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("a reader finds %v %v", troubles, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	commit(t, mustOpen(t, db.Path(), Options{}), plan.Batch{Troubles: []plan.Trouble{{Person: "00u1"}}})
}

// TestSnapshotsOfEverySchemaStayReadable opens files that the first program of a schema
// wrote: what fill commits, of schema 2 written anew. Those of the last schema are made by
// -update, which only a new one may need.
func TestSnapshotsOfEverySchemaStayReadable(t *testing.T) {
	for name, key := range map[string][]byte{"schema1": nil, "schema1-encrypted": secret, "schema2": nil, "schema2-encrypted": secret} {
		t.Run(name, func(t *testing.T) {
			fixture := filepath.Join("testdata", name+".db.gz")
			fresh := createUnder(t, key)
			fill(t, fresh)
			want := must[*dump](t)(dumpOf(fresh, "00g1", "00g2"))
			if *update && strings.HasPrefix(name, fmt.Sprint("schema", len(migrations)+1)) {
				pack(t, compacted(t, fresh, key), fixture)
			}
			path := filepath.Join(t.TempDir(), "s.db")
			unpack(t, fixture, path)
			opened := mustOpen(t, path, Options{Key: key})
			old := strings.HasPrefix(name, "schema1")
			if old {
				want.Census = plan.Census{}   // an addition, too
				want.Events = plan.EventLog{} // an addition that the first program did not know
			}
			if _, err := os.Stat(path + ".schema-1"); (err == nil) != old {
				t.Errorf("the file as it was: %v", err)
			}
			for again := range 2 {
				if got := must[*dump](t)(dumpOf(opened, "00g1", "00g2")); !cmp.Equal(got, want) {
					t.Error(cmp.Diff(want, got))
				}
				if owners, err := opened.OwnersOfUsername("00u1@acme.example"); err != nil || len(owners) != 1 {
					t.Errorf("the name belongs to %v %v", owners, err)
				}
				if old && again == 0 {
					opened = compacted(t, opened, key)
				}
			}
			commit(t, opened, plan.Batch{Links: []plan.Link{link("00u50", 50)}})
			check(t, opened)
		})
	}
}

// compacted closes a snapshot that is written anew, however small, and opens it again.
func compacted(t *testing.T, db *DB, key []byte) *DB {
	t.Helper()
	from, to, err := db.compact(t.Context(), 0)
	if err := errors.Join(err, db.Close()); err != nil || from == 0 || to == 0 {
		t.Fatalf("from %d to %d bytes: %v", from, to, err)
	}
	if findings, err := Verify(db.Path(), Options{Key: key}); err != nil || len(findings) > 0 {
		t.Fatalf("%v %v", findings, err)
	}
	return mustOpen(t, db.Path(), Options{Key: key, Now: clock})
}

func pack(t *testing.T, db *DB, name string) {
	t.Helper()
	backup := filepath.Join(t.TempDir(), "b.db")
	if err := errors.Join(db.Backup(backup), os.MkdirAll(filepath.Dir(name), 0o755)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := gzip.NewWriter(f)
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, name, path string) {
	t.Helper()
	in, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, os.WriteFile(path, data, private)); err != nil {
		t.Fatal(err)
	}
	if native.Uint32(data[pageHeader:]) != boltMagic {
		t.Skip("the file is of a machine with the other byte order")
	}
}

// Whoever makes a new schema keeps a file of it, before the next one is thought of.
func TestEverySchemaHasItsFixtures(t *testing.T) {
	for before := range len(migrations) + 1 {
		for _, kind := range []string{"", "-encrypted"} {
			if _, err := os.Stat(fmt.Sprintf("testdata/schema%d%s.db.gz", before+1, kind)); err != nil {
				t.Error(err)
			}
		}
	}
}
