package state

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

var (
	secret = bytes.Repeat([]byte{7}, 32)
	other  = []byte("a secret of another length")
)

// telling are words of fill that nobody without the key may read.
var telling = []string{"Silva", "acme.example", "Acme", "Airport", "staffr", "refused"}

func wantHidden(t *testing.T, path string, hidden bool) {
	t.Helper()
	data := must[[]byte](t)(os.ReadFile(path))
	for _, word := range telling {
		if bytes.Contains(data, []byte(word)) == hidden {
			t.Errorf("%s says %q: %v", path, word, !hidden)
		}
	}
}

// shut closes db and returns the names beside it and the content of its file.
func shut(t *testing.T, db *DB) ([]string, []byte) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return beside(t, db.Path()), must[[]byte](t)(os.ReadFile(db.Path()))
}

func beside(t *testing.T, path string) (names []string) {
	t.Helper()
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(path))) {
		names = append(names, e.Name())
	}
	return names
}

func TestEncryptedSnapshotTellsNoNames(t *testing.T) {
	plain, db := create(t), createUnder(t, secret)
	fill(t, plain)
	fill(t, db)
	want := must[*dump](t)(dumpOf(plain, "00g1", "00g2"))
	db = reopen(t, db, Options{Key: secret})
	if got := must[*dump](t)(dumpOf(db, "00g1", "00g2")); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	for _, owners := range []func(string) ([]plan.PersonID, error){db.OwnersOfUsername, db.OwnersOfEmail} {
		if got, err := owners("00u7@acme.example"); err != nil || !slices.Equal(got, []plan.PersonID{"00u7"}) {
			t.Errorf("the name belongs to %v %v", got, err)
		}
	}
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00u7"}})
	if got, err := db.OwnersOfUsername("00u7@acme.example"); err != nil || len(got) > 0 {
		t.Errorf("the name still belongs to %v %v", got, err)
	}
	backup := filepath.Join(t.TempDir(), "b.db")
	if err := db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	check(t, db)
	wantHidden(t, db.Path(), true)
	wantHidden(t, backup, true)
	wantHidden(t, plain.Path(), false)
}

func TestWrongKeyIsToldBeforeAnythingIsWritten(t *testing.T) {
	db := createUnder(t, secret)
	fill(t, db)
	names, content := shut(t, db)
	for _, c := range []struct {
		key  []byte
		want string
	}{{nil, "no key was given: set state.key"}, {other, "another key than the one given"}} {
		for what, do := range map[string]func() error{
			"reader": func() error { _, err := Open(db.Path(), Options{Key: c.key, ReadOnly: true}); return err },
			"writer": func() error { _, err := Open(db.Path(), Options{Key: c.key}); return err },
			"verify": func() error { _, err := Verify(db.Path(), Options{Key: c.key}); return err },
			"rekey":  func() error { return Rekey(db.Path(), Options{Key: c.key}, nil) },
			"restore": func() error {
				_, err := Restore(db.Path(), filepath.Join(t.TempDir(), "s.db"), acme, Options{Key: c.key})
				return err
			},
		} {
			var wrong *KeyError
			if err := do(); !errors.As(err, &wrong) || wrong.Given != (c.key != nil) || !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s with %q: %v", what, c.key, err)
			}
		}
	}
	if after, now := shut(t, db); !slices.Equal(names, after) || !bytes.Equal(content, now) {
		t.Errorf("something was written: %v", after)
	}
}

