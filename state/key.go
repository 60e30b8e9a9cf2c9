package state

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"
)

// formEncrypted is the form of an encrypted value: this byte, a random nonce of 24
// bytes, and XChaCha20-Poly1305 of the content, which also vouches for the bucket,
// 0 and the key. https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha
const formEncrypted = 2

const (
	saltLen  = 16
	proofLen = 16 // tells a wrong key from a damaged file
	nameLen  = 16 // of the HMAC of a name

	recordLen = sealLen + saltLen + proofLen
)

// keys are what the operator's secret becomes for one file.
type keys struct {
	content cipher.AEAD
	names   []byte
	salt    []byte
	proof   []byte
}

// deriveKeys makes the keys of one salt. HKDF (RFC 5869) takes a secret of any
// length, and adds nothing to a weak one.
func deriveKeys(secret, salt []byte) (*keys, error) {
	const size = chacha20poly1305.KeySize
	out, err := hkdf.Key(sha256.New, secret, salt, "tracktik-sync snapshot 1", size+sha256.Size+proofLen)
	if err != nil {
		return nil, fmt.Errorf("deriving the keys: %w", err)
	}
	aead, err := chacha20poly1305.NewX(out[:size])
	if err != nil {
		return nil, fmt.Errorf("deriving the keys: %w", err)
	}
	return &keys{content: aead, names: out[size : size+sha256.Size], salt: salt, proof: out[size+sha256.Size:]}, nil
}

// newCodec is a codec for a new file: a plain one without a secret.
func newCodec(secret []byte) (codec, error) {
	if len(secret) == 0 {
		return codec{}, nil
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails: https://pkg.go.dev/crypto/rand#Read
	k, err := deriveKeys(secret, salt)
	return codec{k}, err
}

// codecFor is the codec of an encrypted file that has that record. Its errors are
// a KeyError and what is wrong with record.
func codecFor(path string, record, secret []byte) (codec, error) {
	content, err := codec{}.open(bucketMeta, keyKey, record)
	if err == nil && len(content) != saltLen+proofLen {
		err = errors.New("it is of another length")
	}
	if err != nil {
		return codec{}, err
	}
	if len(secret) == 0 {
		return codec{}, &KeyError{Path: path}
	}
	k, err := deriveKeys(secret, bytes.Clone(content[:saltLen]))
	if err == nil && !hmac.Equal(k.proof, content[saltLen:]) {
		err = &KeyError{Path: path, Given: true}
	}
	return codec{k}, err
}

// record is what codecFor asks for; nil of a plain codec. It is not a secret.
func (c codec) record() []byte {
	if c.keys == nil {
		return nil
	}
	return codec{}.seal(bucketMeta, keyKey, bytes.Join([][]byte{c.keys.salt, c.keys.proof}, nil))
}

// codecOf is the codec of the file of tx.
func codecOf(tx *bbolt.Tx, path string, secret []byte) (codec, error) {
	record := get(tx, bucketMeta, keyKey)
	if record == nil {
		return codec{}, nil
	}
	c, err := codecFor(path, record, secret)
	if err != nil && !errors.Is(err, ErrKey) {
		err = damaged(bucketMeta, keyKey, err)
	}
	return c, err
}

// putKey notes in a new file that it is encrypted, and with which key.
func putKey(tx *bbolt.Tx, c codec) error {
	if c.keys == nil {
		return nil
	}
	return tx.Bucket(bucketMeta).Put(keyKey, c.record())
}

// place is where a value belongs.
func place(bucket, key []byte) []byte { return bytes.Join([][]byte{bucket, key}, separator) }

func (k *keys) seal(bucket, key, content []byte) []byte {
	const head = 1 + chacha20poly1305.NonceSizeX
	out := make([]byte, head, head+len(content)+chacha20poly1305.Overhead)
	out[0] = formEncrypted
	_, _ = rand.Read(out[1:]) // never fails
	return k.content.Seal(out, out[1:], content, place(bucket, key))
}

func (k *keys) open(bucket, key, sealed []byte) ([]byte, error) {
	const head = 1 + chacha20poly1305.NonceSizeX
	if len(sealed) < head+chacha20poly1305.Overhead {
		return nil, errors.New("the value is too short")
	}
	content, err := k.content.Open(nil, sealed[1:head], sealed[head:], place(bucket, key))
	if err != nil {
		return nil, errors.New("the value was changed, or is of another place")
	}
	return content, nil
}

// name hides a user name or e-mail in the keys of an index: equal ones stay equal,
// and whoever does not have the secret cannot try names.
func (k *keys) name(kind, folded string) []byte {
	mac := hmac.New(sha256.New, k.names)
	mac.Write(append(prefix(kind), folded...))
	return mac.Sum(nil)[:nameLen]
}
