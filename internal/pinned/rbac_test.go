package pinned_test

import (
	"fmt"
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

func role(rules string) string {
	return "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {namespace: shop, name: api}, rules: " + rules + "}"
}

func clusterRole(meta, rest string) string {
	return fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader, %s}, %s}", meta, rest)
}

func roleBinding(roleRef, subjects string) string {
	return fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {namespace: shop, name: api}, "+
		"roleRef: %s, subjects: %s}", roleRef, subjects)
}

const (
	getPods   = "{apiGroups: [''], resources: [pods], verbs: [get]}"
	listPods  = "{apiGroups: [''], resources: [pods], verbs: [list]}"
	bothPods  = "{apiGroups: [''], resources: [pods], verbs: [list, get]}"
	secrets   = "{apiGroups: [''], resources: [secrets], verbs: [get]}"
	toReader  = "{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}"
	someone   = "{kind: User, name: someone, apiGroup: rbac.authorization.k8s.io}"
	anAccount = "{kind: ServiceAccount, namespace: shop, name: api}"
)

func TestRolesAreComparedByWhatTheyAllow(t *testing.T) {
	const everything = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}"
	gathers := clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}")
	run(t, []story{
		{name: "rules are split and in another order", declared: role("[" + secrets + "," + bothPods + "]"), live: role("[" + listPods + "," + getPods + "," + secrets + "]")},
		{name: "a rule says what another allows anyway", declared: role("[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]"), live: role("[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}," + getPods + "]")},
		{name: "no rules at all", declared: role("[]"), live: role("null")},
		{name: "a permission is gained", declared: role("[" + getPods + "]"), live: role("[" + getPods + "," + secrets + "]"), want: []string{"rules: get secrets"}},
		{name: "a permission is lost", declared: role("[" + getPods + "," + secrets + "]"), live: role("[" + getPods + "]"), want: []string{"~rules: get secrets"}},
		{
			name: "one is gained and one lost", declared: role("[" + getPods + "]"), live: role("[" + secrets + "]"),
			want: []string{"~rules: get pods", "rules: get secrets"},
		},
		{name: "more is free where it is contained", match: pinned.Contains, declared: role("[" + getPods + "]"), live: role("[" + bothPods + "," + secrets + "]")},
		{name: "less is not", match: pinned.Contains, declared: role("[" + bothPods + "]"), live: role("[" + getPods + "]"), want: []string{"~rules: list pods"}},
		{name: "rules that are absent are free", match: pinned.Contains, declared: clusterRole("", ""), live: clusterRole("", "rules: ["+secrets+"]")},
		{name: "rules that are absent are none", declared: clusterRole("", ""), live: clusterRole("", "rules: ["+secrets+"]"), want: []string{"rules: get secrets"}},
		{
			name:     "rules that are gathered are free",
			declared: clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}"),
			live:     clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]}, rules: ["+secrets+"]"),
		},
		{
			name:     "gathered rules that are declared are not",
			declared: clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: ["+getPods+"]"),
			live:     clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: ["+getPods+","+secrets+"]"),
			want:     []string{"rules: get secrets"},
		},
		{
			name:     "rules that were gathered and are so no longer",
			declared: gathers, live: clusterRole("", "rules: ["+everything+"]"),
			want: []string{"aggregationRule: missing", "~aggregationRule.clusterRoleSelectors: a=b", "rules: * *.*"},
		},
		{
			name: "contained rules that are gathered no longer", match: pinned.Contains,
			declared: gathers, live: clusterRole("", "rules: ["+everything+"]"),
			want: []string{"aggregationRule: missing", "~aggregationRule.clusterRoleSelectors: a=b"},
		},
		{
			name: "rules that are absent are free, gathered or not", match: pinned.Contains,
			declared: clusterRole("", ""), live: clusterRole("", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: ["+secrets+"]"),
		},
		{
			name:     "more roles are gathered from",
			declared: clusterRole("", "rules: []"), live: clusterRole("", "aggregationRule: {clusterRoleSelectors: [{}]}"),
			want: []string{"aggregationRule.clusterRoleSelectors: everything"},
		},
		{
			name:     "a built-in role takes up the rules",
			declared: clusterRole("", "rules: []"), live: clusterRole("labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true', app: x}", "rules: []"),
			want: []string{"metadata.labels[rbac.authorization.k8s.io/aggregate-to-view]: true"},
		},
		{
			name:     "another role takes up the rules",
			declared: clusterRole("labels: {app: x}", "rules: []"), live: clusterRole("labels: {rbac.example.com/aggregate-to-monitoring: 'true', app: z}", "rules: []"),
			want: []string{"metadata.labels[rbac.example.com/aggregate-to-monitoring]: true"},
		},
		{
			name:     "a label that says that none does",
			declared: clusterRole("", "rules: []"), live: clusterRole("labels: {rbac.example.com/aggregate-to-monitoring: 'false'}", "rules: []"),
		},
		{
			name:     "no role takes up the rules any more",
			declared: clusterRole("labels: {rbac.example.com/aggregate-to-monitoring: 'true'}", "rules: []"), live: clusterRole("", "rules: []"),
			want: []string{"~metadata.labels[rbac.example.com/aggregate-to-monitoring]: true"},
		},
	})
}

