// SPDX-License-Identifier: Apache-2.0

// Command judge says whether the logs of an unzipped bundle are valid. It shares no code with Detente: notes are
// read by golang.org/x/mod/sumdb/note, trees by golang.org/x/mod/sumdb/tlog.
//
// Build: GO111MODULE=off GOPATH=/usr/share/gocode go build -o judge main.go fork.go
// Use:   judge FOLDER
//
//	judge fork FOLDER
//
// With fork the folder is one proof that `detente evidence export` wrote. One line a log on standard output; status 1 and the reason if anything is wrong, 2 if the call is.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight      = 8
	algNote         = 1
	algCosignature  = 4
	itemReceiptHead = "detente/item-receipt/v1\n"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "fork" {
		summary, err := judgeFork(os.Args[2])
		if err != nil {
			fmt.Printf("not proven: %v\n", err)
			os.Exit(1)
		}
		fmt.Printf("proven: %s\n", summary)
		return
	}
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: judge [fork] FOLDER")
		os.Exit(2)
	}
	root := os.Args[1]
	folders, _ := filepath.Glob(filepath.Join(root, "logs", "*"))
	sort.Strings(folders)
	status := 0
	if len(folders) == 0 {
		fmt.Println("invalid: the bundle has no logs")
		status = 1
	}
	for _, folder := range folders {
		party := filepath.Base(folder)
		summary, err := judgeLog(root, party, folder)
		if err != nil {
			fmt.Printf("%s: invalid: %v\n", party, err)
			status = 1
			continue
		}
		fmt.Printf("%s: valid, %s\n", party, summary)
	}
	os.Exit(status)
}

// A log is what was recomputed of one folder.
type log struct {
	origin  string
	size    int64
	root    tlog.Hash
	hashes  []tlog.Hash // in the order of tlog.StoredHashIndex
	entries [][]byte
	ids     map[string]bool // SHA-256 of every statement
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("hash %d is beyond the tree", x)
		}
		out[i] = l.hashes[x]
	}
	return out, nil
}

func judgeLog(root, party, folder string) (string, error) {
	vkey, err := os.ReadFile(filepath.Join(root, "keys", "log-"+party+".vkey"))
	if err != nil {
		return "", err
	}
	logKey, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return "", fmt.Errorf("log key: %w", err)
	}
	cosigners, err := receiptKeys(root)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", err
	}
	opened, err := note.Open(raw, note.VerifierList(logKey))
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	l := &log{ids: map[string]bool{}}
	if l.origin, l.size, l.root, err = parseCheckpoint(opened.Text); err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	if l.origin != logKey.Name() {
		return "", fmt.Errorf("checkpoint is of %q, the key of %q", l.origin, logKey.Name())
	}
	if err := l.load(folder); err != nil {
		return "", err
	}
	if err := l.checkTiles(folder); err != nil {
		return "", err
	}
	count, err := l.checkReceipts(folder, logKey, cosigners)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("size %d, root %s, %d receipts", l.size, l.root, count), nil
}

// parseCheckpoint reads the three lines of a checkpoint without extension lines (C2SP tlog-checkpoint).
func parseCheckpoint(text string) (origin string, size int64, root tlog.Hash, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return "", 0, root, errors.New("not of three lines")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", 0, root, errors.New("bad size")
	}
	root, err = tlog.ParseHash(lines[2])
	return lines[0], size, root, err
}

// load reads the entry bundles and recomputes the tree from them.
func (l *log) load(folder string) error {
	for number := int64(0); number*256 < l.size; number++ {
		width := l.size - number*256
		if width > 256 {
			width = 256
		}
		path := tilePath(tlog.Tile{H: tileHeight, L: -1, N: number, W: int(width)})
		raw, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		bundle, err := readBundle(raw)
		if err != nil || int64(len(bundle)) != width {
			return fmt.Errorf("%s does not hold %d entries", path, width)
		}
		l.entries = append(l.entries, bundle...)
	}
	for n, entry := range l.entries {
		more, err := tlog.StoredHashes(int64(n), entry, l)
		if err != nil {
			return err
		}
		l.hashes = append(l.hashes, more...)
		var leaf struct{ Statement json.RawMessage }
		if json.Unmarshal(entry, &leaf) == nil {
			id := sha256.Sum256(leaf.Statement)
			l.ids[hex.EncodeToString(id[:])] = true
		}
	}
	return l.compareRoot(l.size, l.root)
}

func (l *log) compareRoot(size int64, root tlog.Hash) error {
	if size > l.size {
		return fmt.Errorf("size %d is beyond the log's %d", size, l.size)
	}
	want := tlog.Hash(sha256.Sum256(nil)) // of the empty tree
	if size > 0 {
		var err error
		if want, err = tlog.TreeHash(size, l); err != nil {
			return err
		}
	}
	if want != root {
		return fmt.Errorf("the entries give another root at size %d", size)
	}
	return nil
}

