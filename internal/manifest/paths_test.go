package manifest_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/internal/manifest"
)

const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"

func TestPathsAreReadInTheirOrderAndOnce(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b/two.yaml", "b/one.yml", "a/three.YAML", "a/deep/er/four.json", "a/.hidden/x.yaml", "a/notes.txt"} {
		text := fmt.Sprintf(namespace, "x")
		if strings.HasSuffix(name, ".json") {
			text = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"}}`
		}
		write(t, filepath.Join(dir, name), text)
	}
	t.Chdir(dir)
	for _, c := range []struct {
		name        string
		paths, want []string
	}{
		{"a directory by the names in it", []string{"."}, []string{"a/deep/er/four.json", "a/three.YAML", "b/one.yml", "b/two.yaml"}},
		{"files as they are given", []string{"b/two.yaml", "b/one.yml"}, []string{"b/two.yaml", "b/one.yml"}},
		{"a file that is given twice", []string{"b/one.yml", "./b/one.yml", "b"}, []string{"b/one.yml", "b/two.yaml"}},
		{"a file of any name", []string{"a/notes.txt"}, []string{"a/notes.txt"}},
		{"a pattern", []string{"b/*.yaml"}, []string{"b/two.yaml"}},
		{"a pattern for all directories", []string{"**/*.json"}, []string{"a/deep/er/four.json"}},
		{"a pattern for all directories within others", []string{"**/d*/**/*.json"}, []string{"a/deep/er/four.json"}},
		{"a pattern for all that is below", []string{"a/**"}, []string{"a/deep/er/four.json", "a/notes.txt", "a/three.YAML"}},
		{"a pattern for some depth", []string{"*/**/er/*"}, []string{"a/deep/er/four.json"}},
		{"a pattern for all directories or none", []string{"**/b/**/one.*"}, []string{"b/one.yml"}},
		{"a pattern that matches directories", []string{"a/d*"}, []string{"a/deep/er/four.json"}},
		{"a hidden directory that is named", []string{"a/.hidden"}, []string{"a/.hidden/x.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for object, problem := range manifest.New(nil, manifest.Options{}).Load(t.Context(), c.paths) {
				if problem != nil {
					t.Fatal(problem)
				}
				got = append(got, object.Source.File)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "fine.yaml", fmt.Sprintf(namespace, "fine"))
	write(t, "tree/fine.yaml", fmt.Sprintf(namespace, "fine"))
	write(t, "large.yaml", strings.Repeat("# a comment\n", 200))
	write(t, "secret/x.yaml", "")
	write(t, "unreadable.yaml", "")
	link(t, "loop.yaml", "loop.yaml")
	link(t, "nowhere.yaml", "broken.yaml")
	link(t, "..", "tree/up")
	link(t, "../fine.yaml", "tree/linked.yaml")
	for _, name := range []string{"secret", "unreadable.yaml"} {
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod("secret", 0o700) })
	for _, c := range []struct {
		path, want string
		asUser     bool
	}{
		{"absent.yaml", "absent.yaml:1: There is no such file or directory.", false},
		{"*.toml", "*.toml:1: The pattern matches no file.", false},
		{"**.yaml", "**.yaml:1: The file cannot be read: ** stands for whole directories: put it between slashes.", false},
		{"[.yaml", "[.yaml:1: The file cannot be read: syntax error in pattern.", false},
		{"large.yaml", "large.yaml:1: The file has 2400 bytes, which is more than the 1000 bytes that are read at most: split it.", false},
		{"loop.yaml", "loop.yaml:1: The symbolic link leads back to itself.", false},
		{"broken.yaml", "broken.yaml:1: There is no such file or directory.", false},
		{".", "tree/up:1: The symbolic link leads back to a directory that it stands in: remove it.", false},
		{"unreadable.yaml", "unreadable.yaml:1: The file may not be read: permission denied.", true},
		{"secret", "secret:1: The file may not be read: permission denied.", true},
		{"-", "-:1: There is no standard input to read.", false},
	} {
		t.Run(c.path, func(t *testing.T) {
			if c.asUser && os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			var got []string
			objects := 0
			l := manifest.New(nil, manifest.Options{MaxFileBytes: 1000})
			for _, problem := range l.Load(t.Context(), []string{c.path, "fine.yaml"}) {
				if problem != nil {
					got = append(got, problem.Error())
				} else {
					objects++
				}
			}
			if !slices.Contains(got, c.want) || objects == 0 {
				t.Errorf("got %q and %d objects, want %q and the rest", got, objects, c.want)
			}
		})
	}
}

// Links that lead to directories with links make any number of paths to one file.
func TestWhatSeveralLinksLeadToIsReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	fan(t, "fan", 40)
	write(t, "fan/40/one.yaml", fmt.Sprintf(namespace, "one"))
	link(t, "40/one.yaml", "fan/two.yaml")
	got := listing(manifest.New(nil, manifest.Options{}), "fan/0", "fan", "fan/**/*.yaml", "fan/40/one.yaml")
	if want := "fan/0" + strings.Repeat("/a", 40) + "/one.yaml:1: document 0: Namespace one\n" +
		"{Files:1 Documents:1 Objects:1 Skipped:0 Problems:0}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// fan makes directories, each with two links to the next one.
func fan(t testing.TB, dir string, levels int) {
	t.Helper()
	for i := range levels + 1 {
		at := filepath.Join(dir, strconv.Itoa(i))
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		if i < levels {
			link(t, "../"+strconv.Itoa(i+1), at+"/a")
			link(t, "../"+strconv.Itoa(i+1), at+"/b")
		}
	}
}

func TestAFileThatIsTooLargeIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.yaml")
	write(t, path, "")
	if err := os.Truncate(path, 200<<20); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := listing(manifest.New(nil, manifest.Options{}), path)
	runtime.ReadMemStats(&after)
	if !strings.Contains(got, "The file has 209715200 bytes") {
		t.Errorf("got %s", got)
	}
	if read := after.TotalAlloc - before.TotalAlloc; read > 1<<20 {
		t.Errorf("refusing it took %d bytes", read)
	}
}

func TestStandardInputThatIsTooLong(t *testing.T) {
	got := listing(manifest.New(io.LimitReader(zeros{}, 1<<40), manifest.Options{MaxFileBytes: 1 << 20}), "-")
	if !strings.Contains(got, "The input is longer than the 1048576 bytes") {
		t.Errorf("got %s", got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte{'#'}, len(p))), nil
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
