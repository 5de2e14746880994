package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-create-workload",
	Title: "Creation and change of workloads",
	Description: "Who may create pods, or what makes pods, can run any image as every ServiceAccount of the namespace, with its Secrets mounted, and " +
		"on the node with whatever Pod Security admission lets pass. Who may change a workload does the same with one that is there: " +
		"he replaces its pods, and of a pod itself the image. A Job cannot be changed so, and only its creation counts.",
	Remediation: "Take create, update and patch of pods and of what makes pods out of the role; let a deployment pipeline with a ServiceAccount of " +
		"its own make changes, and nobody else.",
	Severity: v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.1.4 Minimize access to create pods"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.CreateWorkloads == v1alpha1.RuleForbidden
	},
	Run: runRBACCreateWorkload,
})

// The benchmark speaks of create only. A patch of a Deployment gives all that a new Deployment does. Left out are PodTemplates,
// of which nothing makes pods, and scale, which makes more of the same.
var creationOfWorkloads = capable(
	rbac.Capability{Verbs: []string{"create", "update", "patch"}, Resources: []string{"pods", "replicationcontrollers"}},
	rbac.Capability{Verbs: []string{"create", "update", "patch"}, Group: "apps", Resources: []string{"daemonsets", "deployments", "replicasets", "statefulsets"}},
	rbac.Capability{Verbs: []string{"create", "update", "patch"}, Group: "batch", Resources: []string{"cronjobs"}},
	rbac.Capability{Verbs: []string{"create"}, Group: "batch", Resources: []string{"jobs"}},
)

func runRBACCreateWorkload(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityHigh, creationOfWorkloads)
}
