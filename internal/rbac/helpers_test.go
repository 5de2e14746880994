package rbac_test

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// rule reads a rule as "verbs groups resources names", each a list with commas. "-" is an empty list, "core" the core group.
func rule(text string) rbacv1.PolicyRule {
	fields := strings.Fields(text)
	list := func(i int) []string {
		if i >= len(fields) || fields[i] == "-" {
			return nil
		}
		words := strings.Split(fields[i], ",")
		for j, word := range words {
			if word == "core" || word == "empty" {
				words[j] = ""
			}
		}
		return words
	}
	return rbacv1.PolicyRule{Verbs: list(0), APIGroups: list(1), Resources: list(2), ResourceNames: list(3)}
}

func rules(texts ...string) []rbacv1.PolicyRule {
	var all []rbacv1.PolicyRule
	for _, text := range texts {
		if verbs, paths, ok := strings.Cut(text, " path "); ok {
			all = append(all, rbacv1.PolicyRule{Verbs: strings.Split(verbs, ","), NonResourceURLs: strings.Split(paths, ",")})
			continue
		}
		all = append(all, rule(text))
	}
	return all
}

func strung(permissions []rbac.Permission) []string {
	var all []string
	for _, p := range permissions {
		all = append(all, p.String())
	}
	return all
}

func role(namespace, name string, texts ...string) *rbac.Role {
	kind := "Role"
	if namespace == "" {
		kind = "ClusterRole"
	}
	return &rbac.Role{Ref: workload.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: namespace, Name: name}, Rules: rules(texts...)}
}

// bind makes a binding; a ClusterRoleBinding where the namespace is empty.
func bind(namespace, name string, to *rbac.Role, subjects ...rbacv1.Subject) *rbac.Binding {
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: to.Ref.Kind, Name: to.Ref.Name}
	if namespace == "" {
		b, _ := rbac.BindingOf(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref, Subjects: subjects})
		return b
	}
	b, _ := rbac.BindingOf(&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, RoleRef: ref, Subjects: subjects})
	return b
}

func account(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

func user(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
}

func group(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: name}
}

// granted is what bindings give to a subject, of which there are these roles.
func granted(subject rbac.Subject, bindings []*rbac.Binding, roles ...*rbac.Role) []rbac.Grant {
	naming := map[rbac.Subject][]*rbac.Binding{}
	for _, binding := range bindings {
		for _, holder := range binding.Holders() {
			naming[holder] = append(naming[holder], binding)
		}
	}
	byRef := map[workload.Ref]*rbac.Role{}
	for _, r := range roles {
		byRef[r.Ref] = r
	}
	grants, _ := rbac.Grants(subject,
		func(key rbac.Subject) ([]*rbac.Binding, error) { return naming[key], nil },
		func(ref workload.Ref) (*rbac.Role, error) { return byRef[ref], nil })
	return grants
}
