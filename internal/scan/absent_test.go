package scan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const declaresAPI = `apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: pinned}
spec:
  declared:
  - object: {apiVersion: v1, kind: ServiceAccount, metadata: {namespace: shop, name: api}}
`

const otherAccount = `---
apiVersion: v1
kind: ServiceAccount
metadata: {namespace: shop, name: web}
`

func TestADeclaredObjectThatIsNotGivenIsMissingOnlyWhereAllIsSeen(t *testing.T) {
	for name, test := range map[string]struct {
		objects string
		code    int
		says    string
	}{
		"where its Namespace is given, it is missing": {otherAccount + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n", 1, "ServiceAccount shop/api is not there"},
		"what a controller makes in every namespace is there": {
			strings.Replace(otherAccount, "name: web", "name: api", 1) + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n" +
				strings.NewReplacer("name: pinned", "name: second", "name: api", "name: default").Replace(declaresAPI), 0, "it is not among what was given",
		},
		"elsewhere nobody can tell": {otherAccount, 2, "it is not among what was given"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "all.yaml")
			if err := os.WriteFile(file, []byte(declaresAPI+test.objects), 0o600); err != nil {
				t.Fatal(err)
			}
			got := scanned(t, "", "-o", "json", file)
			if got.code != test.code || !strings.Contains(got.stdout+got.stderr, test.says) {
				t.Errorf("ends with %d, want %d and %q in\n%s%s", got.code, test.code, test.says, got.stdout, got.stderr)
			}
		})
	}
}
