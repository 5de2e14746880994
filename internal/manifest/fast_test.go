package manifest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// What the fast way converts, the library must convert to the same, on the same lines; and it must convert nearly all
// that the repository holds.
func TestTheFastWayAgreesWithTheLibraryOnAllThatIsHere(t *testing.T) {
	converted, all := 0, 0
	for _, text := range corpus(t) {
		for each := range split(chunk{text, 1}) {
			if empty(each.data) {
				continue
			}
			all++
			if agree(t, each) {
				converted++
			}
		}
	}
	if all < 500 || converted < all*95/100 {
		t.Errorf("%d of %d documents are converted the fast way, want nearly all", converted, all)
	}
}

func TestWhatTheFastWayLeavesToTheLibrary(t *testing.T) {
	for name, text := range map[string]string{
		"an anchor":                           "a: &x 1\nb: *x\n",
		"a tag":                               "a: !!str 1\n",
		"a merge":                             "a: {b: c}\n<<: {d: e}\n",
		"a folded block":                      "a: >\n  b\n",
		"a text in quotes on two lines":       "a: \"b\n  c\"\n",
		"a flow collection on two lines":      "a: [b,\n  c]\n",
		"a tab":                               "a:\tb\n",
		"an escape of YAML alone":             "a: \"\\x41\"\n",
		"an octal number":                     "a: 0644\n",
		"a hexadecimal number":                "a: 0x10\n",
		"an exponent":                         "a: 1e3\n",
		"a large number":                      "a: 12345678901234567890\n",
		"a key that is no string":             "yes: 1\n",
		"a directive":                         "%YAML 1.1\n---\na: 1\n",
		"an explicit key":                     "? a\n: b\n",
		"a document within a document":        "a: b\n---\nc: d\n",
		"a character that ends a line":        "a: b\u2028c\n",
		"a text that is a key and a value":    "a: b: c\n",
		"items that stand where they may not": "a: 1\n- b\n",
		"a field that is further right":       "a: 1\n  b: 2\n",
		"a field that is between two columns": "a:\n    b: 1\n  c: 2\n",
		"something after a text in quotes":    "a: \"b\" c\n",
		"a comma too many":                    "a: [b, ]\n",
		"a key without a value in a flow":     "a: {b}\n",
		"a block without a line of its own":   "a: |\nb: c\n",
		"a block that ends with the file":     "a: |\n  b",
		"blank lines at the top of a block":   "a: |\n\n  b\n",
		"a block that says its column":        "a: |2\n  b\n",
		"a block that keeps its blank lines":  "a: |+\n  b\n\n",
		"a blank line within a text":          "a: b\n\n  c\n",
		"a comment within a text":             "a: b\n  # c\n  d\n",
	} {
		t.Run(name, func(t *testing.T) {
			var p yamlParser
			if p.fast(chunk{[]byte(text), 1}) {
				t.Errorf("it became %s", p.json)
			}
		})
	}
}

func FuzzFast(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 4000 {
			f.Add(text)
		}
	}
	for _, text := range []string{
		"a: [b, {c: d, 'e': \"f\\n\"}]\n", "a:\n- b\n-\n  c: d\n- - e\n  - f\n", "a: |-\n  b\n\n    c\n\n  # d\n# e\nf: g\n",
		"? a\n", "a: 'it''s'\n", "- a\n-  b: c\n   d: e\n", "a: b\n  c\n  d e\n", "a: 0.5\nb: -1\nc: +1\nd: 1.0\ne: .5\nf: 1_000\n",
		"'a b': c\n\"d\": e # f\n", "a: b #c\n", "a: {b: [], c: {}}\r\nd: e\r\n", "--- # x\na: ~\nb:\nc: null\n", "a: -\n", "a: --b\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		agree(t, chunk{text, 1})
	})
}

// agree holds the fast way against the library, and says whether it converts the text.
func agree(t *testing.T, text chunk) bool {
	t.Helper()
	var p yamlParser
	if !p.fast(text) {
		return false
	}
	data, err := yaml.YAMLToJSON(text.data)
	if err != nil {
		t.Fatalf("the library does not convert %q: %v; it became %s", text.data, err, p.json)
	}
	if want, got := decoded(t, data), decoded(t, p.json); !reflect.DeepEqual(want, got) {
		t.Fatalf("%q (-library +fast):\n%s", text.data, cmp.Diff(want, got))
	}
	root, bad := parse(text)
	if bad != nil || root == nil {
		t.Fatalf("%q is not one document: %v", text.data, bad)
	}
	want, got := yamlTree(root, text.line-1), fastTree(&p.converted, begins(text))
	if want, got := outline(&want), outline(got); want != got {
		t.Fatalf("lines of %q (-library +fast):\n%s", text.data, cmp.Diff(want, got))
	}
	return true
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if !json.Valid(data) {
		t.Fatalf("%s is not JSON", data)
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &value); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return value
}

// outline shows where everything stands.
func outline(n *node) string {
	var b strings.Builder
	var write func(*node)
	write = func(n *node) {
		fmt.Fprintf(&b, "%d %t %s\n", n.line, n.list, n.key)
		for i := range n.children {
			write(&n.children[i])
		}
	}
	write(n)
	return b.String()
}

// corpus are the files of YAML that the repository holds.
func corpus(t testing.TB) [][]byte {
	t.Helper()
	var texts [][]byte
	for _, root := range []string{"../../config", "../checks/testdata", "../../api"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			data, err := os.ReadFile(path)
			texts = append(texts, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}
