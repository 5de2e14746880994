package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
)

// live has a Deployment drift and be deleted.
func (s *scene) live(name string) {
	s.Helper()
	d := s.deployment(name)
	s.create(d)
	s.runs(d, 1)
	s.expect("Deployment " + name + ": Drifted 1")
	before := d.DeepCopy()
	d.Spec.Template.Spec.Containers[0].SecurityContext = nil
	s.Expect(admin.Patch(s.Context(), d, client.MergeFrom(before))).To(gomega.Succeed())
	s.expect("Deployment " + name + ": Resolved 0")
	s.Expect(admin.Delete(s.Context(), d)).To(gomega.Succeed())
	s.expect()
}

func TestTheOperatorWritesOnlyWhatIsItsOwn(t *testing.T) {
	s := newScene(t)
	s.live("watched")
	writes, err := plane.Writes(t.Context(), func(w controlplane.Write) bool { return w.User == operatorUser })
	s.Expect(err).NotTo(gomega.HaveOccurred())
	seen := map[string]int{}
	for _, w := range writes {
		what := strings.TrimRight(fmt.Sprintf("%s/%s/%s", w.Group, w.Resource, w.Subresource), "/")
		seen[what]++
		switch what {
		case "plumbline.dev/driftreports", "events.k8s.io/events":
		case "plumbline.dev/securitybaselines/status":
			s.Expect(w.Verb).To(gomega.Equal("patch"), w.String())
		case "/events", "coordination.k8s.io/leases": // of leader election
			s.Expect(w.Namespace).To(gomega.Equal(operatorNamespace), w.String())
		default:
			t.Errorf("not its own: %s", w)
		}
		if w.Code == http.StatusForbidden {
			t.Errorf("refused: %s", w)
		}
	}
	t.Log(seen)
	for _, what := range []string{
		"plumbline.dev/driftreports", "events.k8s.io/events", "plumbline.dev/securitybaselines/status", "coordination.k8s.io/leases",
	} {
		s.Expect(seen).To(gomega.HaveKey(what))
	}
}

func TestNothingThatTheOperatorDoesIsForbidden(t *testing.T) {
	newScene(t).live("allowed")
	lines, err := logged("forbidden")
	if err != nil || len(lines) > 0 {
		t.Errorf("%v\n%s", err, strings.Join(lines, "\n"))
	}
}

func TestTheLeaseIsInTheOperatorsOwnNamespace(t *testing.T) {
	s := newScene(t)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: controllers.LeaseName}}
	s.Expect(s.get(lease)).To(gomega.Succeed())
	s.Expect(lease.Spec.HolderIdentity).To(gomega.HaveValue(gomega.Not(gomega.BeEmpty())))
}

func TestTheOperatorEndsWhenToldAndItsSuccessorTakesOverAtOnce(t *testing.T) {
	s := newScene(t)
	d := s.deployment("inherited")
	s.create(d)
	s.expect("Deployment inherited: Drifted 1")
	took, err := operator.stop()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	t.Logf("ended %.2f s after SIGTERM", took.Seconds())
	s.Expect(s.get(d)).To(gomega.Succeed())
	before := d.DeepCopy()
	d.Spec.Template.Spec.Containers[0].SecurityContext = nil
	s.Expect(admin.Patch(t.Context(), d, client.MergeFrom(before))).To(gomega.Succeed())
	operator, err = startProgram(t.Context())
	s.Expect(err).NotTo(gomega.HaveOccurred())
	s.expect("Deployment inherited: Resolved 0")
}
