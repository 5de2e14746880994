package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

var _ = register(engine.Check{
	ID:    "rbac-persistent-volume",
	Title: "Creation and change of PersistentVolumes",
	Description: "Who may create PersistentVolumes makes one of a hostPath, and mounts any file of a node through a claim, which Pod Security " +
		"admission does not look behind. Who may change them gives the volume of another namespace to a claim of his own.",
	Remediation: "Take create, update and patch of persistentvolumes out of the role; let users make PersistentVolumeClaims, and a provisioner the volumes.",
	Severity:    v1alpha1.SeverityHigh,
	Controls: []engine.Control{
		cis("5.1.9 Minimize access to create persistent volumes"),
		nsa("Role-based access control"),
	},
	Judges: holders,
	Needs:  []engine.Need{engine.NeedRBAC},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.RBAC.PersistentVolumes == v1alpha1.RuleForbidden
	},
	Run: runRBACPersistentVolume,
})

// What a volume is made of cannot be changed, but its claimRef can.
var writingOfVolumes = capable(rbac.Capability{
	Verbs: []string{"create", "update", "patch"}, Resources: []string{"persistentvolumes"},
})

func runRBACPersistentVolume(in *engine.Input) []engine.Finding {
	return judgePermissions(in, v1alpha1.SeverityHigh, writingOfVolumes)
}
