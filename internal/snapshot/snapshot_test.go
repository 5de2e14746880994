package snapshot_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/snapshot"
)

func gk(group, kind string) schema.GroupKind { return schema.GroupKind{Group: group, Kind: kind} }

func kindsOf(names ...string) []schema.GroupVersionKind {
	return slices.DeleteFunc(snapshot.DefaultKinds(), func(gvk schema.GroupVersionKind) bool { return !slices.Contains(names, gvk.Kind) })
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func account(namespace, name string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: meta(namespace, name)}
}

// role returns a Role that takes about so many bytes.
func role(namespace, name string, bytes int) *rbacv1.Role {
	rule := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}
	for i := range bytes / 40 {
		rule.ResourceNames = append(rule.ResourceNames, fmt.Sprintf("a-name-that-is-rather-long-%06d", i))
	}
	return &rbacv1.Role{ObjectMeta: meta(namespace, name), Rules: []rbacv1.PolicyRule{rule}}
}

func controlledBy(owner, name string) metav1.ObjectMeta {
	m := meta("shop", name)
	yes := true
	version, kind, _ := strings.Cut(owner, ":")
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: "owner", UID: "u", Controller: &yes}}
	return m
}

func namesOf(all []*document) []string {
	var names []string
	for _, one := range all {
		names = append(names, one.baseline.Name)
	}
	return names
}

func textOf(t *testing.T, s *snapshot.Snapshot) string {
	t.Helper()
	var all strings.Builder
	for _, one := range documents(t, s) {
		all.WriteString(one.text)
	}
	return all.String()
}

// says makes sure that comments say something, wherever they break their lines.
func says(t *testing.T, text, words string) {
	t.Helper()
	joined := strings.Join(strings.Fields(strings.ReplaceAll(text, "\n#  ", " ")), " ")
	if !strings.Contains(joined, words) {
		t.Errorf("it does not say %q:\n%s", words, text)
	}
}

func TestTheOrderOfObjectsMakesNoDifference(t *testing.T) {
	objects := []apiruntime.Object{
		account("b", "x"), account("a", "x"), account("a", "y"), role("a", "x", 100), role("b", "z", 100),
		&corev1.Namespace{ObjectMeta: meta("", "a")}, &corev1.Namespace{ObjectMeta: meta("", "b")},
	}
	for _, split := range []snapshot.Split{snapshot.ByNamespace, snapshot.Unsplit} {
		var first string
		for range 10 {
			s := newSnapshot(t, snapshot.Options{Inventory: true, SplitBy: split})
			for _, i := range rand.Perm(len(objects)) {
				add(t, s, objects[i].DeepCopyObject())
			}
			if text := textOf(t, s); first == "" {
				first = text
			} else if text != first {
				t.Fatalf("got\n%s\nand\n%s", first, text)
			}
		}
	}
}

func TestEachNamespaceHasABaseline(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true, Namespaces: []string{"a*", "c"}})
	add(t, s, account("a1", "x"), account("a2", "x"), account("b", "x"), &corev1.Namespace{ObjectMeta: meta("", "a1")},
		&rbacv1.ClusterRole{ObjectMeta: meta("", "r")})
	s.AddNamespace("c")
	s.AddNamespace("d")
	all := documents(t, s)
	if got, want := namesOf(all), []string{"test", "test-a1", "test-a2", "test-c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, more := range []apiruntime.Object{account("a1", "new"), account("c", "new"), &corev1.Namespace{ObjectMeta: meta("", "a3")}} {
		if _, found := declares(all, more, refOf(t, more)); len(found) != 1 {
			t.Errorf("a new %s is reported as %q", refOf(t, more), found)
		}
	}
	for _, elsewhere := range []apiruntime.Object{account("b", "new"), account("a3", "new"), &corev1.Namespace{ObjectMeta: meta("", "b")}} {
		if _, found := declares(all, elsewhere, refOf(t, elsewhere)); len(found) != 0 {
			t.Errorf("%s is reported as %q", refOf(t, elsewhere), found)
		}
	}
}

func TestOneBaselineOfAllKnowsNewNamespaces(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true, SplitBy: snapshot.Unsplit})
	add(t, s, account("a", "x"))
	all := documents(t, s)
	if got := namesOf(all); !slices.Equal(got, []string{"test"}) {
		t.Errorf("got %q", got)
	}
	if _, found := declares(all, account("new", "x"), refOf(t, account("new", "x"))); len(found) != 1 {
		t.Errorf("what is in a new namespace is reported as %q", found)
	}
	if _, found := declares(all, account("new", "default"), refOf(t, account("new", "default"))); len(found) != 0 {
		t.Errorf("what Kubernetes makes in a new namespace is reported as %q", found)
	}
}

