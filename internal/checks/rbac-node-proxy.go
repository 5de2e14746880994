package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-node-proxy",
	Title: "Access to kubelets",
	Description: "Who may use nodes/proxy talks to the kubelet of every node, through the API server or directly: he runs commands in every pod, " +
		"past admission and the audit log, and get is enough for it, because a WebSocket is opened by a GET. " +
		"The finer subresources, such as nodes/metrics, nodes/pods, nodes/healthz and nodes/log, only read, and are not found.",
	Remediation: "Grant nodes/metrics, nodes/stats, nodes/log, nodes/pods, nodes/healthz or nodes/configz in the place of nodes/proxy: since " +
		"Kubernetes v1.33 monitoring needs no more.",
	Severity: v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		cis("5.1.10 Minimize access to the proxy sub-resource of nodes"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.NodeProxy == v1alpha1.RuleForbidden
	},
	Run: runRBACNodeProxy,
})

// The kubelet has a verb for each HTTP method. All of exec, run, attach, portForward and containerLogs are nodes/proxy: there is
// no nodes/exec. The others in v1.36 are checkpoint, configz, healthz, log, metrics, pods, stats and statusz. They enter no pod:
// a checkpoint, the only one that writes, stays on the node.
//
// Source: pkg/kubelet/server/auth.go of Kubernetes.
var kubeletAccess = capable(rbac.Capability{
	Verbs: []string{"get", "create", "update", "patch", "delete"}, Resources: []string{"nodes/proxy"},
})

func runRBACNodeProxy(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityCritical, kubeletAccess)
}
