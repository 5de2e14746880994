package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
)

// storyAt is a story whose time only passes when it says so.
func storyAt(t *testing.T, moment time.Time) (*story, *testingclock.FakeClock) {
	t.Helper()
	s, clock := newStory(t), testingclock.NewFakeClock(moment)
	s.Expect(operator.stop()).To(gomega.Succeed())
	timed, err := startOperator(context.Background(), controllers.Options{Clock: clock})
	s.Expect(err).NotTo(gomega.HaveOccurred())
	operator = timed
	t.Cleanup(func() { restart(t) })
	return s, clock
}

// exceptFor waives the capability of the containers that run the image app.
func exceptFor(capability string, expires time.Time) v1alpha1.Exception {
	at := metav1.NewTime(expires)
	return v1alpha1.Exception{
		Name: "raw-sockets", Reason: "the firewall needs raw sockets", Ticket: "SEC-1234", Owner: "network-team", Expires: &at,
		Checks:     []v1alpha1.CheckID{"made-up-capability"},
		Targets:    []v1alpha1.ExceptionTarget{{Kinds: []string{"Deployment"}, Names: []string{"fire*"}}},
		Containers: []v1alpha1.ExceptionContainer{{Name: "app", Image: "registry.example.com/app:*"}},
		Values:     []string{capability},
	}
}

// exceptions returns the status of the baseline's exceptions, as "name: State matched".
func (s *story) exceptions() []string {
	var lines []string
	for _, e := range s.getBaseline().Status.Exceptions {
		lines = append(lines, fmt.Sprintf("%s: %s %d", e.Name, e.State, e.Matched))
	}
	return lines
}

// toldOf returns the Events on the baseline that speak of exceptions.
func (s *story) toldOf() []string {
	return slices.DeleteFunc(s.events(s.baseline), func(e string) bool { return !strings.HasPrefix(e, "Exception") })
}

func TestAnExceptionWaivesUntilItsLastSecondAndSaysSoAWeekBefore(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	end := now.Add(30 * day)
	s, clock := storyAt(t, now)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Exceptions = []v1alpha1.Exception{exceptFor("NET_RAW", end)}
	})
	s.create(s.deployment("firewall", adds("NET_RAW")))
	s.expect("Deployment firewall: Waived 0")
	report := s.only()
	s.Expect(report.Status.Findings).To(gomega.HaveLen(1))
	s.Expect(report.Status.Findings[0].Waiver).To(gomega.HaveValue(gomega.HaveField("Exception", "raw-sockets")))
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Active 1"}))
	s.Eventually(func() v1alpha1.BaselineSummary { return *s.getBaseline().Status.Summary }).Should(gomega.Equal(
		v1alpha1.BaselineSummary{Objects: 1, Waived: 1}))
	s.Expect(s.condition("Compliant").Message).To(gomega.Equal("None of 1 object has drifted; 1 finding is waived."))
	s.Expect(s.condition("ExceptionsHealthy").Reason).To(gomega.Equal("AllActive"))
	s.Expect(s.events("firewall")).To(gomega.BeEmpty(), "what was waived from the start never drifted")

	clock.SetTime(end.Add(-7 * day))
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Expiring 1"}))
	s.Expect(s.condition("ExceptionsHealthy")).To(gomega.SatisfyAll(gomega.HaveField("Status", metav1.ConditionFalse),
		gomega.HaveField("Message", "expiring within seven days: spec.exceptions[raw-sockets].expires 2026-12-21T09:00:00Z.")))
	s.Eventually(s.toldOf).Should(gomega.Equal([]string{
		"ExceptionExpiring: Exception raw-sockets (SEC-1234) of network-team ends at 2026-12-21T09:00:00Z: then what it waives is open."}))

	clock.SetTime(end.Add(-time.Second))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment firewall: Waived 0"}))
	clock.SetTime(end)
	s.expect("Deployment firewall: Drifted 1")
	s.Expect(s.only().Status.FirstDetected.Time.Equal(end)).To(gomega.BeTrue())
	s.Expect(s.only().Status.Findings[0].FirstSeen.Time.Equal(now)).To(gomega.BeTrue())
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Expired 0"}))
	s.Eventually(s.toldOf).Should(gomega.ContainElement(
		"ExceptionExpired: Exception raw-sockets (SEC-1234) of network-team has ended at 2026-12-21T09:00:00Z: what it waived is open."))
	s.Eventually(func() []string { return s.events("firewall") }).Should(gomega.Equal([]string{
		"DriftDetected: No exception waives this any more: Container app adds capability NET_RAW."}))
	s.Eventually(func() metav1.ConditionStatus { return s.condition("Compliant").Status }).Should(gomega.Equal(metav1.ConditionFalse))
}

