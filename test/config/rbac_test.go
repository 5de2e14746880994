package config_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

// reading are the verbs that change nothing.
var reading = []string{"get", "list", "watch"}

// TestTheManagerHoldsExactlyTheseWritePermissions is the operator's promise: it writes its own kinds, Events, its lease
// and questions about permissions. It changes nothing else.
func TestTheManagerHoldsExactlyTheseWritePermissions(t *testing.T) {
	writes := map[string][]string{}
	for name, rules := range rolesOf(t, manager) {
		for _, p := range permissions(rules) {
			if !slices.Contains(reading, p.verb) {
				writes[name] = append(writes[name], p.String())
			}
		}
	}
	want := map[string][]string{
		"ClusterRole/plumbline-manager": {
			"create authentication.k8s.io/tokenreviews",
			"create authorization.k8s.io/selfsubjectaccessreviews",
			"create authorization.k8s.io/subjectaccessreviews",
			"create events.k8s.io/events",
			"patch events.k8s.io/events",
			"create plumbline.dev/driftreports",
			"delete plumbline.dev/driftreports",
			"update plumbline.dev/driftreports",
			"patch plumbline.dev/securitybaselines/status",
		},
		// In its own namespace, for leader election, which still tells of itself through the core Events.
		"Role/plumbline-manager": {
			"create /events",
			"patch /events",
			"create coordination.k8s.io/leases",
			"patch coordination.k8s.io/leases plumbline.plumbline.dev",
			"update coordination.k8s.io/leases plumbline.plumbline.dev",
		},
	}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheManagerReadsExactlyTheseKinds(t *testing.T) {
	reads := map[string][]string{}
	for name, rules := range rolesOf(t, manager) {
		for _, p := range permissions(rules) {
			if slices.Contains(reading, p.verb) {
				reads[name] = append(reads[name], p.on())
			}
		}
		reads[name] = slices.Compact(reads[name])
	}
	want := map[string][]string{
		"ClusterRole/plumbline-manager": {
			"/namespaces", "/pods", "/replicationcontrollers", "/serviceaccounts",
			"admissionregistration.k8s.io/mutatingadmissionpolicies", "admissionregistration.k8s.io/mutatingadmissionpolicybindings",
			"admissionregistration.k8s.io/mutatingwebhookconfigurations",
			"admissionregistration.k8s.io/validatingadmissionpolicies", "admissionregistration.k8s.io/validatingadmissionpolicybindings",
			"admissionregistration.k8s.io/validatingwebhookconfigurations",
			"apiextensions.k8s.io/customresourcedefinitions",
			"apps/daemonsets", "apps/deployments", "apps/replicasets", "apps/statefulsets",
			"batch/cronjobs", "batch/jobs",
			"cilium.io/ciliumclusterwidenetworkpolicies", "cilium.io/ciliumnetworkpolicies",
			"crd.projectcalico.org/globalnetworkpolicies", "crd.projectcalico.org/networkpolicies",
			"projectcalico.org/globalnetworkpolicies", "projectcalico.org/networkpolicies",
			"kyverno.io/clusterpolicies", "kyverno.io/policies",
			"networking.k8s.io/networkpolicies",
			"plumbline.dev/driftreports", "plumbline.dev/securitybaselines",
			"policies.kyverno.io/imagevalidatingpolicies", "policies.kyverno.io/mutatingpolicies", "policies.kyverno.io/validatingpolicies",
			"policy.networking.k8s.io/adminnetworkpolicies", "policy.networking.k8s.io/baselineadminnetworkpolicies",
			"policy.networking.k8s.io/clusternetworkpolicies",
			"rbac.authorization.k8s.io/clusterrolebindings", "rbac.authorization.k8s.io/clusterroles",
			"rbac.authorization.k8s.io/rolebindings", "rbac.authorization.k8s.io/roles",
			"templates.gatekeeper.sh/constrainttemplates",
		},
		"Role/plumbline-manager": {"coordination.k8s.io/leases plumbline.plumbline.dev"},
	}
	if diff := cmp.Diff(want, reads); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoRoleHoldsMoreThanItsPart(t *testing.T) {
	for name, rules := range allRoles(t) {
		for _, p := range permissions(rules) {
			if strings.Contains(p.String(), "*") {
				t.Errorf("%s: a wildcard: %s", name, p)
			}
			if p.resource == "secrets" || p.resource == "configmaps" {
				t.Errorf("%s: %s", name, p)
			}
			if path.Base(name) != manager && p.group != "plumbline.dev" && p.url == "" {
				t.Errorf("%s is for people, who need of us no more than our kinds: %s", name, p)
			}
		}
	}
}

// The built-in view, edit and admin belong to the tenants of a namespace. A tenant who could write reports could hide
// drift, and one who could write baselines could switch it off for everybody.
func TestTheBuiltInRolesGainTheReadingOfReportsOnly(t *testing.T) {
	var got []string
	for _, role := range all[rbacv1.ClusterRole](t, render(t, "default"), "ClusterRole") {
		for label := range role.Labels {
			if !strings.HasPrefix(label, "rbac.authorization.k8s.io/aggregate-to-") {
				continue
			}
			for _, p := range permissions(role.Rules) {
				got = append(got, strings.TrimPrefix(label, "rbac.authorization.k8s.io/aggregate-to-")+": "+p.String())
			}
		}
	}
	var want []string
	for _, role := range []string{"admin", "edit", "view"} {
		for _, verb := range reading {
			want = append(want, role+": "+verb+" plumbline.dev/driftreports")
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPermissionsAreBoundToTheManagerOnly(t *testing.T) {
	objects := render(t, "default")
	want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: manager, Namespace: namespace}}
	for _, b := range all[rbacv1.ClusterRoleBinding](t, objects, "ClusterRoleBinding") {
		if diff := cmp.Diff(want, b.Subjects); diff != "" {
			t.Errorf("ClusterRoleBinding %s (-want +got):\n%s", b.Name, diff)
		}
	}
	for _, b := range all[rbacv1.RoleBinding](t, objects, "RoleBinding") {
		if diff := cmp.Diff(want, b.Subjects); diff != "" {
			t.Errorf("RoleBinding %s (-want +got):\n%s", b.Name, diff)
		}
	}
}

// permission is one verb on one thing.
type permission struct {
	group, resource, name, url, verb string
}

func (p permission) on() string {
	if p.url != "" {
		return p.url
	}
	return strings.TrimSpace(fmt.Sprintf("%s/%s %s", p.group, p.resource, p.name))
}

func (p permission) String() string { return p.verb + " " + p.on() }

// permissions takes rules apart, in the order of group, resource and verb within each rule.
func permissions(rules []rbacv1.PolicyRule) []permission {
	var found []permission
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			for _, url := range rule.NonResourceURLs {
				found = append(found, permission{url: url, verb: verb})
			}
		}
		found = append(found, resourcePermissions(rule)...)
	}
	return found
}

func resourcePermissions(rule rbacv1.PolicyRule) []permission {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var found []permission
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, name := range names {
				for _, verb := range rule.Verbs {
					found = append(found, permission{group: group, resource: resource, name: name, verb: verb})
				}
			}
		}
	}
	return found
}

