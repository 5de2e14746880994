package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plumbline.dev/plumbline/internal/snapshot"
)

// extension ends the names of the files, which begin with that of the baseline.
const extension = ".yaml"

// write writes the baselines to standard output or, each to a file of its own, to a directory.
func (q *request) write(s *snapshot.Snapshot) error {
	if q.outputDir != "" {
		return q.writeDir(s)
	}
	out := bufio.NewWriter(q.stdout)
	separator := ""
	for document, err := range s.Documents() {
		if err != nil {
			return err
		}
		if _, err := out.WriteString(separator + string(document.Text)); err != nil {
			return err
		}
		separator = "---\n"
	}
	return out.Flush()
}

// writeDir writes files, once it is sure that none of them is anybody else's.
func (q *request) writeDir(s *snapshot.Snapshot) error {
	names, err := s.Names()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(q.outputDir, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if own, err := written(q.path(name)); err != nil {
			return err
		} else if !own {
			return fmt.Errorf("%s was not written by plumbline snapshot: move it away, or choose another --output-dir or --name", q.path(name))
		}
	}
	for document, err := range s.Documents() {
		if err != nil {
			return err
		}
		if err := replace(q.path(document.Name), document.Text); err != nil {
			return err
		}
	}
	return q.tellStale(names)
}

func (q *request) path(name string) string { return filepath.Join(q.outputDir, name+extension) }

// written says whether a file is one that a snapshot wrote, or is not there.
func written(path string) (bool, error) {
	file, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	first := make([]byte, len(snapshot.Header))
	n, err := io.ReadFull(file, first)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.Equal(first[:n], []byte(snapshot.Header)), errors.Join(err, file.Close())
}

// replace writes a file at once: nobody sees half of it.
func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // readable to nobody else
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// tellStale names the files of earlier snapshots that this one did not write: what they declare may be gone.
func (q *request) tellStale(names []string) error {
	files, err := os.ReadDir(q.outputDir)
	if err != nil {
		return err
	}
	for _, file := range files {
		name, is := strings.CutSuffix(file.Name(), extension)
		if !is || slices.Contains(names, name) {
			continue
		}
		path := q.path(name)
		if own, err := written(path); err != nil || !own {
			continue
		}
		if _, err := fmt.Fprintf(q.stderr, "%s is of an earlier snapshot, and not of this one: remove it if what it declares is gone\n", path); err != nil {
			return err
		}
	}
	return nil
}