func TestAnExceptionIsACeiling(t *testing.T) {
	s := newStory(t)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Exceptions = []v1alpha1.Exception{exceptFor("NET_RAW", time.Now().Add(1000*time.Hour))}
	})
	firewall := s.deployment("firewall", adds("NET_RAW"))
	s.create(firewall)
	s.create(s.deployment("other", adds("NET_RAW")))
	s.expect("Deployment firewall: Waived 0", "Deployment other: Drifted 1")
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Active 1"}))

	s.change(firewall, "kubectl-edit", func() { adds("NET_RAW", "NET_ADMIN")(firewall) })
	s.expect("Deployment firewall: Drifted 1", "Deployment other: Drifted 1")
	s.Eventually(func() []string { return s.events("firewall") }).Should(gomega.Equal([]string{
		"DriftDetected: kubectl-edit added NET_ADMIN to container app: Container app adds capability NET_ADMIN."}))

	s.change(firewall, "kubectl-edit", func() { adds("NET_RAW")(firewall) })
	s.expect("Deployment firewall: Waived 0", "Deployment other: Drifted 1")
	s.Eventually(func() []string { return s.events("firewall") }).Should(gomega.ContainElement(
		"DriftChanged: No finding is open any more: resolved made-up-capability NET_ADMIN in container app."))

	s.change(firewall, "kubectl-edit", func() { firewall.Spec.Template.Spec.Containers[0].Image = "docker.io/evil/app:1" })
	s.expect("Deployment firewall: Drifted 1", "Deployment other: Drifted 1")
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Unused 0"}))
	s.Eventually(s.toldOf).Should(gomega.ContainElement(
		"ExceptionUnused: Exception raw-sockets (SEC-1234) of network-team matches no finding: it can be removed."))
}

func TestAnExceptionThatIsMadeLaterWaivesWhatIsOpen(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("firewall", adds("NET_RAW")))
	s.expect("Deployment firewall: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Exceptions = []v1alpha1.Exception{exceptFor("NET_RAW", time.Now().Add(1000*time.Hour))}
	})
	s.expect("Deployment firewall: Waived 0")
	s.Eventually(func() []string { return s.events("firewall") }).Should(gomega.ContainElement(
		"DriftChanged: No finding is open any more: waived by exception raw-sockets: made-up-capability NET_RAW in container app."))
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"raw-sockets: Active 1"}))
	since := time.Now()
	restart(t)
	s.Consistently(func() []string { return s.writes(since) }).Should(gomega.BeEmpty(), "a restart writes nothing")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Exceptions = nil })
	s.expect("Deployment firewall: Drifted 1")
	s.Eventually(s.exceptions).Should(gomega.BeEmpty())
}

func TestAnInvalidExceptionWaivesNothingAndIsNamed(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("firewall", adds("NET_RAW")))
	unknown, far, expired := exceptFor("NET_RAW", time.Now().Add(time.Hour)), exceptFor("NET_RAW", time.Now().Add(1000*time.Hour)), exceptFor("NET_RAW", time.Now().Add(-time.Hour))
	unknown.Name, far.Name, expired.Name = "unknown", "far", "expired"
	unknown.Checks = []v1alpha1.CheckID{"made-up-capabilities"}
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.ExceptionPolicy.MaxDuration = &metav1.Duration{Duration: 100 * time.Hour}
		spec.Exceptions = []v1alpha1.Exception{unknown, far, expired}
	})
	s.Eventually(s.exceptions).Should(gomega.Equal([]string{"unknown: Invalid 0", "far: Invalid 0", "expired: Expired 0"}))
	s.expect("Deployment firewall: Drifted 1")
	s.Expect(s.condition("Ready").Status).To(gomega.Equal(metav1.ConditionTrue), "the baseline itself is valid")
	s.Expect(s.condition("ExceptionsHealthy")).To(gomega.SatisfyAll(
		gomega.HaveField("Reason", "ExceptionsInvalid"),
		gomega.HaveField("Message", gomega.SatisfyAll(
			gomega.ContainSubstring(`spec.exceptions[unknown].checks: there is no check "made-up-capabilities"; the nearest is "made-up-capability"`),
			gomega.ContainSubstring("spec.exceptions[far].expires: is further ahead than spec.exceptionPolicy.maxDuration (100h0m0s) allows"),
			gomega.ContainSubstring("expired: spec.exceptions[expired].expires ")))))
	s.Eventually(s.toldOf).Should(gomega.ConsistOf(gomega.HavePrefix("ExceptionInvalid: Exception unknown (SEC-1234)"),
		gomega.HavePrefix("ExceptionInvalid: Exception far"), gomega.HavePrefix("ExceptionExpired: Exception expired")))
}

func TestSeveritiesOfABaselineReplaceThoseOfChecks(t *testing.T) {
	s := newStory(t)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Severities = []v1alpha1.SeverityOverride{{Check: "made-up-capability", Severity: v1alpha1.SeverityLow}}
	})
	s.create(s.deployment("api", adds("NET_RAW")))
	s.expect("Deployment api: Drifted 1")
	s.Expect(s.only().Status.Severity).To(gomega.Equal(v1alpha1.SeverityLow))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Severities[0].Severity = v1alpha1.SeverityCritical })
	s.Eventually(func() v1alpha1.Severity { return s.only().Status.Severity }).Should(gomega.Equal(v1alpha1.SeverityCritical))
	s.Expect(s.only().Status.History[0].Type).To(gomega.Equal(v1alpha1.HistoryChanged))
}

func TestAnUnknownCheckMakesTheBaselineInvalidAndReportsStay(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", func(d *appsv1.Deployment) { hostPID(d) }))
	s.expect("Deployment api: Drifted 1")
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Severities = []v1alpha1.SeverityOverride{{Check: "made-up-pids", Severity: v1alpha1.SeverityLow}}
	})
	s.Eventually(func() string { return s.condition("Stalled").Message }).Should(gomega.Equal(
		`spec.severities: there is no check "made-up-pids"; the nearest is "made-up-pid".`))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1"}))
}