func TestWhatControllersMakeIsLeftOut(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true})
	pod := &corev1.Pod{ObjectMeta: controlledBy("apps/v1:ReplicaSet", "pod")}
	run := &corev1.Pod{ObjectMeta: controlledBy("tekton.dev/v1:TaskRun", "run")}
	static := &corev1.Pod{ObjectMeta: controlledBy("v1:Node", "static")}
	odd := object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: odd, namespace: shop}}")
	if m, is := odd.(metav1.Object); is {
		m.SetOwnerReferences(controlledBy("apps/v1:DaemonSet", "").OwnerReferences)
	}
	made := object(t, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: made, namespace: shop}}")
	if m, is := made.(metav1.Object); is {
		m.SetOwnerReferences(controlledBy("example.com/v1:Database", "").OwnerReferences)
	}
	for _, obj := range []apiruntime.Object{pod, run, static, odd, made} {
		add(t, s, obj.DeepCopyObject())
	}
	all := documents(t, s)
	for name, c := range map[string]struct {
		obj  apiruntime.Object
		want int
	}{
		"a pod of a ReplicaSet": {pod, 0}, "a pod of a run": {run, 0}, "a static pod": {static, 1},
		"what a kind controls that never does": {odd, 1}, "what a kind controls that is not watched": {made, 1},
	} {
		times, found := declares(all, c.obj, refOf(t, c.obj))
		if times != c.want || len(found) > 0 {
			t.Errorf("%s is declared %d times, and reported as %q", name, times, found)
		}
	}
	says(t, textOf(t, s), "Jobs, Pods and ReplicaSets that a controller made")
}

func TestWhatKubernetesMakesIsKnownByItsContent(t *testing.T) {
	changed := &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta("", "cluster-admin"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "eve"}},
	}
	borrowed := &rbacv1.ClusterRole{ObjectMeta: meta("", "system:controller:evil")}
	take := func(t *testing.T, with ...apiruntime.Object) (*snapshot.Snapshot, []apiruntime.Object) {
		t.Helper()
		s := newSnapshot(t, snapshot.Options{Inventory: true})
		objects := builtin.Objects()
		for _, one := range with {
			objects = slices.DeleteFunc(objects, func(obj apiruntime.Object) bool { return refOf(t, obj) == refOf(t, one) })
		}
		objects = append(objects, with...)
		for _, obj := range objects {
			add(t, s, obj.DeepCopyObject())
		}
		return s, objects
	}
	t.Run("what is as it makes it is not declared, and watched", func(t *testing.T) {
		s, objects := take(t)
		hold(t, s, objects, 0)
		all := documents(t, s)
		if rule := all[0].baseline.Spec.RBAC.BuiltinRoles; rule == "" {
			t.Error("nobody watches what is ignored")
		}
		if times, _ := declares(all, changed, refOf(t, changed)); times != 0 {
			t.Error("cluster-admin is declared")
		}
		if _, found := declares(all, borrowed, refOf(t, borrowed)); len(found) != 1 {
			t.Errorf("a role that borrows a prefix is reported as %q", found)
		}
	})
	t.Run("what was changed is declared", func(t *testing.T) {
		s, objects := take(t, changed)
		hold(t, s, objects, 1)
		all := documents(t, s)
		if rule := all[0].baseline.Spec.RBAC.BuiltinRoles; rule != "" {
			t.Error("what was changed would be reported at once")
		}
		says(t, all[0].text, "Not left out: ClusterRoleBinding cluster-admin is not as Kubernetes makes it. It grants in addition to User eve")
	})
	t.Run("without an inventory, the names are told", func(t *testing.T) {
		s := newSnapshot(t, snapshot.Options{})
		for _, obj := range builtin.Objects() {
			add(t, s, obj)
		}
		add(t, s, account("shop", "x"))
		if text := textOf(t, s); strings.Contains(text, "inventory") {
			t.Errorf("there is an inventory in %s", text)
		}
	})
}

func TestFilesDoNotHoldWhatKubernetesMakes(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true, Files: true})
	add(t, s, account("kube-system", "x"), &rbacv1.ClusterRole{ObjectMeta: meta("", "r")}, &corev1.Namespace{ObjectMeta: meta("", "shop")})
	all := documents(t, s)
	for _, obj := range append(builtin.Objects(), account("kube-system", "default"), &corev1.Namespace{ObjectMeta: meta("", "kube-public")}) {
		if _, found := declares(all, obj, refOf(t, obj)); len(found) > 0 {
			t.Errorf("%s is reported as %q", refOf(t, obj), found)
		}
	}
	if notes := s.Notes(); len(notes) != 1 || !strings.HasPrefix(notes[0], "The list of ClusterRoles is not closed: 7") {
		t.Errorf("it tells %q", notes)
	}
}