// allRoles returns the rules of every role, by kind and name.
func allRoles(t *testing.T) map[string][]rbacv1.PolicyRule {
	t.Helper()
	objects := render(t, "default")
	roles := map[string][]rbacv1.PolicyRule{}
	for _, r := range all[rbacv1.ClusterRole](t, objects, "ClusterRole") {
		roles["ClusterRole/"+r.Name] = r.Rules
	}
	for _, r := range all[rbacv1.Role](t, objects, "Role") {
		roles["Role/"+r.Name] = r.Rules
	}
	return roles
}

// rolesOf returns the rules of the roles that are bound to the ServiceAccount.
func rolesOf(t *testing.T, account string) map[string][]rbacv1.PolicyRule {
	t.Helper()
	objects := render(t, "default")
	bound := map[string]bool{}
	mark := func(subjects []rbacv1.Subject, ref rbacv1.RoleRef) {
		for _, s := range subjects {
			bound[ref.Kind+"/"+ref.Name] = bound[ref.Kind+"/"+ref.Name] || s.Name == account
		}
	}
	for _, b := range all[rbacv1.ClusterRoleBinding](t, objects, "ClusterRoleBinding") {
		mark(b.Subjects, b.RoleRef)
	}
	for _, b := range all[rbacv1.RoleBinding](t, objects, "RoleBinding") {
		mark(b.Subjects, b.RoleRef)
	}
	roles := allRoles(t)
	maps.DeleteFunc(roles, func(name string, _ []rbacv1.PolicyRule) bool { return !bound[name] })
	return roles
}