func readBundle(raw []byte) ([][]byte, error) {
	var out [][]byte
	for len(raw) > 0 {
		if len(raw) < 2 || len(raw)-2 < int(binary.BigEndian.Uint16(raw)) {
			return nil, errors.New("bundle ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(raw))
		out = append(out, raw[2:end])
		raw = raw[end:]
	}
	return out, nil
}

// tilePath is x/mod's path without the height, and with its "data" called "entries" (C2SP tlog-tiles).
func tilePath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// checkTiles asks for every tile of the tree, and checks every file that is there.
func (l *log) checkTiles(folder string) error {
	for level, count := 0, l.size; count > 0; level, count = level+1, count>>tileHeight {
		for start := int64(0); start < count; start += 256 {
			width := 256
			if count-start < 256 {
				width = int(count - start)
			}
			path := tilePath(tlog.Tile{H: tileHeight, L: level, N: start / 256, W: width})
			if _, err := os.Stat(filepath.Join(folder, path)); err != nil {
				return err
			}
		}
	}
	return filepath.WalkDir(filepath.Join(folder, "tile"), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && l.size == 0 {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return l.checkTile(path, filepath.ToSlash(name))
	})
}

func (l *log) checkTile(path, name string) error {
	rest := strings.Replace(strings.TrimPrefix(name, "tile/"), "entries/", "data/", 1)
	tile, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil {
		return fmt.Errorf("%s is no tile: %w", name, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var want []byte
	if tile.L == -1 {
		start := tile.N * 256
		if start+int64(tile.W) > l.size {
			return fmt.Errorf("%s is beyond the log", name)
		}
		for _, entry := range l.entries[start : start+int64(tile.W)] {
			want = append(want, byte(len(entry)>>8), byte(len(entry)))
			want = append(want, entry...)
		}
	} else if want, err = tlog.ReadTileData(tile, l); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !bytes.Equal(raw, want) {
		return fmt.Errorf("%s does not hold what the entries give", name)
	}
	return nil
}

// A verifier is a note.Verifier for Ed25519 under a given signature type.
type verifier struct {
	name string
	alg  byte
	key  ed25519.PublicKey
}

func (v *verifier) Name() string { return v.name }

func (v *verifier) KeyHash() uint32 {
	sum := sha256.Sum256([]byte(v.name + "\n" + string([]byte{v.alg}) + string(v.key)))
	return binary.BigEndian.Uint32(sum[:])
}

func (v *verifier) Verify(msg, sig []byte) bool {
	if v.alg == algNote {
		return len(sig) == 64 && ed25519.Verify(v.key, msg, sig)
	}
	if len(sig) != 8+64 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(v.key, append([]byte(head), msg...), sig[8:])
}

// receiptKeys reads the type 04 keys of peers and witnesses.
func receiptKeys(root string) ([]*verifier, error) {
	var out []*verifier
	for _, pattern := range []string{"receipt-*.vkey", "witness-*.vkey"} {
		paths, _ := filepath.Glob(filepath.Join(root, "keys", pattern))
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			parts := strings.SplitN(strings.TrimSpace(string(text)), "+", 3)
			if len(parts) != 3 {
				return nil, fmt.Errorf("%s is no verifier key", path)
			}
			raw, err := base64.StdEncoding.DecodeString(parts[2])
			if err != nil || len(raw) != 33 || raw[0] != algCosignature {
				return nil, fmt.Errorf("%s is no verifier key of type 04", path)
			}
			v := &verifier{parts[0], algCosignature, raw[1:]}
			if fmt.Sprintf("%08x", v.KeyHash()) != parts[1] {
				return nil, fmt.Errorf("%s does not have the id that it names", path)
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// checkReceipts opens every note in receipts/ and returns how many there are.
func (l *log) checkReceipts(folder string, logKey note.Verifier, cosigners []*verifier) (int, error) {
	count := 0
	err := filepath.WalkDir(filepath.Join(folder, "receipts"), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a log that nobody has receipted yet
		}
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			err = l.checkReceipt(raw, logKey, cosigners)
		}
		if err != nil {
			return fmt.Errorf("receipts/%s: %w", entry.Name(), err)
		}
		count++
		return nil
	})
	return count, err
}

func (l *log) checkReceipt(raw []byte, logKey note.Verifier, cosigners []*verifier) error {
	item := bytes.HasPrefix(raw, []byte(itemReceiptHead))
	known := []note.Verifier{logKey}
	for _, v := range cosigners {
		if item { // a receipt key signs items as type 01
			v = &verifier{v.name, algNote, v.key}
		}
		known = append(known, v)
	}
	opened, err := note.Open(raw, note.VerifierList(known...))
	if err != nil {
		return err
	}
	others := 0
	for _, sig := range opened.Sigs {
		if sig.Name != logKey.Name() {
			others++
		}
	}
	if others == 0 {
		return errors.New("signed by no peer and no witness")
	}
	if item {
		return l.checkItem(opened.Text)
	}
	origin, size, root, err := parseCheckpoint(opened.Text)
	if err != nil {
		return err
	}
	if origin != l.origin {
		return fmt.Errorf("of another log, %q", origin)
	}
	return l.compareRoot(size, root)
}

func (l *log) checkItem(text string) error {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return errors.New("not an item receipt")
	}
	if lines[1] != l.origin {
		return fmt.Errorf("of another log, %q", lines[1])
	}
	if !l.ids[lines[2]] {
		return fmt.Errorf("for a statement that is not in the log, %s", lines[2])
	}
	return nil
}
