// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const credentialDomain = "detente/credential/v1\n"

// judgeFork says whether a folder of evidence proves that one log has two histories, or one log two successors.
func judgeFork(folder string) (string, error) {
	root, party, err := readCard(folder)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(folder, "one.json")); err == nil {
		return judgeRivals(folder, root, party)
	}
	return judgeHistories(folder, root, party)
}

// A credential is a document signed by a party's root key, as the bytes that were signed.
type credential struct {
	Doc json.RawMessage `json:"doc"`
	Sig []byte          `json:"sig"`
}

func readCredential(folder, name string) (*credential, error) {
	raw, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	var c credential
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &c, nil
}

// open verifies a credential and decodes its document.
func (c *credential) open(root ed25519.PublicKey, party, kind string, into interface{}) error {
	if len(c.Sig) != ed25519.SignatureSize || !ed25519.Verify(root, append([]byte(credentialDomain), c.Doc...), c.Sig) {
		return fmt.Errorf("the %s is not signed by the root key of the card", kind)
	}
	var head struct{ Type, Party string }
	if err := json.Unmarshal(c.Doc, &head); err != nil {
		return err
	}
	if head.Type != kind || head.Party != party {
		return fmt.Errorf("a %s of another party, or another credential", kind)
	}
	return json.Unmarshal(c.Doc, into)
}

// readCard returns the root key of the card and the fingerprint of its party, once the card vouches for itself.
func readCard(folder string) (ed25519.PublicKey, string, error) {
	c, err := readCredential(folder, "card.json")
	if err != nil {
		return nil, "", err
	}
	var doc struct {
		Root []byte `json:"root"`
	}
	if err := json.Unmarshal(c.Doc, &doc); err != nil || len(doc.Root) != ed25519.PublicKeySize {
		return nil, "", errors.New("the card has no root key")
	}
	sum := sha256.Sum256(doc.Root)
	party := fmt.Sprintf("%x", sum)
	return doc.Root, party, c.open(doc.Root, party, "card", &doc)
}

func judgeHistories(folder string, root ed25519.PublicKey, party string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "log.vkey"))
	if err != nil {
		return "", err
	}
	vkey := strings.TrimSpace(string(text))
	certificate, err := readCredential(folder, "log.json")
	if err != nil {
		return "", err
	}
	var doc struct{ Log string }
	if err := certificate.open(root, party, "log", &doc); err != nil {
		return "", err
	}
	if doc.Log != vkey {
		return "", errors.New("log.vkey is not the key that the party certified")
	}
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return "", fmt.Errorf("log key: %w", err)
	}
	oneSize, oneRoot, err := openHead(folder, "one.note", key)
	if err != nil {
		return "", err
	}
	twoSize, twoRoot, err := openHead(folder, "two.note", key)
	if err != nil {
		return "", err
	}
	if err := contradict(folder, oneSize, twoSize, oneRoot, twoRoot); err != nil {
		return "", err
	}
	return fmt.Sprintf("fork of %s, sizes %d and %d, party %s", key.Name(), oneSize, twoSize, party), nil
}

func openHead(folder, name string, key note.Verifier) (int64, tlog.Hash, error) {
	raw, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	opened, err := note.Open(raw, note.VerifierList(key))
	if err != nil {
		return 0, tlog.Hash{}, fmt.Errorf("%s: %w", name, err)
	}
	origin, size, root, err := parseCheckpoint(opened.Text)
	if err == nil && origin != key.Name() {
		err = errors.New("of another log")
	}
	if err != nil {
		return 0, root, fmt.Errorf("%s: %w", name, err)
	}
	return size, root, nil
}

// contradict is nil if the two heads cannot both be true.
func contradict(folder string, oneSize, twoSize int64, oneRoot, twoRoot tlog.Hash) error {
	if oneSize <= 0 || oneSize > twoSize {
		return errors.New("the smaller head must be the first, and not empty")
	}
	if oneSize == twoSize {
		if oneRoot == twoRoot {
			return errors.New("both notes say the same")
		}
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(folder, "consistency"))
	if err != nil {
		return fmt.Errorf("two sizes without a consistency proof: %w", err)
	}
	var hashes []tlog.Hash
	for _, line := range bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n")) {
		digest, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(digest) != tlog.HashSize {
			return errors.New("the consistency proof is not made of hashes")
		}
		var hash tlog.Hash
		copy(hash[:], digest)
		hashes = append(hashes, hash)
	}
	if err := tlog.CheckTree(tlog.TreeProof(hashes[1:]), twoSize, twoRoot, oneSize, hashes[0]); err != nil {
		return fmt.Errorf("the consistency proof does not hold: %w", err)
	}
	if hashes[0] == oneRoot {
		return errors.New("the larger tree begins with the smaller one")
	}
	return nil
}

func judgeRivals(folder string, root ed25519.PublicKey, party string) (string, error) {
	type succession struct {
		Channel, New string
		Old          struct{ Origin string }
	}
	var docs [2]succession
	for i, name := range []string{"one.json", "two.json"} {
		c, err := readCredential(folder, name)
		if err != nil {
			return "", err
		}
		if err := c.open(root, party, "succession", &docs[i]); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if docs[0].Channel != docs[1].Channel || docs[0].Old.Origin != docs[1].Old.Origin {
		return "", errors.New("successions of two logs")
	}
	if docs[0].New == docs[1].New {
		return "", errors.New("both name the same new log")
	}
	return fmt.Sprintf("two successions of %s, party %s", docs[0].Old.Origin, party), nil
}
