package controllers_test

import (
	"context"
	"testing"
	"time"

	"github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/controllers"
)

func TestOfTwoReplicasOneJudgesAndTheOtherIsReadyToTakeOver(t *testing.T) {
	s := newStory(t)
	s.Expect(operator.stop()).To(gomega.Succeed())
	t.Cleanup(func() { resume(t) })
	elected := controllers.ManagerOptions{MetricsAddress: "0", ProbeAddress: "0", LeaderElection: true}
	first, err := startManager(context.Background(), elected)
	s.Expect(err).NotTo(gomega.HaveOccurred())
	lease := &coordinationv1.Lease{}
	holder := func() string {
		if err := admin.Get(s.Context(), client.ObjectKey{Namespace: operatorNamespace, Name: controllers.LeaseName}, lease); err != nil || lease.Spec.HolderIdentity == nil {
			return ""
		}
		return *lease.Spec.HolderIdentity
	}
	s.Eventually(holder).ShouldNot(gomega.BeEmpty())
	leader := holder()
	second, err := startManager(context.Background(), elected) // ready, though it does not lead
	s.Expect(err).NotTo(gomega.HaveOccurred())

	since := time.Now()
	s.create(s.deployment("one", hostPID))
	s.expect("Deployment one: Drifted 1")
	s.settle()
	s.Expect(s.writes(since)).To(gomega.HaveLen(3), "one report, one Event and one status, not two of each")

	s.Expect(first.stop()).To(gomega.Succeed())
	s.create(s.deployment("two", hostPID))
	s.expect("Deployment one: Drifted 1", "Deployment two: Drifted 1")
	s.Expect(holder()).NotTo(gomega.Equal(leader))
	s.Expect(second.stop()).To(gomega.Succeed())
}
