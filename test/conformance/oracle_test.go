package conformance_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// control is a control of the standards: the checks of Pod Security admission that judge it, and those of ours.
type control struct {
	name         string
	theirs, ours []string
}

// controls are those that the two are held against each other by. Of theirs, no two of one control judge at the same level
// and version.
var controls = []control{
	{"HostProcess", []string{"windowsHostProcess"}, []string{"host-process"}},
	{"Host Namespaces", []string{"hostNamespaces"}, []string{"host-network", "host-pid", "host-ipc"}},
	{"Privileged Containers", []string{"privileged"}, []string{"privileged"}},
	{"Capabilities", []string{"capabilities_baseline", "capabilities_restricted"}, []string{"added-capability", "dropped-capability"}},
	{"Volumes", []string{"hostPathVolumes", "restrictedVolumes"}, []string{"host-path", "volume-type"}},
	{"Host Ports", []string{"hostPorts"}, []string{"host-port"}},
	{"Host Probes", []string{"hostProbesAndHostLifecycle"}, []string{"host-probe"}},
	{"AppArmor", []string{"appArmorProfile"}, []string{"apparmor-profile"}},
	{"SELinux", []string{"seLinuxOptions"}, []string{"selinux-options"}},
	{"/proc Mount Type", []string{"procMount", "procMount_restricted"}, []string{"proc-mount"}},
	{"Seccomp", []string{"seccompProfile_baseline", "seccompProfile_restricted"}, []string{"seccomp-profile"}},
	{"Sysctls", []string{"sysctls"}, []string{"sysctl"}},
	{"Privilege Escalation", []string{"allowPrivilegeEscalation"}, []string{"privilege-escalation"}},
	{"Running as Non-root", []string{"runAsNonRoot"}, []string{"run-as-non-root"}},
	{"Running as Non-root user", []string{"runAsUser"}, []string{"run-as-user"}},
}

// verdict has a bit for each control: whether it forbids a pod. Bits beyond those of the controls are unknown checks.
type verdict uint32

const unknown verdict = 1 << 31

// bits are those of controls, by the IDs of checks.
func bits(checks func(control) []string) map[string]verdict {
	found := map[string]verdict{}
	for i, c := range controls {
		for _, id := range checks(c) {
			found[id] = 1 << i
		}
	}
	return found
}

// names puts a verdict into words.
func (v verdict) names() []string {
	names := []string{}
	for i, c := range controls {
		if v&(1<<i) != 0 {
			names = append(names, c.name)
		}
	}
	if v&unknown != 0 {
		names = append(names, "a check that stands for no control")
	}
	return names
}

// oracle is Pod Security admission. Its checks say who they are in what they return.
type oracle struct {
	policy.Evaluator
	versions map[string]checkVersion // by the reason that they return
}

// checkVersion is a check of Pod Security admission as a minor version began to make it.
type checkVersion struct {
	id      string
	level   psa.Level
	since   int
	control verdict
}

func newOracle() (*oracle, error) {
	o := &oracle{versions: map[string]checkVersion{}}
	known := bits(func(c control) []string { return c.theirs })
	checks := policy.DefaultChecks()
	for i, check := range checks {
		for j := range check.Versions {
			version := &checks[i].Versions[j]
			id := fmt.Sprintf("%s since v1.%d", check.ID, version.MinimumVersion.Minor())
			bit, found := known[string(check.ID)]
			if !found {
				return nil, fmt.Errorf("there is a check %s that controls does not know", check.ID)
			}
			o.versions[id] = checkVersion{string(check.ID), check.Level, version.MinimumVersion.Minor(), bit}
			version.CheckPod = named(version.CheckPod, id)
		}
	}
	var err error
	o.Evaluator, err = policy.NewEvaluator(checks, nil)
	return o, err
}

// named makes a check that returns its name for the reason, also where it allows a pod.
func named(check policy.CheckPodFn, name string) policy.CheckPodFn {
	return func(meta *metav1.ObjectMeta, spec *corev1.PodSpec) policy.CheckResult {
		result := check(meta, spec)
		if !result.Allowed {
			result.ForbiddenDetail = result.ForbiddenReason + ": " + result.ForbiddenDetail
		}
		result.ForbiddenReason = name
		return result
	}
}

// judge returns what each check says, and which controls forbid the pod.
func (o *oracle) judge(lv psa.LevelVersion, meta *metav1.ObjectMeta, spec *corev1.PodSpec) ([]policy.CheckResult, verdict) {
	var v verdict
	results := o.EvaluatePod(lv, meta, spec)
	for _, result := range results {
		if !result.Allowed {
			v |= o.versions[result.ForbiddenReason].control
		}
	}
	return results, v
}
