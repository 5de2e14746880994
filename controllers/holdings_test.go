package controllers_test

import (
	"context"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// execUpTo forbids exec but for the verbs that a ceiling allows.
func execUpTo(verbs ...string) func(*v1alpha1.SecurityBaselineSpec) {
	return func(s *v1alpha1.SecurityBaselineSpec) {
		s.RBAC.PodExec, s.RBAC.PermissionCeilings = v1alpha1.RuleForbidden, nil
		if len(verbs) > 0 {
			s.RBAC.PermissionCeilings = []v1alpha1.PermissionCeiling{{
				Subjects: []v1alpha1.SubjectPattern{{Kind: rbacv1.ServiceAccountKind, Name: "*"}},
				Rules:    []v1alpha1.PermissionRule{{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: verbs}},
			}}
		}
	}
}

// createHolder makes a ServiceAccount api that may create and get pods/exec, and a Deployment that runs as it.
func (s *story) createHolder() *rbacv1.RoleBinding {
	rule := execRule()
	rule.Verbs = []string{"create", "get"}
	debug := s.binding("debug", "debug", s.holder("api"))
	for _, obj := range []client.Object{s.account("api", nil), s.deployment("api", runsAs("api")), s.role("debug", rule), debug} {
		s.create(obj)
	}
	return debug
}

// told waits until the history of a report says this, the newest first.
func (s *story) told(kind, name string, lines ...string) {
	s.Helper()
	s.Eventually(func() []string { return historyOf(s.report(kind, name)) }).Should(gomega.Equal(lines))
}

const throughDebug = " pods/exec, through RoleBinding debug and Role debug"

func TestACeilingThatIsEditedGivesNobodyAnythingAndTakesNothing(t *testing.T) {
	s := newStory(t)
	debug := s.createHolder()
	s.declare(execUpTo("create", "get"))
	s.expect()

	s.declare(execUpTo("get"))
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	for _, kind := range []string{"ServiceAccount", "Deployment"} {
		r := s.report(kind, "api")
		s.Expect(historyOf(r)).To(gomega.Equal([]string{"Opened create" + throughDebug}))
		s.Expect(r.Status.History[0].Manager).To(gomega.BeEmpty(), "whoever granted it did not open the finding")
		s.Expect(r.Status.Findings[0].LastChange).NotTo(gomega.BeNil(), "who granted it is told all the same")
	}
	s.declare(execUpTo())
	s.told("ServiceAccount", "api", "Opened get"+throughDebug, "Opened create"+throughDebug)
	s.declare(execUpTo("get", "create"))
	s.expect("Deployment api: Resolved 0", "Role debug: Resolved 0", "ServiceAccount api: Resolved 0")
	s.told("ServiceAccount", "api", "Resolved create,get"+throughDebug, "Opened get"+throughDebug, "Opened create"+throughDebug)
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(
		"DriftResolved: Nothing has drifted any more: resolved made-up-exec create,get" + throughDebug + "."))
	s.Expect(s.events("api")).NotTo(gomega.ContainElement(gomega.MatchRegexp("GAINED|LOST")))

	s.declare(execUpTo())
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	s.told("ServiceAccount", "api", "Reopened create,get"+throughDebug, "Resolved create,get"+throughDebug,
		"Opened get"+throughDebug, "Opened create"+throughDebug)
	s.remove(debug)
	s.told("ServiceAccount", "api", "Lost create,get"+throughDebug, "Reopened create,get"+throughDebug,
		"Resolved create,get"+throughDebug, "Opened get"+throughDebug, "Opened create"+throughDebug)
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(gomega.ContainSubstring("LOST create,get" + throughDebug)))
}

func TestABaselineThatGoesTakesNothingFromAnybody(t *testing.T) {
	s := newStory(t)
	s.createHolder()
	s.declare(execUpTo())
	second := s.newBaseline(execUpTo())
	second.Name += "-second"
	s.create(second)
	t.Cleanup(func() { _ = admin.Delete(context.Background(), second) })
	s.expect("Deployment api: Drifted 2", "Role debug: Drifted 2", "ServiceAccount api: Drifted 2")
	s.remove(second)
	s.told("ServiceAccount", "api", "Resolved create,get"+throughDebug, "Opened create,get"+throughDebug, "Opened create,get"+throughDebug)
}

func TestANamespaceThatComesIntoScopeGivesNobodyAnything(t *testing.T) {
	s := newStory(t)
	debug := s.createHolder()
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		execUpTo()(spec)
		spec.Scope.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	})
	s.expect()
	// The ServiceAccount is judged, though nothing covers it.
	s.change(debug, "test", func() { debug.Labels = map[string]string{"any": "label"} })
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(s.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "test", func() { namespace.Labels["env"] = "prod" })
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	s.told("ServiceAccount", "api", "Opened create,get"+throughDebug)
}

func TestWhatChangedWhileNobodyWatchedIsNotSaidToBeGainedOrLost(t *testing.T) {
	s := newStory(t)
	debug := s.createHolder()
	s.declare(execUpTo())
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	s.settle()
	since := time.Now()
	restart(t)
	s.Consistently(func() []string { return s.writes(since) }, 2*time.Second, 200*time.Millisecond).Should(gomega.BeEmpty())

	const throughOther = "create,get pods/exec, through RoleBinding other and Role debug"
	s.Expect(operator.stop()).To(gomega.Succeed())
	s.remove(debug)
	other := s.binding("other", "debug", s.holder("api"))
	s.create(other)
	resume(t)
	s.told("ServiceAccount", "api", "Opened "+throughOther, "Resolved create,get"+throughDebug, "Opened create,get"+throughDebug)
	s.remove(other)
	s.told("ServiceAccount", "api",
		"Lost "+throughOther, "Opened "+throughOther, "Resolved create,get"+throughDebug, "Opened create,get"+throughDebug)
}

func TestAReportThatIsMadeAgainTellsOfNoGain(t *testing.T) {
	s := newStory(t)
	s.createHolder()
	s.declare(execUpTo())
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	before := s.report("ServiceAccount", "api")
	s.remove(before)
	s.Eventually(func() []string { return s.reports() }).Should(gomega.ContainElement("ServiceAccount api: Drifted 1"))
	again := s.report("ServiceAccount", "api")
	s.Expect(again.UID).NotTo(gomega.Equal(before.UID))
	s.Expect(historyOf(again)).To(gomega.Equal([]string{"Opened create,get" + throughDebug}))
}

func TestAUserWhoIsBoundForTheFirstTimeGains(t *testing.T) {
	s := newStory(t)
	jane := s.namespace + ":jane"
	s.create(s.role("debug", execRule()))
	s.create(s.binding("old", "debug", rbacUser(jane+"-old")))
	s.declare(forbidExec)
	s.create(s.binding("debug", "debug", rbacUser(jane)))
	history := func(name string) []string {
		var list v1alpha1.DriftReportList
		s.Expect(admin.List(s.Context(), &list, client.InNamespace(operatorNamespace), client.MatchingFields{"spec.target.name": name})).To(gomega.Succeed())
		if len(list.Items) != 1 {
			return nil
		}
		return historyOf(&list.Items[0])
	}
	s.Eventually(func() []string { return history(jane) }).Should(gomega.Equal(
		[]string{"Gained create pods/exec, through RoleBinding debug and Role debug"}))
	s.Eventually(func() []string { return history(jane + "-old") }).Should(gomega.Equal(
		[]string{"Opened create pods/exec, through RoleBinding old and Role debug"}))
}
