package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-pod-exec",
	Title: "Entry into running pods",
	Description: "Who may enter pods by exec, attach or an ephemeral container runs commands in them, and has their files, their environment " +
		"and the tokens of their ServiceAccounts. By portforward he reaches ports that no network policy opens to him. " +
		"get counts as create does: up to Kubernetes v1.34 it is enough, because a WebSocket is opened by a GET.",
	Remediation: "Take pods/exec, pods/attach, pods/portforward and pods/ephemeralcontainers out of the role; grant them for the time of an " +
		"incident only, in one namespace.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.PodExec == v1alpha1.RuleForbidden
	},
	Run: runRBACPodExec,
})

// Of a list or a watch of pods/exec the API server knows nothing, and an ephemeral container is added by a change of the pod.
// Source: pkg/registry/core/pod/rest of Kubernetes; feature gate AuthorizePodWebsocketUpgradeCreatePermission.
var entryIntoPods = capable(
	rbac.Capability{Verbs: []string{"create", "get"}, Resources: []string{"pods/exec", "pods/attach", "pods/portforward"}},
	rbac.Capability{Verbs: []string{"update", "patch"}, Resources: []string{"pods/ephemeralcontainers"}},
)

func runRBACPodExec(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityHigh, entryIntoPods)
}
