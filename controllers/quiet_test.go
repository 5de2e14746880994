package controllers_test

import (
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// aWorld is a namespace with something of everything, fully reported.
func aWorld(t *testing.T) *story {
	s := newStory(t)
	d := s.deployment("api", hostPID, adds("NET_RAW"))
	s.create(d)
	s.create(s.deployment("clean"))
	fixed := s.deployment("fixed", hostPID)
	s.create(fixed)
	s.create(s.replicaSet("web-1", controlledBy("argoproj.io/v1alpha1", "Rollout", "web", "11111111-2222-3333-4444-555555555555")))
	s.create(s.pod("bare", nil))
	s.create(s.replicaSet("api-1", controlledBy("apps/v1", "Deployment", d.Name, d.UID)))
	s.Eventually(s.reports).Should(gomega.ContainElement("Deployment fixed: Drifted 1"))
	s.change(fixed, "test", func() { fixed.Spec.Template.Spec.HostPID = false })
	s.expect("Deployment api: Drifted 2", "Deployment fixed: Resolved 0", "Pod bare: Drifted 1", "Rollout web: Drifted 1")
	s.Eventually(func() int32 {
		if summary := s.getBaseline().Status.Summary; summary != nil {
			return summary.Drifted*100 + summary.Objects
		}
		return 0
	}).Should(gomega.BeEquivalentTo(305))
	s.settle()
	return s
}

// settle waits until the operator has written nothing for a while: Events and statuses come after the reports.
func (s *story) settle() {
	s.Helper()
	s.Eventually(func() int {
		since := time.Now().Add(-1500 * time.Millisecond)
		return len(s.writes(since))
	}).Should(gomega.BeZero())
}

func TestARestartWritesNothing(t *testing.T) {
	s := aWorld(t)
	since := time.Now()
	restart(t)
	// A change that is reported after the restart shows that the first pass is over.
	s.Consistently(func() []string { return s.writes(since) }, 3*time.Second, 200*time.Millisecond).Should(gomega.BeEmpty())
	s.create(s.deployment("late", hostPID))
	s.Eventually(s.reports).Should(gomega.ContainElement("Deployment late: Drifted 1"))
	s.Expect(s.writes(since)).To(gomega.HaveEach(gomega.ContainSubstring("late")), "apart from what was changed, nothing is written")
}

func TestASecondLookWritesNothing(t *testing.T) {
	s := aWorld(t)
	d := s.deployment("watched", hostPID)
	d.Labels[countLabel] = "yes"
	s.create(d)
	s.Eventually(s.reports).Should(gomega.ContainElement("Deployment watched: Drifted 1"))
	s.settle()
	since, before := time.Now(), evaluations.Load()
	s.change(d, "test", func() { d.Labels["irrelevant"] = "label" })
	s.Eventually(evaluations.Load).Should(gomega.BeNumerically(">", before), "the change is judged")
	s.Consistently(func() []string { return s.writes(since) }, 2*time.Second, 200*time.Millisecond).Should(gomega.BeEmpty())
}

func TestAChangeOfNothingThatIsJudgedIsNotEvenLookedAt(t *testing.T) {
	s := newStory(t)
	d := s.deployment("scaled", hostPID)
	d.Labels[countLabel] = "yes"
	s.create(d)
	s.expect("Deployment scaled: Drifted 1")
	s.settle()
	before := evaluations.Load()
	replicas := int32(7)
	s.change(d, "kube-controller-manager", func() { d.Spec.Replicas = &replicas })
	s.Consistently(evaluations.Load).Should(gomega.Equal(before))
}

func TestADriftedObjectCostsOneWriteAndOneEvent(t *testing.T) {
	s := newStory(t)
	s.settle()
	since := time.Now()
	s.create(s.deployment("api", hostPID, adds("NET_RAW", "NET_ADMIN")))
	s.expect("Deployment api: Drifted 3")
	s.settle()
	s.Expect(s.writes(since)).To(gomega.ConsistOf(
		gomega.HavePrefix("create driftreports "+s.namespace+"/deployment-api-"),
		gomega.HavePrefix("create events "+s.namespace+"/api."),
		gomega.HavePrefix("patch securitybaselines /"+s.baseline),
	))
}
