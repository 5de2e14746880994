package v1alpha1_test

import (
	"strings"
	"testing"
)

const (
	subjectMessage      = `namespace is only for a ServiceAccount: users and groups have none`
	resourcesMessage    = `must set either resources, with apiGroups, or nonResourceURLs`
	apiGroupsMessage    = `must set apiGroups with resources, and only with them: "" is the group of pods and secrets`
	namesMessage        = `must set resourceNames only with resources: paths of the API server have no names`
	clusterPathsMessage = `must not set namespaces beside nonResourceURLs: paths of the API server are in no namespace`
	groupMessage        = `must be an API group without its version, such as apps; "" for that of pods and secrets, * for every one`
	roleResourceMessage = `must be a resource as roles spell it: lower case and plural, such as pods, pods/log or */scale; * for every one`
	urlMessage          = `must be a path of the API server, such as /metrics, with * only at its end; * for every path`
	verbMessage         = `must be one verb, such as get or impersonate:user-info; * for every one`
)

// Everything under rbac.
var refusedRBAC = []refused{
	{
		name:  "a permission that is required",
		is:    `{secrets: Required}`,
		wants: []string{`spec.rbac.secrets: Unsupported value: "Required": supported values: "Forbidden"`},
	},
	{
		name:  "built-in roles that are forbidden, though every cluster has them",
		is:    `{builtinRoles: Forbidden}`,
		wants: []string{`spec.rbac.builtinRoles: Unsupported value: "Forbidden": supported values: "Unmodified"`},
	},
	{
		name:  "a rule in the words of a check",
		is:    `{rbac-secrets: Forbidden}`,
		wants: []string{`unknown field "spec.rbac.rbac-secrets"`},
	},
	{
		name:  "an administrator as a plain word, where a list says who may be one",
		is:    `{clusterAdmin: Forbidden}`,
		wants: []string{`spec.rbac.clusterAdmin: Invalid value: "string"`, `must be of type object`},
	},
	{
		name:  "administrators without a list, where an empty one allows nobody",
		is:    `{clusterAdmin: {}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects: Required value`},
	},
	{
		name:  "a subject of a kind that bindings do not have",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: user, name: jane}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].kind: Unsupported value: "user": supported values: "ServiceAccount", "User", "Group"`},
	},
	{
		name:  "a subject that is anybody, because it has no name",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: Group}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].name: Required value`},
	},
	{
		name:  "a subject with an empty name",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: Group, name: ""}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].name`, atLeastOneCharacter},
	},
	{
		name:  "a user of a namespace",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: User, namespace: shop, name: jane}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0]: Invalid value`, subjectMessage},
	},
	{
		name:  "a group of every namespace, which says the same as none",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: Group, namespace: "*", name: admins}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0]: Invalid value`, subjectMessage},
	},
	{
		name:  "a ServiceAccount of a namespace in upper case",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: ServiceAccount, namespace: Shop, name: api}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].namespace: Invalid value: "Shop": ` + namespaceMessage},
	},
	{
		name:  "a ServiceAccount of no namespace",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: ServiceAccount, namespace: "", name: api}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].namespace`, atLeastOneCharacter},
	},
	{
		name:  "a name that is longer than reports can hold",
		is:    `{clusterAdmin: {allowedSubjects: [{kind: User, name: ` + strings.Repeat("a", 1025) + `}]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects[0].name: Too long: may not be more than 1024 bytes`},
	},
	{
		name:  "more administrators than a person knows",
		is:    `{clusterAdmin: {allowedSubjects: [` + numbered("{kind: User, name: u-%d}", 33) + `]}}`,
		wants: []string{`spec.rbac.clusterAdmin.allowedSubjects: Too many: 33: must have at most 32 items`},
	},
	{
		name:  "an empty list of ceilings, under which nobody stands",
		is:    `{permissionCeilings: []}`,
		wants: []string{`spec.rbac.permissionCeilings`, atLeastOneItem},
	},
	{
		name:  "more ceilings than there may be",
		is:    `{permissionCeilings: [` + numbered("{subjects: [{kind: User, name: u-%d}], rules: []}", 33) + `]}`,
		wants: []string{`spec.rbac.permissionCeilings: Too many: 33: must have at most 32 items`},
	},
}

// One ceiling, of user u.
var refusedCeilings = []refused{
	{
		name:  "without subjects",
		is:    `rules: []`,
		wants: []string{`.subjects: Required value`},
	},
	{
		name:  "of nobody",
		is:    `subjects: [], rules: []`,
		wants: []string{`.subjects`, atLeastOneItem},
	},
	{
		name:  "without rules, where an empty list allows nothing",
		is:    `subjects: [{kind: User, name: u}]`,
		wants: []string{`.rules: Required value`},
	},
	{
		name:  "in no namespace",
		is:    `subjects: [{kind: User, name: u}], namespaces: [], rules: []`,
		wants: []string{`.namespaces`, atLeastOneItem},
	},
	{
		name:  "in a namespace by a regular expression",
		is:    `subjects: [{kind: User, name: u}], namespaces: ["shop-.+"], rules: []`,
		wants: []string{`.namespaces[0]: Invalid value: "shop-.+": ` + namespaceMessage},
	},
	{
		name:  "in a namespace twice",
		is:    `subjects: [{kind: User, name: u}], namespaces: [shop, shop], rules: []`,
		wants: []string{`.namespaces[1]: Duplicate value: "shop"`},
	},
	{
		name:  "of paths within namespaces",
		is:    `subjects: [{kind: User, name: u}], namespaces: [shop], rules: [{nonResourceURLs: [/metrics], verbs: [get]}]`,
		wants: []string{`spec.rbac.permissionCeilings[0]: Invalid value`, clusterPathsMessage},
	},
}

// One rule of a ceiling.
var refusedPermissions = []refused{
	{name: "that is empty", is: `{}`, wants: []string{`.rules[0].verbs: Required value`}},
	{name: "on nothing", is: `{verbs: [get]}`, wants: []string{`.rules[0]: Invalid value`, resourcesMessage}},
	{
		name:  "without verbs",
		is:    `{apiGroups: [""], resources: [pods], verbs: []}`,
		wants: []string{`.rules[0].verbs`, atLeastOneItem},
	},
	{
		name:  "on resources and on paths",
		is:    `{apiGroups: [""], resources: [pods], nonResourceURLs: [/metrics], verbs: [get]}`,
		wants: []string{`.rules[0]: Invalid value`, resourcesMessage},
	},
	{
		name:  "on resources of no API group",
		is:    `{resources: [pods], verbs: [get]}`,
		wants: []string{`.rules[0]: Invalid value`, apiGroupsMessage},
	},
	{
		name:  "on an API group alone",
		is:    `{apiGroups: [apps], verbs: [get]}`,
		wants: []string{`.rules[0]: Invalid value`, apiGroupsMessage},
	},
	{
		name:  "on paths of an API group",
		is:    `{apiGroups: [""], nonResourceURLs: [/metrics], verbs: [get]}`,
		wants: []string{`.rules[0]: Invalid value`, apiGroupsMessage},
	},
	{
		name:  "on paths of a name",
		is:    `{nonResourceURLs: [/metrics], resourceNames: [a], verbs: [get]}`,
		wants: []string{`.rules[0]: Invalid value`, namesMessage},
	},
	{
		name:  "on an empty list of resources",
		is:    `{apiGroups: [""], resources: [], verbs: [get]}`,
		wants: []string{`.rules[0].resources`, atLeastOneItem},
	},
	{
		name:  "on an empty list of API groups",
		is:    `{apiGroups: [], resources: [pods], verbs: [get]}`,
		wants: []string{`.rules[0].apiGroups`, atLeastOneItem},
	},
	{
		name:  "on an empty list of names, which would be every name",
		is:    `{apiGroups: [""], resources: [pods], resourceNames: [], verbs: [get]}`,
		wants: []string{`.rules[0].resourceNames`, atLeastOneItem},
	},
	{
		name:  "on the empty name",
		is:    `{apiGroups: [""], resources: [pods], resourceNames: [""], verbs: [get]}`,
		wants: []string{`.rules[0].resourceNames[0]`, atLeastOneCharacter},
	},
	{
		name:  "on an API group with its version",
		is:    `{apiGroups: [apps/v1], resources: [deployments], verbs: [get]}`,
		wants: []string{`.rules[0].apiGroups[0]: Invalid value: "apps/v1": ` + groupMessage},
	},
	{
		name:  "on API groups by a pattern, which roles do not have",
		is:    `{apiGroups: ["*.example.com"], resources: [deployments], verbs: [get]}`,
		wants: []string{`.rules[0].apiGroups[0]: Invalid value: "*.example.com": ` + groupMessage},
	},
	{
		name:  "on a kind",
		is:    `{apiGroups: [""], resources: [Pod], verbs: [get]}`,
		wants: []string{`.rules[0].resources[0]: Invalid value: "Pod": ` + roleResourceMessage},
	},
	{
		name:  "on every subresource of a resource, which roles cannot say",
		is:    `{apiGroups: [""], resources: ["pods/*"], verbs: [get]}`,
		wants: []string{`.rules[0].resources[0]: Invalid value: "pods/*": ` + roleResourceMessage},
	},
	{
		name:  "on resources by a pattern, which roles do not have",
		is:    `{apiGroups: [""], resources: ["pod*"], verbs: [get]}`,
		wants: []string{`.rules[0].resources[0]: Invalid value: "pod*": ` + roleResourceMessage},
	},
	{
		name:  "on two resources in one",
		is:    `{apiGroups: [""], resources: ["pods, secrets"], verbs: [get]}`,
		wants: []string{`.rules[0].resources[0]: Invalid value: "pods, secrets": ` + roleResourceMessage},
	},
	{
		name:  "on a path without its slash",
		is:    `{nonResourceURLs: [metrics], verbs: [get]}`,
		wants: []string{`.rules[0].nonResourceURLs[0]: Invalid value: "metrics": ` + urlMessage},
	},
	{
		name:  "on a path with a pattern in it",
		is:    `{nonResourceURLs: ["/healthz/*/x"], verbs: [get]}`,
		wants: []string{`.rules[0].nonResourceURLs[0]: Invalid value: "/healthz/*/x": ` + urlMessage},
	},
	{
		name:  "of two verbs in one",
		is:    `{apiGroups: [""], resources: [pods], verbs: ["get, list"]}`,
		wants: []string{`.rules[0].verbs[0]: Invalid value: "get, list": ` + verbMessage},
	},
	{
		name:  "of verbs by a pattern, which roles do not have",
		is:    `{apiGroups: [""], resources: [pods], verbs: ["impersonate:*"]}`,
		wants: []string{`.rules[0].verbs[0]: Invalid value: "impersonate:*": ` + verbMessage},
	},
	{
		name:  "of a verb twice",
		is:    `{apiGroups: [""], resources: [pods], verbs: [get, get]}`,
		wants: []string{`.rules[0].verbs[1]: Duplicate value: "get"`},
	},
	{
		name:  "on more resources than a rule may name",
		is:    `{apiGroups: [""], resources: [` + numbered("r%d", 33) + `], verbs: [get]}`,
		wants: []string{`.rules[0].resources: Too many: 33: must have at most 32 items`},
	},
}

func TestARuleOnRBACIsRefused(t *testing.T) {
	expectPartRefused(t, "{rbac: %s}", refusedRBAC)
}

func TestAPermissionCeilingIsRefused(t *testing.T) {
	expectPartRefused(t, "{rbac: {permissionCeilings: [{%s}]}}", refusedCeilings)
}

func TestAPermissionOfACeilingIsRefused(t *testing.T) {
	expectPartRefused(t, "{rbac: {permissionCeilings: [{subjects: [{kind: User, name: u}], rules: [%s]}]}}", refusedPermissions)
}
