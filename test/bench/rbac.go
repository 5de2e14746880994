package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/workload"
)

// In each namespace of the RBAC scenario. Of 200 namespaces they make 4,800 Roles, 9,600 RoleBindings and 2,800
// ServiceAccounts; beside them are 200 ClusterRoles, 400 ClusterRoleBindings, 180 users and 20 groups.
const (
	teamAccounts = 14
	teamRoles    = 24
	teamBindings = 48
	teamApps     = 2 // Deployments, each with a ServiceAccount of its own
	debugRole    = "debug"
)

// rbacScenario is 5,000 roles and 10,000 bindings of 3,000 subjects in 200 namespaces. One binding is made and deleted, in
// turns, by which a ServiceAccount gains the right to enter pods, and loses it.
func rbacScenario(scale float64) *scenario {
	t := teams{namespaces: scaled(200, scale), wideRoles: scaled(200, scale), wideBindings: scaled(400, scale), users: scaled(180, scale),
		groups: scaled(20, scale)}
	s := &scenario{
		name:      "roles and bindings",
		baselines: []*v1alpha1.SecurityBaseline{leastPrivilege()},
		ground:    [][]client.Object{t.namespaceObjects(), t.runners()},
		load:      [][]client.Object{t.roles(), t.bindings()},
		bare:      true,
		changes:   200,
		change:    t.debug,
	}
	s.sizes = map[string]int{"namespaces": t.namespaces, "roles": len(s.load[0]), "bindings": len(s.load[1]),
		"subjects": t.namespaces*teamAccounts + t.users + t.groups, "deployments": t.namespaces * teamApps}
	return s
}

func scaled(n int, scale float64) int { return max(1, int(float64(n)*scale)) }

// leastPrivilege declares every rule on permissions, and what the ServiceAccounts of applications may hold at most.
func leastPrivilege() *v1alpha1.SecurityBaseline {
	const no = v1alpha1.RuleForbidden
	return &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: "least-privilege"},
		Spec: v1alpha1.SecurityBaselineSpec{RBAC: v1alpha1.RBAC{
			Wildcards: no, Anonymous: no, AllAuthenticated: no, DefaultServiceAccounts: no, Secrets: no, PodExec: no,
			CreateWorkloads: no, Escalate: no, Bind: no, Impersonate: no, ModifyRBAC: no, NodeProxy: no, PersistentVolumes: no,
			ApproveCertificates: no, AdmissionWebhooks: no, TokenRequests: no, DanglingBindings: no,
			BuiltinRoles: v1alpha1.RuleUnmodified,
			ClusterAdmin: &v1alpha1.ClusterAdmin{AllowedSubjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.GroupKind, Name: "system:masters"}}},
			PermissionCeilings: []v1alpha1.PermissionCeiling{{
				Subjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.ServiceAccountKind, Namespace: "team-*", Name: "account-*"}},
				Rules: []v1alpha1.PermissionRule{
					{APIGroups: []string{""}, Resources: []string{"configmaps", "pods", "pods/log", "services", "nodes", "events"},
						Verbs: []string{"get", "list", "watch", "create", "patch"}},
					{APIGroups: []string{"apps", "batch", "networking.k8s.io", "example.com"}, Resources: []string{"*"},
						Verbs: []string{"get", "list", "watch"}},
				},
			}},
		}},
	}
}

// teams is what the RBAC scenario consists of.
type teams struct{ namespaces, wideRoles, wideBindings, users, groups int }

func teamOf(i int) string                 { return fmt.Sprintf("team-%03d", i) }
func accountOf(i int) string              { return fmt.Sprintf("account-%02d", i) }
func roleOf(i int) string                 { return fmt.Sprintf("role-%02d", i) }
func wideRoleOf(i int) string             { return fmt.Sprintf("wide-%03d", i) }
func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func in(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func (t teams) namespaceObjects() []client.Object {
	objects := make([]client.Object, t.namespaces)
	for i := range objects {
		objects[i] = &corev1.Namespace{ObjectMeta: named(teamOf(i))}
	}
	return objects
}

// runners are the ServiceAccounts, and the Deployments that run as some of them.
func (t teams) runners() []client.Object {
	var objects []client.Object
	for i := range t.namespaces {
		for j := range teamAccounts {
			objects = append(objects, &corev1.ServiceAccount{ObjectMeta: in(teamOf(i), accountOf(j))})
		}
		for j := range teamApps {
			app := deployment(j, false)
			app.Namespace, app.Spec.Template.Spec.ServiceAccountName = teamOf(i), accountOf(j)
			objects = append(objects, app)
		}
	}
	return objects
}

func reading(group string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"get", "list", "watch"}}
}