func TestBindingsAreComparedByRoleAndSubjects(t *testing.T) {
	cluster := "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: admins}, roleRef: {kind: ClusterRole, name: %s}, subjects: [%s]}"
	run(t, []story{
		{
			name:     "subjects are spelled differently",
			declared: roleBinding(toReader, "["+someone+", {kind: ServiceAccount, name: api}]"),
			live:     roleBinding("{kind: Role, name: reader}", "[{kind: User, name: 'system:serviceaccount:shop:api'}, "+anAccount+", {kind: User, name: someone}]"),
		},
		{
			name:     "a subject is added",
			declared: roleBinding(toReader, "["+anAccount+"]"), live: roleBinding(toReader, "["+anAccount+","+someone+"]"),
			want: []string{"subjects: User someone"},
		},
		{
			name:     "a subject is removed",
			declared: roleBinding(toReader, "["+anAccount+","+someone+"]"), live: roleBinding(toReader, "["+anAccount+"]"),
			want: []string{"~subjects: User someone"},
		},
		{
			name:     "another role of the same name",
			declared: roleBinding(toReader, "[]"), live: roleBinding("{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}", "[]"),
			want: []string{"roleRef: ClusterRole reader"},
		},
		{
			name: "a ClusterRoleBinding", declared: fmt.Sprintf(cluster, "view", anAccount), live: fmt.Sprintf(cluster, "cluster-admin", someone),
			want: []string{"roleRef: ClusterRole cluster-admin", "~subjects: ServiceAccount shop/api", "subjects: User someone"},
		},
		{
			name: "more subjects are free where they are contained", match: pinned.Contains,
			declared: roleBinding(toReader, "["+anAccount+"]"), live: roleBinding(toReader, "["+someone+","+anAccount+"]"),
		},
	})
}

func TestServiceAccountsAndNamespaces(t *testing.T) {
	account := "{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: shop, name: api}, %s}"
	namespace := "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {%s}}}"
	const enforce = "pod-security.kubernetes.io/enforce"
	run(t, []story{
		{name: "a token is mounted by default", declared: fmt.Sprintf(account, ""), live: fmt.Sprintf(account, "automountServiceAccountToken: true, secrets: [{name: a}]")},
		{
			name: "a token is mounted", declared: fmt.Sprintf(account, "automountServiceAccountToken: false"), live: fmt.Sprintf(account, ""),
			want: []string{"automountServiceAccountToken: true"},
		},
		{
			name: "a token is no longer mounted", declared: fmt.Sprintf(account, ""), live: fmt.Sprintf(account, "automountServiceAccountToken: false"),
			want: []string{"~automountServiceAccountToken: false"},
		},
		{
			name: "an explicit default is contained", match: pinned.Contains,
			declared: fmt.Sprintf(account, ""), live: fmt.Sprintf(account, "automountServiceAccountToken: false"),
		},
		{
			name:     "labels that the API server and others add",
			declared: fmt.Sprintf(namespace, enforce+": baseline"),
			live:     fmt.Sprintf(namespace, enforce+": baseline, kubernetes.io/metadata.name: shop, team: a"),
		},
		{
			name: "a level that is weaker", declared: fmt.Sprintf(namespace, enforce+": restricted"), live: fmt.Sprintf(namespace, enforce+": baseline"),
			want: []string{"metadata.labels[" + enforce + "]: baseline"},
		},
		{
			name: "a level that is stricter", declared: fmt.Sprintf(namespace, enforce+": baseline"), live: fmt.Sprintf(namespace, enforce+": restricted"),
			want: []string{"~metadata.labels[" + enforce + "]: restricted"},
		},
		{
			name: "a level that is gone", declared: fmt.Sprintf(namespace, enforce+": restricted"), live: fmt.Sprintf(namespace, ""),
			want: []string{"metadata.labels[" + enforce + "]: missing"},
		},
		{
			name: "levels that are new", declared: fmt.Sprintf(namespace, ""), live: fmt.Sprintf(namespace, enforce+": privileged, pod-security.kubernetes.io/warn: restricted"),
			want: []string{"metadata.labels[" + enforce + "]: privileged", "~metadata.labels[pod-security.kubernetes.io/warn]: restricted"},
		},
		{
			name: "a declared label", declared: fmt.Sprintf(namespace, "team: a"), live: fmt.Sprintf(namespace, "team: b"),
			want: []string{"metadata.labels[team]: b"},
		},
	})
}
