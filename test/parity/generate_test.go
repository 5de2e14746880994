package parity_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// generate writes a world of about so many objects: namespaces, each with workloads, ServiceAccounts, roles, bindings and
// NetworkPolicies, of which some drift in every way that the baselines forbid.
func generate(t *testing.T, file string, seed int64, objects int) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 0))}
	for n := 0; g.written < objects; n++ {
		g.namespace(fmt.Sprintf("parity-%d", n))
	}
	g.cluster()
	if err := os.WriteFile(file, []byte(g.text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

type generator struct {
	*rand.Rand
	text    strings.Builder
	written int
}

func (g *generator) write(format string, args ...any) {
	if g.written > 0 {
		g.text.WriteString("---\n")
	}
	g.written++
	fmt.Fprintf(&g.text, format, args...)
}

// one returns one of several texts.
func (g *generator) one(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g *generator) namespace(name string) {
	g.write("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels: {team: %s%s}\n", name, g.one("a", "b"),
		g.one("", "", ", pod-security.kubernetes.io/enforce: baseline", ", pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted"))
	for i := range 3 {
		g.write("apiVersion: v1\nkind: ServiceAccount\nmetadata: {namespace: %s, name: app-%d}\n%s", name, i,
			g.one("", "automountServiceAccountToken: false\n", "automountServiceAccountToken: true\n"))
	}
	for i := range 8 {
		g.workload(name, fmt.Sprintf("web-%d", i))
	}
	for i := range 3 {
		g.write("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {namespace: %s, name: role-%d}\nrules:\n%s", name, i, g.rules())
		g.binding("RoleBinding", name, fmt.Sprintf("binding-%d", i))
	}
	for i := range g.IntN(4) {
		g.policy(name, fmt.Sprintf("policy-%d", i))
	}
}

func (g *generator) workload(namespace, name string) {
	template := fmt.Sprintf(`    metadata: {labels: {app: %s, tier: %s}}
    spec:
%s      containers:
      - name: app
        image: %s
%s`, name, g.one("front", "back"), g.pod(), g.image(), g.container())
	head := fmt.Sprintf("metadata: {namespace: %s, name: %s}\nspec:\n", namespace, name)
	selects := "  selector: {matchLabels: {app: " + name + "}}\n  template:\n"
	switch kind := g.one("Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"); kind {
	case "Job":
		g.write("apiVersion: batch/v1\nkind: Job\n%s  template:\n%s      restartPolicy: Never\n", head, template)
	case "CronJob":
		template = "    " + strings.ReplaceAll(strings.TrimSuffix(template, "\n"), "\n", "\n    ") + "\n"
		g.write("apiVersion: batch/v1\nkind: CronJob\n%s  schedule: '@daily'\n  jobTemplate:\n    spec:\n      template:\n%s          restartPolicy: Never\n",
			head, template)
	case "ReplicationController":
		g.write("apiVersion: v1\nkind: %s\n%s  selector: {app: %s}\n  template:\n%s", kind, head, name, template)
	default:
		g.write("apiVersion: apps/v1\nkind: %s\n%s%s%s", kind, head, selects, template)
	}
}

func (g *generator) image() string {
	return g.one("registry.example.com/app:1.4", "registry.example.com/app", "docker.io/library/nginx:latest",
		"registry.example.com/app@sha256:"+strings.Repeat("0f", 32))
}

func (g *generator) pod() string {
	return g.one("", "      serviceAccountName: app-0\n", "      serviceAccountName: app-1\n", "      serviceAccountName: app-2\n      automountServiceAccountToken: false\n") +
		g.one("", "", "      hostPID: true\n", "      hostNetwork: true\n", "      hostUsers: false\n", "      shareProcessNamespace: true\n") +
		g.one("", "      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n", "      securityContext: {runAsUser: 0}\n",
			"      securityContext: {runAsUser: 2000, sysctls: [{name: kernel.msgmax, value: \"1\"}]}\n") +
		g.one("", "", "      volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}]\n", "      volumes: [{name: v, emptyDir: {}}]\n")
}

func (g *generator) container() string {
	return g.one("", "        securityContext: {privileged: true}\n",
		"        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 2000, capabilities: {drop: [ALL]}}\n",
		"        securityContext: {capabilities: {add: [NET_ADMIN, SYS_TIME], drop: [ALL]}, procMount: Default}\n",
		"        securityContext: {seLinuxOptions: {type: spc_t}, seccompProfile: {type: Unconfined}}\n") +
		g.one("", "        resources: {limits: {memory: 64Mi}, requests: {cpu: 10m, memory: 64Mi}}\n", "        resources: {requests: {cpu: 10m}}\n") +
		g.one("", "        ports: [{containerPort: 8080, hostPort: 8080}]\n", "        ports: [{name: http, containerPort: 80}]\n") +
		g.one("", "", "        env: [{name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n")
}

func (g *generator) rules() string {
	rules := []string{
		`{apiGroups: [""], resources: [configmaps], verbs: [get, list]}`, `{apiGroups: [""], resources: [secrets], verbs: [get, watch]}`,
		`{apiGroups: [""], resources: [pods, pods/exec], verbs: [create, get]}`, `{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`,
		`{apiGroups: [apps], resources: ["*"], verbs: [patch]}`, `{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [bind, escalate, create]}`,
		`{apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate]}`, `{apiGroups: [""], resources: [secrets], resourceNames: [one], verbs: [get]}`,
		`{apiGroups: [""], resources: ["*/exec"], verbs: [create]}`, `{apiGroups: [""], resources: [nodes/proxy], verbs: [get]}`,
	}
	text := ""
	for range 1 + g.IntN(3) {
		text += "- " + g.one(rules...) + "\n"
	}
	return text
}

func (g *generator) binding(kind, namespace, name string) {
	where := "name: " + name
	role := g.one("{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:controller:clusterrole-aggregation-controller'}", "{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: parity-role}",
		"{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}")
	if namespace != "" {
		where = "namespace: " + namespace + ", " + where
		role = g.one(role, fmt.Sprintf("{apiGroup: rbac.authorization.k8s.io, kind: Role, name: role-%d}", g.IntN(4)))
	}
	account := g.one("app-0", "app-1", "app-2", "missing", "default")
	subject := g.one(fmt.Sprintf("{kind: ServiceAccount, namespace: parity-0, name: %s}", account), "{kind: User, apiGroup: rbac.authorization.k8s.io, name: parity-jane}",
		"{kind: Group, apiGroup: rbac.authorization.k8s.io, name: \"system:unauthenticated\"}")
	if namespace != "" {
		subject = g.one(fmt.Sprintf("{kind: ServiceAccount, namespace: %s, name: %s}", namespace, account), subject)
	}
	g.write("apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {%s}\nroleRef: %s\nsubjects: [%s]\n", kind, where, role, subject)
}

func (g *generator) policy(namespace, name string) {
	g.write("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: %s, name: %s}\nspec:\n  podSelector: %s\n%s", namespace, name,
		g.one("{}", "{matchLabels: {tier: front}}", "{matchLabels: {tier: none}}", "{matchLabels: {batch.kubernetes.io/job-name: web-1}}", "{matchLabels: {job-name: web-2}}"),
		g.one("  policyTypes: [Ingress]\n", "  policyTypes: [Ingress, Egress]\n", "  policyTypes: [Egress]\n  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]\n",
			"  policyTypes: [Ingress]\n  ingress: [{}]\n", "  policyTypes: [Egress]\n  egress: [{ports: [{port: 53, protocol: UDP}]}]\n"))
}

func (g *generator) cluster() {
	g.write("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: parity-role}\nrules:\n%s", g.rules())
	for i := range 4 {
		g.binding("ClusterRoleBinding", "", fmt.Sprintf("parity-binding-%d", i))
	}
}