func TestAKindThatIsTooLargeIsDivided(t *testing.T) {
	for _, c := range []struct {
		name  string
		names func(i int) string
		count int
		bytes int
	}{
		{"by count", func(i int) string { return fmt.Sprintf("account-%05d", i) }, 4_100, 0},
		{"by size", func(i int) string { return fmt.Sprintf("%c%d", 'a'+i%26, i) }, 100, 20_000},
		{"where one name begins others", func(i int) string { return strings.Repeat("a", i+1) }, 60, 20_000},
		{"of odd names", func(i int) string { return fmt.Sprintf("é%d: %d", i%3, i) }, 100, 20_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSnapshot(t, snapshot.Options{Inventory: true, Kinds: kindsOf("Role")})
			var objects []apiruntime.Object
			for i := range c.count {
				objects = append(objects, role("shop", c.names(i), c.bytes))
			}
			for _, obj := range objects {
				add(t, s, obj.DeepCopyObject())
			}
			hold(t, s, objects, c.count)
			all := documents(t, s)
			if len(all) < 2 || all[1].baseline.Name != "test-shop.2" {
				t.Errorf("it is divided into %q", namesOf(all))
			}
			for _, one := range all {
				if len(one.text) > 512<<10 {
					t.Errorf("%s takes %d bytes", one.baseline.Name, len(one.text))
				}
			}
			for _, name := range []string{"zzz", c.names(1) + "x", "a", "other"} {
				more := role("shop", name, 0)
				if times, found := declares(all, more, refOf(t, more)); times == 0 && len(found) == 0 {
					t.Errorf("a new Role %s is not reported", name)
				}
			}
			if notes := s.Notes(); len(notes) > 0 {
				t.Errorf("it tells %q", notes)
			}
		})
	}
}

func TestWhatCannotBeDividedIsNotClosed(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true, SplitBy: snapshot.Unsplit, Kinds: kindsOf("ServiceAccount")})
	var objects []apiruntime.Object
	for i := range 2_100 {
		objects = append(objects, account(fmt.Sprintf("n%d", i), "same"))
	}
	for _, obj := range objects {
		add(t, s, obj.DeepCopyObject())
	}
	hold(t, s, objects, 2_100)
	says(t, textOf(t, s), "The list of ServiceAccounts is not closed: there are too many of them")
}

func TestAnObjectThatIsTooLargeIsLeftOut(t *testing.T) {
	large := role("shop", "large", 600<<10)
	s := newSnapshot(t, snapshot.Options{Inventory: true})
	add(t, s, large.DeepCopyObject(), role("shop", "small", 0))
	hold(t, s, []apiruntime.Object{large, role("shop", "small", 0)}, 1)
	says(t, textOf(t, s), "# - Role shop/large: it takes ")
}

func TestKindsThatWereNotReadAreNotClosed(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true})
	add(t, s, account("a", "x"), account("b", "x"), role("a", "r", 0))
	s.Unread(gk(rbacv1.GroupName, "ClusterRole"), "", "nobody may")
	s.Unread(gk(rbacv1.GroupName, "Role"), "b", "you may not")
	all := documents(t, s)
	for _, c := range []struct {
		obj  apiruntime.Object
		want int
	}{
		{role("a", "new", 0), 1}, {role("b", "new", 0), 0}, {&rbacv1.ClusterRole{ObjectMeta: meta("", "new")}, 0},
		{&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "new")}, 1},
	} {
		if _, found := declares(all, c.obj, refOf(t, c.obj)); len(found) != c.want {
			t.Errorf("a new %s is reported as %q", refOf(t, c.obj), found)
		}
	}
	says(t, all[0].text, "# - ClusterRoles: nobody may.")
	says(t, all[2].text, "# - Roles: you may not.")
}

func TestNamesDoNotEscapeFromComments(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true})
	bad := role("shop", "x\nkind: Secret\n#", 600<<10)
	add(t, s, bad, &rbacv1.ClusterRole{ObjectMeta: meta("", "y\u2028\nkind: z"), AggregationRule: &rbacv1.AggregationRule{}})
	for line := range strings.Lines(textOf(t, s)) {
		if strings.HasPrefix(line, "kind:") && line != "kind: SecurityBaseline\n" {
			t.Errorf("there is a line %q", line)
		}
	}
}

func TestNamesAreAtMost63Bytes(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Name: strings.Repeat("p", 40), Inventory: true, Kinds: kindsOf("Role")})
	first, second := strings.Repeat("n", 62)+"a", strings.Repeat("n", 62)+"b"
	for i := range 100 {
		add(t, s, role(first, fmt.Sprint("r", i), 10_000), role(second, fmt.Sprint("r", i), 100))
	}
	seen := map[string]bool{}
	for _, name := range namesOf(documents(t, s)) {
		if len(name) > 63 || seen[name] {
			t.Errorf("a baseline is called %s", name)
		}
		seen[name] = true
	}
	if len(seen) < 4 {
		t.Errorf("there are only %d", len(seen))
	}
}

func TestManyNamespacesTakeLittle(t *testing.T) {
	s := newSnapshot(t, snapshot.Options{Inventory: true})
	before := heap()
	const namespaces, each = 600, 20
	for n := range namespaces {
		for i := range each {
			obj := role(fmt.Sprintf("team-%03d", n), fmt.Sprint("role-", i), 200)
			obj.Annotations = map[string]string{"large": strings.Repeat("x", 10_000)}
			add(t, s, obj)
		}
	}
	const most = 64 << 20
	if used := int64(heap()) - int64(before); used > most {
		t.Errorf("%d objects take %d bytes", namespaces*each, used)
	}
	names, err := s.Names()
	if err != nil || len(names) != namespaces+1 {
		t.Errorf("there are %d baselines, and error %v", len(names), err)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
