package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestARuleOnRBACIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, rbac := range map[string]string{
		"that declares nothing":           `{}`,
		"for no administrator":            `{clusterAdmin: {allowedSubjects: []}}`,
		"for the administrators' group":   `{clusterAdmin: {allowedSubjects: [{kind: Group, name: "system:masters"}]}}`,
		"for a user of an issuer":         `{clusterAdmin: {allowedSubjects: [{kind: User, name: "https://issuer.example.com#jane@example.com"}]}}`,
		"for users by pattern":            `{clusterAdmin: {allowedSubjects: [{kind: User, name: "system:*"}, {kind: User, name: "*@example.com"}]}}`,
		"for a user with blanks":          `{clusterAdmin: {allowedSubjects: [{kind: User, name: "CN=Jürgen Müller, O=Grün & Söhne"}]}}`,
		"for a user with a line break":    `{clusterAdmin: {allowedSubjects: [{kind: User, name: "a\nb"}]}}`,
		"for a user with a very long one": `{clusterAdmin: {allowedSubjects: [{kind: User, name: "` + strings.Repeat("ü", 1024) + `"}]}}`,
		"for a group by its path":         `{clusterAdmin: {allowedSubjects: [{kind: Group, name: "oidc:/teams/shop"}]}}`,
		"for a ServiceAccount anywhere":   `{clusterAdmin: {allowedSubjects: [{kind: ServiceAccount, name: deployer}]}}`,
		"for ServiceAccounts by pattern":  `{clusterAdmin: {allowedSubjects: [{kind: ServiceAccount, namespace: "ops-*", name: "*.deployer"}]}}`,
		"with as many subjects as there may be": `{clusterAdmin: {allowedSubjects: [` +
			numbered(`{kind: ServiceAccount, namespace: ops, name: a-%d}`, 32) + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", "{rbac: "+rbac+"}"), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPermissionCeilingIsAccepted(t *testing.T) {
	c := newClient(t)
	const everySubject = `subjects: [{kind: User, name: "*"}, {kind: Group, name: "*"}, {kind: ServiceAccount, name: "*"}]`
	for name, ceiling := range map[string]string{
		"of nothing":                     everySubject + `, rules: []`,
		"of nothing in some namespaces":  everySubject + `, namespaces: [shop, "team-*", "*"], rules: []`,
		"of everything":                  everySubject + `, rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}, {nonResourceURLs: ["*"], verbs: ["*"]}]`,
		"of pods and what is below them": everySubject + `, rules: [{apiGroups: [""], resources: [pods, pods/log, pods/exec], verbs: [get, create]}]`,
		"of a subresource of everything": everySubject + `, rules: [{apiGroups: ["*"], resources: ["*/scale"], verbs: [get, update]}]`,
		"of a custom resource":           everySubject + `, rules: [{apiGroups: [example.com], resources: [widgets], verbs: [get, sign, manage_all]}]`,
		"of objects by name":             everySubject + `, rules: [{apiGroups: [""], resources: [secrets], resourceNames: ["a:b", "A/b", "x y"], verbs: [get]}]`,
		"of paths":                       everySubject + `, rules: [{nonResourceURLs: [/, /metrics, "/healthz/*", "/api*"], verbs: [get]}]`,
		"of constrained impersonation": everySubject + `, rules: [{apiGroups: [authentication.k8s.io], resources: [users],
			verbs: ["impersonate:user-info", "impersonate-on:user-info:list"]}]`,
		"of impersonation with extra words": everySubject + `, rules: [{apiGroups: [authentication.k8s.io],
			resources: [userextras/example.com/project_1], verbs: [impersonate]}]`,
		"of approvals by a signer": everySubject + `, rules: [{apiGroups: [certificates.k8s.io], resources: [signers],
			resourceNames: ["kubernetes.io/*"], verbs: [approve]}]`,
		"of two rules, one of paths": everySubject + `, rules: [{nonResourceURLs: [/metrics], verbs: [get]}, {apiGroups: [""], resources: [pods], verbs: [get]}]`,
		"with every list of its bound": `subjects: [` + numbered("{kind: User, name: u%d}", 16) + `], namespaces: [` + numbered("n%d", 64) + `],
			rules: [` + strings.Repeat(`{apiGroups: [`+numbered("g%d", 16)+`], resources: [`+numbered("r%d", 32)+`],
			resourceNames: [`+numbered("n%d", 64)+`], verbs: [`+numbered("v%d", 32)+`]}, `, 32) + `]`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{rbac: {permissionCeilings: [{%s}]}}", ceiling)
			if err := c.Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every list is bounded by itself, and the cost of the rules is bounded for all of them together: a baseline for every team
// of a large cluster fits.
func TestManyLargePermissionCeilingsAreAccepted(t *testing.T) {
	rules := strings.Repeat(`{apiGroups: ["", apps, batch], resources: [`+numbered("resources%d", 32)+`], verbs: [get, list, watch]}, `, 32)
	spec := `{rbac: {permissionCeilings: [` +
		numbered(`{subjects: [{kind: ServiceAccount, namespace: team-%d, name: "*"}], rules: [`+rules+`]}`, 32) + `]}}`
	if err := newClient(t).Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// An empty list allows nobody and nothing. Go clients must not lose it.
func TestEveryEmptyListOfPermissionsArrives(t *testing.T) {
	for name, spec := range map[string]v1alpha1.SecurityBaselineSpec{
		"no administrator": {RBAC: v1alpha1.RBAC{ClusterAdmin: &v1alpha1.ClusterAdmin{AllowedSubjects: []v1alpha1.SubjectPattern{}}}},
		"no permission": {RBAC: v1alpha1.RBAC{PermissionCeilings: []v1alpha1.PermissionCeiling{{
			Subjects: []v1alpha1.SubjectPattern{{Kind: "Group", Name: "interns"}}, Rules: []v1alpha1.PermissionRule{},
		}}}},
		"the group of pods": {RBAC: v1alpha1.RBAC{PermissionCeilings: []v1alpha1.PermissionCeiling{{
			Subjects: []v1alpha1.SubjectPattern{{Kind: "Group", Name: "interns"}},
			Rules:    []v1alpha1.PermissionRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}},
		}}}},
	} {
		t.Run(name, func(t *testing.T) { expectWhole(t, spec) })
	}
}
