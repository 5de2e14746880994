package attribution

import (
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// The managers of tools that apply what is written elsewhere: Argo CD, Flux, Helm, Terraform. A trailing * stands for
// any ending.
var gitOps = []string{
	"argocd-controller", "argocd-application-controller",
	"kustomize-controller", "helm-controller", "flux*",
	"helm", "Helm",
	"terraform*", "Terraform*", "HashiCorp",
}

// The managers of the control plane.
var controlPlane = []string{
	"kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet", "cloud-controller-manager",
}

// Managers are names of field managers by their sort, besides those that everybody knows. A trailing * stands for any
// ending. The zero value adds none.
type Managers struct {
	// GitOps are tools that apply what is written elsewhere.
	GitOps []string
	// Controllers are part of the control plane, or act on its behalf.
	Controllers []string
}

// ClassOf returns the sort of a field manager. A manager that nobody knows is out of band: it is not what the team
// declared to make changes.
func (m Managers) ClassOf(manager string) v1alpha1.ManagerClass {
	switch {
	case manager == "":
		return v1alpha1.ManagerUnknown
	case matches(m.GitOps, manager) || matches(gitOps, manager):
		return v1alpha1.ManagerGitOps
	case matches(m.Controllers, manager) || matches(controlPlane, manager):
		return v1alpha1.ManagerController
	}
	return v1alpha1.ManagerOutOfBand
}

func matches(managers []string, manager string) bool {
	for _, m := range managers {
		prefix, anyEnding := strings.CutSuffix(m, "*")
		if m == manager || (anyEnding && strings.HasPrefix(manager, prefix)) {
			return true
		}
	}
	return false
}
