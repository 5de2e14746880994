package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

const automountField = "automountServiceAccountToken"

var _ = register(engine.Check{
	ID:    "service-account-token",
	Title: "Mounted ServiceAccount token",
	Description: "Who takes over a container finds the token of its ServiceAccount in a file, and can speak to the API server with it: to " +
		"look around, and to do whatever the ServiceAccount may, now or later. The pod's own automountServiceAccountToken counts " +
		"before that of its ServiceAccount; where neither sets it, the token is mounted. A pod that the API server has created " +
		"keeps what was decided then, whatever its ServiceAccount says since. A token that the pod asks for by a projected " +
		"volume of its own is not judged, and static pods have none.",
	Remediation: "Set automountServiceAccountToken to false in the pod spec or, where the pod spec sets nothing, in the ServiceAccount; " +
		"a pod that needs a token can mount one that expires by a projected volume.",
	Severity: v1alpha1.SeverityMedium,
	Controls: []engine.Control{
		cis("5.1.6 Ensure that Service Account Tokens are only mounted where necessary"),
		nsa("Protecting Pod service account tokens"),
	},
	Needs: []engine.Need{engine.NeedServiceAccount},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.ServiceAccountToken == v1alpha1.RuleForbidden
	},
	Run: runServiceAccountToken,
})

func runServiceAccountToken(in *engine.Input) []engine.Finding {
	mounts, decided := in.Workload.MountsToken()
	account := in.ServiceAccount.Automount
	if !decided {
		mounts = account == nil || *account
	}
	if !mounts {
		return nil
	}
	f := engine.Finding{Path: in.Workload.Path(automountField), Value: "true", Expected: "false", Actual: unset("true")}
	name := in.Workload.ServiceAccount()
	does := "The pod has the token of ServiceAccount " + name + " mounted"
	switch own := in.Workload.Pod.AutomountServiceAccountToken; {
	case own != nil:
		does += ", as it sets automountServiceAccountToken to true"
		f.Actual = "true"
		f.Remediation = "Set automountServiceAccountToken of the pod spec to false."
	case decided:
		does += ", as was decided when it was created"
		f.Actual = unset("true when it was created")
		f.Remediation = "Set automountServiceAccountToken of the pod spec to false and create the pod anew."
	case account != nil:
		does += ", as the ServiceAccount sets automountServiceAccountToken to true and the pod does not set it"
		f.Actual = unset("true, as ServiceAccount " + name + " sets it")
		f.Remediation = mountNothing(name)
	default:
		does += ", as neither it nor the ServiceAccount sets automountServiceAccountToken"
		f.Remediation = mountNothing(name)
	}
	f.Message = does + ", which baseline " + in.Baseline + " forbids."
	return []engine.Finding{f}
}

func mountNothing(account string) string {
	if account == workload.DefaultServiceAccount {
		return "Set automountServiceAccountToken to false in the pod spec, or in ServiceAccount default for all pods that run as it."
	}
	return "Set automountServiceAccountToken to false in the pod spec or in ServiceAccount " + account + "."
}
