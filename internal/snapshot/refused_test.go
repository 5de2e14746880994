package snapshot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/snapshot"
)

func TestOptionsThatCannotBeMeantAreRefused(t *testing.T) {
	kinds := kindsOf("Role")
	var many []string
	for i := range 257 {
		many = append(many, fmt.Sprint("n", i))
	}
	for name, c := range map[string]struct {
		o    snapshot.Options
		want string
	}{
		"another split":          {snapshot.Options{Name: "x", Kinds: kinds, SplitBy: "kind"}, "cannot split by kind"},
		"no name":                {snapshot.Options{Kinds: kinds}, "no baseline can be named"},
		"a name in capitals":     {snapshot.Options{Name: "Prod", Kinds: kinds}, "no baseline can be named Prod"},
		"a name that is long":    {snapshot.Options{Name: strings.Repeat("x", 64), Kinds: kinds}, "at most 63"},
		"no kinds":               {snapshot.Options{Name: "x"}, "no kind is chosen"},
		"a namespace with dots":  {snapshot.Options{Name: "x", Kinds: kinds, Namespaces: []string{"a.b"}}, "no namespace can be named a.b"},
		"no name of a namespace": {snapshot.Options{Name: "x", Kinds: kinds, Namespaces: []string{""}}, "no namespace can be named"},
		"too many namespaces":    {snapshot.Options{Name: "x", Kinds: kinds, Namespaces: many}, "name at most 256"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := snapshot.New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestANamespaceThatIsNotThereIsRefused(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Namespaces: []string{"shop", "shpo-*"}, Inventory: true})
	s.AddNamespace("shop")
	if _, err := s.Names(); err == nil || err.Error() != "no namespace is called shpo-*: correct the name, or leave it out" {
		t.Errorf("got %v", err)
	}
}

func TestNothingAtAllIsRefused(t *testing.T) {
	if _, err := newSnapshot(t, snapshot.Options{}).Names(); err == nil || !strings.HasPrefix(err.Error(), "nothing was found") {
		t.Errorf("got %v", err)
	}
	for document, err := range newSnapshot(t, snapshot.Options{}).Documents() {
		if err == nil || document != nil {
			t.Errorf("got %v, %v", document, err)
		}
	}
}

func TestAnObjectThatStandsTwiceIsRefusedWhereItDiffers(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{})
	add(t, s, account("shop", "x"), account("shop", "x"))
	no := false
	other := account("shop", "x")
	other.AutomountServiceAccountToken = &no
	err := s.Add(gvkOf(t, other), other)
	if err == nil || err.Error() != "ServiceAccount shop/x stands twice, with different content: remove one" {
		t.Errorf("got %v", err)
	}
}

func TestANamespaceThatCannotBeIsRefused(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{})
	for _, name := range []string{"", "Shop", "a*", "a\nb"} {
		if err := s.Add(gvkOf(t, account(name, "x")), account(name, "x")); err == nil {
			t.Errorf("namespace %q is taken", name)
		}
	}
}

func TestOtherKindsArePassedOver(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Kinds: kindsOf("Role")})
	add(t, s, account("shop", "x"), &corev1.Secret{ObjectMeta: meta("shop", "x")}, role("shop", "r", 0))
	if all := documents(t, s); len(all) != 1 || len(all[0].baseline.Spec.Declared) != 1 || strings.Contains(all[0].text, "kind: Secret\n") {
		t.Errorf("there are %d baselines", len(all))
	}
}

func TestAnObjectWithoutANameIsLeftOut(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true, Files: true})
	one := account("shop", "")
	one.GenerateName = "job-"
	add(t, s, one, account("shop", "x"))
	all := documents(t, s)
	if _, found := declares(all, account("shop", "job-12"), refOf(t, account("shop", "job-12"))); len(found) > 0 {
		t.Errorf("it is reported as %q", found)
	}
	if notes := s.Notes(); !slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, "it has no name before it is created") }) {
		t.Errorf("it tells %q", notes)
	}
}
