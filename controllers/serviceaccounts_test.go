package controllers_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

func forbidTokens(s *v1alpha1.SecurityBaselineSpec) {
	s.Workloads.ServiceAccountToken = v1alpha1.RuleForbidden
}

// madeUpTokenCheck needs the ServiceAccount of pods that leave it to that whether they have a token mounted.
func madeUpTokenCheck() engine.Check {
	return engine.Check{
		ID: "made-up-token", Severity: v1alpha1.SeverityMedium, Remediation: "Mount none.", Needs: []engine.Need{engine.NeedServiceAccount},
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.ServiceAccountToken != "" },
		Run: func(in *engine.Input) []engine.Finding {
			mounts, decided := in.Workload.MountsToken()
			if account := in.ServiceAccount.Automount; !decided {
				mounts = account == nil || *account
			}
			if !mounts {
				return nil
			}
			return []engine.Finding{{Path: in.Workload.Path("automountServiceAccountToken"), Value: "true", Message: "The pod has a token."}}
		},
	}
}

func (s *story) account(name string, automount *bool) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, AutomountServiceAccountToken: automount}
}

func runsAs(account string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.ServiceAccountName = account }
}

func mounts(automount bool) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.AutomountServiceAccountToken = &automount }
}

func TestAWorkloadDriftsAndResolvesWithItsServiceAccount(t *testing.T) {
	s := newStory(t)
	s.declare(forbidTokens)
	yes, no := true, false
	s.create(s.account("default", &no))
	s.create(s.deployment("as-default"))
	s.create(s.deployment("decides", runsAs("api"), mounts(false)))
	s.create(s.deployment("api", runsAs("api")))
	s.expect("Deployment api: Drifted 1") // a ServiceAccount that is not there will mount the token when it is
	api := s.account("api", &no)
	s.create(api)
	s.expect("Deployment api: Resolved 0")
	s.change(api, "test", func() { api.AutomountServiceAccountToken = &yes })
	s.expect("Deployment api: Drifted 1")
	s.change(api, "test", func() { api.AutomountServiceAccountToken = &no })
	s.expect("Deployment api: Resolved 0")
	s.remove(api)
	s.expect("Deployment api: Drifted 1")
	s.create(s.account("api", &no))
	s.expect("Deployment api: Resolved 0")
}

// The API server of these stories creates pods without asking their ServiceAccount, so that they are made here as others
// leave them.
func TestAPodKeepsTheTokenThatItWasCreatedWith(t *testing.T) {
	s := newStory(t)
	s.declare(forbidTokens)
	yes, no := true, false
	pod := func(name string) *corev1.Pod {
		spec := template(nil).Spec
		spec.ServiceAccountName = "api"
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, Spec: spec}
	}
	mounts, mountsNot := pod("mounts"), pod("mounts-not")
	mounts.Spec.Volumes = []corev1.Volume{{Name: "kube-api-access-x7k2p", VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
		}},
	}}}
	api := s.account("api", &yes)
	s.create(api)
	s.create(mounts)
	s.create(mountsNot)
	s.expect("Pod mounts: Drifted 1")
	s.change(api, "test", func() { api.AutomountServiceAccountToken = &no })
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Pod mounts: Drifted 1"}))
}

func TestAServiceAccountWakesOnlyThoseWhoseTokenItDecides(t *testing.T) {
	s := newStory(t)
	yes, no := true, false
	api := s.account("api", &no)
	s.create(api)
	counted := func(d *appsv1.Deployment) { d.Labels[countLabel] = "yes" }
	s.create(s.deployment("as-default", counted, hostPID))
	s.create(s.deployment("decides", counted, hostPID, runsAs("api"), mounts(true)))
	s.create(s.deployment("api", runsAs("api")))
	s.declare(forbidTokens)
	s.expect("Deployment as-default: Drifted 2", "Deployment decides: Drifted 2")
	s.Eventually(func() string { return s.condition("Ready").Reason }).Should(gomega.Equal("Evaluated"))
	s.settle() // a report that was written is looked at once more
	before := evaluations.Load()
	s.change(api, "test", func() { api.AutomountServiceAccountToken = &yes })
	s.expect("Deployment api: Drifted 1", "Deployment as-default: Drifted 2", "Deployment decides: Drifted 2")
	s.change(api, "test", func() { api.Labels = map[string]string{"team": "shop"} })
	s.Consistently(evaluations.Load).Should(gomega.Equal(before), "the others have nothing to do with it")
}

func TestWithoutTheRightToReadServiceAccountsTheOtherChecksGoOn(t *testing.T) {
	s, other := newStory(t), newStory(t)
	s.declare(forbidTokens)
	yes, no := true, false
	account := s.account("api", &yes)
	s.create(account)
	api := s.deployment("api", hostPID, runsAs("api"))
	s.create(api)
	s.create(s.deployment("decides", hostPID, runsAs("api"), mounts(false)))
	s.expect("Deployment api: Drifted 2", "Deployment decides: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("serviceaccounts")
	resume(t)
	s.Eventually(s.evaluated).Should(gomega.Equal([]string{
		"api: Unknown: Not evaluated: check made-up-token of baseline " + s.baseline +
			": cannot read ServiceAccount: the operator may not list and watch serviceaccounts.",
		"decides: True: Every check of every covering baseline was made.",
	}))
	s.Eventually(func() metav1.Condition { return s.condition("EvaluationComplete") }).Should(gomega.SatisfyAll(
		gomega.HaveField("Reason", "KindsUnreadable"),
		gomega.HaveField("Message", gomega.ContainSubstring("ServiceAccount: the operator may not list and watch serviceaccounts: grant it both verbs")),
	))
	s.Consistently(func() string { return other.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"), "it does not ask for tokens")
	s.change(api, "test", func() { api.Spec.Template.Spec.HostPID = false })
	s.change(account, "test", func() { account.AutomountServiceAccountToken = &no })
	s.expect("Deployment api: Drifted 1", "Deployment decides: Drifted 1") // what is known of the token stays
	allow()
	s.expect("Deployment api: Resolved 0", "Deployment decides: Drifted 1")
	s.Eventually(func() string { return s.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"))
}

// evaluated returns the condition Evaluated of each report, as "name: status: message".
func (s *story) evaluated() []string {
	lines := map[string]string{}
	for _, r := range s.fullReports() {
		for _, c := range r.Status.Conditions {
			if c.Type == v1alpha1.ConditionEvaluated {
				lines[r.Spec.Target.Name] = r.Spec.Target.Name + ": " + string(c.Status) + ": " + c.Message
			}
		}
	}
	return slices.Sorted(maps.Values(lines))
}
