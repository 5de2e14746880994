package judging_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Who may make a role or a binding says how large it is. Of each the benchmark reads and judges one target, under every rule on
// permissions and ceilings of 64 rules: what it takes grows with the role or the binding, and not with its square.
func BenchmarkLarge(b *testing.B) {
	api := rbac.ServiceAccount("shop", "a0").Ref()
	role := workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "large"}
	binding := workload.Ref{Group: rbacv1.GroupName, Kind: "RoleBinding", Namespace: "n0", Name: "b"}
	distinct := func(i int) rbacv1.PolicyRule { return allowing(fmt.Sprintf("things%d", i)) }
	named := func(i int) rbacv1.PolicyRule { return allowing("secrets", fmt.Sprintf("s%d", i)) }
	all := func(int) rbacv1.PolicyRule { return allowing("secrets", names(2000)...) }
	for _, c := range []struct {
		name               string
		bindings, subjects int
		rules              int
		rule               func(int) rbacv1.PolicyRule
		target             workload.Ref
	}{
		{"a binding of 5000 subjects", 1, 5000, 1, distinct, binding},
		{"one of 5000 subjects of a binding", 1, 5000, 1, distinct, api},
		{"a subject of 300 bindings of 1000", 300, 1000, 1, distinct, api},
		{"a subject of 3000 bindings of a role of 2000 rules", 3000, 1, 2000, distinct, api},
		{"a role of 2000 rules of one name each", 1, 1, 2000, named, role},
		{"a subject that holds it", 1, 1, 2000, named, api},
		{"a role of 2000 names", 1, 1, 1, all, role},
		{"a subject that holds the names", 1, 1, 1, all, api},
	} {
		b.Run(c.name, func(b *testing.B) {
			set := leastPrivilege(b)
			cluster := facts.Remembered(crowd(c.bindings, c.subjects, c.rules, c.rule))
			cluster.Needs = set.Needs
			b.ReportAllocs()
			for b.Loop() {
				cluster.RBACChanged() // nothing that was made of the role before is remembered
				target, _, err := cluster.Target(context.Background(), c.target)
				if err != nil || target == nil {
					b.Fatalf("read %s: %v", c.target, err)
				}
				target.Object.Target = c.target
				judgement.Judge(set, &target.Object, nil, time.Time{})
			}
		})
	}
}

func allowing(resource string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		Verbs: []string{"get", "create", "update"}, APIGroups: []string{""}, Resources: []string{resource}, ResourceNames: names,
	}
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("s%d", i)
	}
	return all
}

// crowd is a role, bindings of it in as many namespaces, and the ServiceAccounts that each of them names.
func crowd(bindings, subjects, rules int, rule func(int) rbacv1.PolicyRule) []client.Object {
	large := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "large"}}
	for i := range rules {
		large.Rules = append(large.Rules, rule(i))
	}
	objects := []client.Object{large}
	var named []rbacv1.Subject
	for i := range subjects {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("a%d", i)}}
		objects = append(objects, account)
		named = append(named, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name})
	}
	for i := range bindings {
		objects = append(objects, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("n%d", i), Name: "b"}, Subjects: named,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: large.Name},
		})
	}
	return objects
}

// leastPrivilege declares the rules on permissions that look at rules, and two ceilings of 32 rules that hold little of them.
func leastPrivilege(b *testing.B) *baseline.Set {
	b.Helper()
	const no = v1alpha1.RuleForbidden
	sb := v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "least-privilege"}, Spec: v1alpha1.SecurityBaselineSpec{RBAC: v1alpha1.RBAC{
		Wildcards: no, Anonymous: no, AllAuthenticated: no, DefaultServiceAccounts: no, Secrets: no, PodExec: no, CreateWorkloads: no,
		Escalate: no, Bind: no, Impersonate: no, ModifyRBAC: no, NodeProxy: no, PersistentVolumes: no, ApproveCertificates: no,
		AdmissionWebhooks: no, TokenRequests: no, DanglingBindings: no, BuiltinRoles: v1alpha1.RuleUnmodified,
		ClusterAdmin: &v1alpha1.ClusterAdmin{},
	}}}
	for i := range 2 {
		ceiling := v1alpha1.PermissionCeiling{Subjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.ServiceAccountKind, Name: "*"}}}
		for j := range 32 {
			rule := allowing(fmt.Sprintf("things%d", i*32+j))
			ceiling.Rules = append(ceiling.Rules, v1alpha1.PermissionRule{Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources})
		}
		sb.Spec.RBAC.PermissionCeilings = append(sb.Spec.RBAC.PermissionCeilings, ceiling)
	}
	var set *baseline.Set
	set = set.Update([]v1alpha1.SecurityBaseline{sb}, checks.All())
	if frozen := set.All()[0].Frozen; frozen != "" {
		b.Fatal(frozen)
	}
	return set
}