// roles are the Roles of each namespace, of which the first lets enter pods and in every fifth namespace the second read
// Secrets, and the ClusterRoles, of which every fiftieth does.
func (t teams) roles() []client.Object {
	var objects []client.Object
	for i := range t.namespaces {
		for j := range teamRoles {
			role := &rbacv1.Role{ObjectMeta: in(teamOf(i), roleOf(j)), Rules: []rbacv1.PolicyRule{
				reading("", "configmaps", "services"), reading("apps", "deployments", "statefulsets"),
				{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
			}}
			switch {
			case j == 0:
				role.Name = debugRole
				role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}})
			case j == 1 && i%5 == 0:
				role.Rules = append(role.Rules, reading("", "secrets"))
			}
			objects = append(objects, role)
		}
	}
	for i := range t.wideRoles {
		role := &rbacv1.ClusterRole{ObjectMeta: named(wideRoleOf(i)), Rules: []rbacv1.PolicyRule{
			reading("", "nodes", "pods"), reading("example.com", fmt.Sprintf("things%d", i)),
		}}
		if i%50 == 7 {
			role.Rules = append(role.Rules, reading("", "secrets"))
		}
		objects = append(objects, role)
	}
	return objects
}

// bindings are the RoleBindings of each namespace, and the ClusterRoleBindings. Most grant to a ServiceAccount, some to a
// user or a group besides; the role debug is bound to groups alone. A fourth of the RoleBindings bind ClusterRole view, as they
// do where people use the roles that Kubernetes brings.
func (t teams) bindings() []client.Object {
	var objects []client.Object
	for i := range t.namespaces {
		for j := range teamBindings {
			objects = append(objects, t.binding(i, j))
		}
	}
	for i := range t.wideBindings {
		binding := &rbacv1.ClusterRoleBinding{ObjectMeta: named(fmt.Sprintf("wide-%03d", i)), RoleRef: clusterRole(wideRoleOf(i % t.wideRoles))}
		switch i % 3 {
		case 0:
			binding.Subjects = []rbacv1.Subject{group(i % t.groups)}
		case 1:
			binding.Subjects = []rbacv1.Subject{user(i % t.users), user((i + 7) % t.users)}
		default:
			binding.Subjects = []rbacv1.Subject{serviceAccount(teamOf(i%t.namespaces), accountOf(teamApps+i%(teamAccounts-teamApps)))}
		}
		objects = append(objects, binding)
	}
	return objects
}

func (t teams) binding(i, j int) *rbacv1.RoleBinding {
	binding := &rbacv1.RoleBinding{
		ObjectMeta: in(teamOf(i), fmt.Sprintf("binding-%02d", j)), RoleRef: role(roleOf(j % teamRoles)),
		Subjects: []rbacv1.Subject{serviceAccount(teamOf(i), accountOf(j%teamAccounts))},
	}
	switch {
	case j%teamRoles == 0:
		binding.RoleRef, binding.Subjects = role(debugRole), []rbacv1.Subject{group((i + j) % t.groups)}
	case j%teamRoles == 1: // what may read Secrets in some namespaces; nothing that runs
		binding.Subjects = []rbacv1.Subject{serviceAccount(teamOf(i), accountOf(teamAccounts-1))}
	case j%8 == 3:
		binding.Subjects = append(binding.Subjects, user((i*teamBindings+j)%t.users))
	case j%16 == 5:
		binding.Subjects = append(binding.Subjects, group((i+j)%t.groups))
	case j%4 == 2:
		binding.RoleRef = clusterRole("view")
	}
	return binding
}

func role(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}
}

func clusterRole(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}

func serviceAccount(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

func user(i int) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: fmt.Sprintf("user-%03d", i)}
}

func group(i int) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: fmt.Sprintf("group-%02d", i)}
}

// debug binds the role debug to the ServiceAccount of an application, or deletes that binding again. It touches the binding
// while there is one, the role, the ServiceAccount and the Deployment that runs as it; the last two are reported on.
func (t teams) debug(ctx context.Context, c client.Client, i int) (effect, error) {
	namespace, account := teamOf(i/2%t.namespaces), accountOf(0)
	binding := &rbacv1.RoleBinding{
		ObjectMeta: in(namespace, "debug-now"), RoleRef: role(debugRole), Subjects: []rbacv1.Subject{serviceAccount(namespace, account)},
	}
	e := effect{reports: []workload.Ref{
		{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account},
		{Group: appsv1.GroupName, Kind: "Deployment", Namespace: namespace, Name: nameOf(0)},
	}}
	var err error
	if i%2 == 0 {
		e.touched, e.state = 4, v1alpha1.StateDrifted
		err = c.Create(ctx, binding)
	} else {
		e.touched, e.state = 3, v1alpha1.StateResolved
		err = c.Delete(ctx, binding)
	}
	e.acknowledged = now()
	return e, err
}