func TestPlainCopyThatAKilledRekeyLeftIsRemoved(t *testing.T) {
	db := createUnder(t, secret)
	fill(t, db)
	shut(t, db)
	link, copied := filepath.Join(t.TempDir(), "link.db"), db.Path()+".rekeyed"
	if err := errors.Join(os.Symlink(db.Path(), link), os.WriteFile(copied, []byte("00u7@acme.example"), private)); err != nil {
		t.Fatal(err)
	}
	shut(t, mustOpen(t, link, Options{Key: secret, ReadOnly: true}))
	if _, err := os.Stat(copied); err != nil {
		t.Errorf("a reader, beside whom somebody may be at it, removed it: %v", err)
	}
	shut(t, mustOpen(t, link, Options{Key: secret}))
	if _, err := os.Stat(copied); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestPlainSnapshotIsEncryptedOnceThereIsAKey(t *testing.T) {
	db := create(t)
	fill(t, db)
	must[string](t)(db.NextRun(morning))
	want := must[*dump](t)(dumpOf(db, "00g1", "00g2"))
	names, content := shut(t, db)
	reader := mustOpen(t, db.Path(), Options{Key: secret, ReadOnly: true})
	if got := must[*dump](t)(dumpOf(reader, "00g1", "00g2")); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if _, now := shut(t, reader); !bytes.Equal(content, now) {
		t.Error("a reader wrote")
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := errors.Join(os.Symlink(db.Path(), link), os.WriteFile(db.Path()+".rekeyed", []byte("of a crash"), private)); err != nil {
		t.Fatal(err)
	}
	writer := mustOpen(t, link, Options{Key: secret})
	if got := must[*dump](t)(dumpOf(writer, "00g1", "00g2")); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got, err := writer.OwnersOfEmail("00u7@acme.example"); err != nil || !slices.Equal(got, []plan.PersonID{"00u7"}) {
		t.Errorf("the e-mail belongs to %v %v", got, err)
	}
	if h, busy, err := Locked(db.Path()); err != nil || !busy {
		t.Errorf("Locked says %+v %v %v", h, busy, err)
	}
	// Numbers go on where they were.
	if id := must[string](t)(writer.NextRun(morning)); id != "20261124T060000Z-000002" {
		t.Errorf("run %s", id)
	}
	if seq := must[uint64](t)(writer.Begin(plan.Intent{})); seq != 3 {
		t.Errorf("intent %d", seq)
	}
	check(t, writer)
	if info := must[os.FileInfo](t)(os.Lstat(link)); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if after := beside(t, db.Path()); !slices.Equal(names, after) {
		t.Errorf("beside it are %v, before %v", after, names)
	}
	wantHidden(t, db.Path(), true)
	if err := Rekey(db.Path(), Options{Key: secret}, nil); err != nil { // for the check at the end
		t.Fatal(err)
	}
}

func TestRekeyChangesTheKey(t *testing.T) {
	db := createUnder(t, secret)
	fill(t, db)
	want := must[*dump](t)(dumpOf(db, "00g1", "00g2"))
	if err := Rekey(db.Path(), Options{Key: secret}, other); !errors.Is(err, ErrLocked) {
		t.Errorf("under a writer: %v", err)
	}
	shut(t, db)
	for _, step := range []struct{ from, to []byte }{{secret, other}, {other, nil}, {nil, secret}} {
		if err := Rekey(db.Path(), Options{Key: step.from}, step.to); err != nil {
			t.Fatal(err)
		}
		wantHidden(t, db.Path(), step.to != nil)
		if step.to != nil {
			if _, err := Open(db.Path(), Options{Key: step.from}); !errors.Is(err, ErrKey) {
				t.Errorf("the old key: %v", err)
			}
		}
		again := mustOpen(t, db.Path(), Options{Key: step.to, ReadOnly: true})
		if got := must[*dump](t)(dumpOf(again, "00g1", "00g2")); !cmp.Equal(got, want) {
			t.Error(cmp.Diff(want, got))
		}
		check(t, again)
	}
}

func TestDamagedSnapshotKeepsItsKey(t *testing.T) {
	db := create(t)
	fill(t, db)
	names, content := shut(t, db)
	flip(t, db.Path(), "Silva")
	damaged := must[[]byte](t)(os.ReadFile(db.Path()))
	if _, err := Open(db.Path(), Options{Key: secret}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error is %v", err)
	}
	if after, now := shut(t, db); !slices.Equal(names, after) || !bytes.Equal(damaged, now) {
		t.Errorf("it was changed, or something left: %v", after)
	}
	if err := os.WriteFile(db.Path(), content, private); err != nil {
		t.Fatal(err)
	}
}

func TestPlainValueInAnEncryptedSnapshotIsDamage(t *testing.T) {
	db := createUnder(t, secret)
	fill(t, db)
	_, content := shut(t, db)
	raw(t, db.Path(), func(tx *bbolt.Tx) error {
		planted := []byte(`{"person":"00u1","employee":1000}`)
		return tx.Bucket(bucketPeople).Put([]byte("00u1"), codec{}.seal(bucketPeople, []byte("00u1"), planted))
	})
	if l, found, err := mustOpen(t, db.Path(), Options{Key: secret, ReadOnly: true}).Link("00u1"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("the link is %+v %v %v", l, found, err)
	}
	if err := os.WriteFile(db.Path(), content, private); err != nil {
		t.Fatal(err)
	}
}

func TestEncryptedBackupComesBack(t *testing.T) {
	db := createUnder(t, secret)
	fill(t, db)
	backup, place := filepath.Join(t.TempDir(), "b.db"), filepath.Join(t.TempDir(), "s.db")
	if err := db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(backup, place, acme, Options{Key: secret}); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, place, Options{Key: secret})
	if m := must[plan.Meta](t)(again.Meta()); !m.RefreshDue || m.Binding != acme {
		t.Errorf("meta is %+v", m)
	}
	check(t, again)
	wantHidden(t, place, true)
}

func TestTokensAreEncryptedWithTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	plain, tokens := Tokens(path), Tokens(path).WithKey(secret)
	record := []byte(`{"refresh":"sesame"}`)
	if err := plain.Save(record); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the plain one first
		if got, err := tokens.Load(); err != nil || !bytes.Equal(got, record) {
			t.Errorf("loaded %q %v", got, err)
		}
		if err := tokens.Save(record); err != nil {
			t.Fatal(err)
		}
	}
	data := must[[]byte](t)(os.ReadFile(tokens.path + ".token"))
	if bytes.Contains(data, []byte("sesame")) {
		t.Error("the file says the token")
	}
	var wrong *KeyError
	if _, err := plain.Load(); !errors.As(err, &wrong) || wrong.Given {
		t.Errorf("without a key: %v", err)
	}
	if _, err := Tokens(path).WithKey(other).Load(); !errors.As(err, &wrong) || !wrong.Given {
		t.Errorf("with another key: %v", err)
	}
	for n := len(tokenMark); n < len(data); n++ {
		if err := os.WriteFile(tokens.path+".token", data[:n], private); err != nil {
			t.Fatal(err)
		}
		if got, err := tokens.Load(); got != nil || err != nil {
			t.Fatalf("cut off after %d bytes: %q %v", n, got, err)
		}
	}
	if err := Tokens(path).WithKey(nil).Save(record); err != nil {
		t.Fatal(err)
	}
	if got, err := plain.Load(); err != nil || !bytes.Equal(got, record) {
		t.Errorf("plain again: %q %v", got, err)
	}
}
