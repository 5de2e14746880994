package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"plumbline.dev/plumbline/controllers"
)

// gather returns the series of the operator's metrics that bear the label, as "name{label="value",...} number".
func (s *story) gather(baseline string) []string {
	registry, ok := operator.options.Metrics.(*prometheus.Registry)
	s.Expect(ok).To(gomega.BeTrue())
	families, err := registry.Gather()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	var lines []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			line := fmt.Sprintf("%s{%s} %v", family.GetName(), labelsOf(metric), metric.GetGauge().GetValue())
			if strings.Contains(line, baseline) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func labelsOf(metric *dto.Metric) string {
	var labels []string
	for _, label := range metric.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
	}
	return strings.Join(labels, ",")
}

func TestTheGaugesCountWhatIsOpenAndForgetWhatIsNot(t *testing.T) {
	s := newStory(t)
	d := s.deployment("one", hostPID, adds("NET_RAW", "NET_ADMIN"))
	s.create(d)
	s.create(s.deployment("two", hostPID))
	s.expect("Deployment one: Drifted 3", "Deployment two: Drifted 1")
	s.Eventually(func() []string { return s.gather(s.baseline) }).Should(gomega.ConsistOf(
		fmt.Sprintf(`plumbline_drifted_objects{baseline=%q,namespace=%q} 2`, s.baseline, s.namespace),
		fmt.Sprintf(`plumbline_findings{baseline=%q,check="made-up-pid",namespace=%q,severity="Critical"} 2`, s.baseline, s.namespace),
		fmt.Sprintf(`plumbline_findings{baseline=%q,check="made-up-capability",namespace=%q,severity="High"} 2`, s.baseline, s.namespace),
		gomega.HavePrefix(fmt.Sprintf(`plumbline_oldest_open_finding_timestamp_seconds{baseline=%q,severity="Critical"} `, s.baseline)),
		gomega.HavePrefix(fmt.Sprintf(`plumbline_oldest_open_finding_timestamp_seconds{baseline=%q,severity="High"} `, s.baseline)),
	))
	s.remove(d)
	s.Eventually(func() []string { return s.gather(s.baseline) }).Should(gomega.ConsistOf(
		gomega.HavePrefix("plumbline_drifted_objects"), gomega.HavePrefix("plumbline_findings"), gomega.HavePrefix("plumbline_oldest")))
	s.remove(s.getBaseline())
	s.Eventually(func() []string { return s.gather(s.baseline) }).Should(gomega.BeEmpty())
}

func TestEveryMetricThatIsServedIsDocumented(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("api", hostPID))
	s.expect("Deployment api: Drifted 1")
	var documented []string
	for _, m := range controllers.Metrics() {
		documented = append(documented, m.Name)
	}
	// Others are there only when something is wrong, waived, or was resolved.
	always := slices.DeleteFunc(slices.Clone(documented), func(name string) bool {
		return slices.Contains([]string{
			"plumbline_unreadable_kinds", "plumbline_waived_findings", "plumbline_reopened_findings_total", "plumbline_time_to_resolve_seconds",
		}, name)
	})
	// The gauges count a report a moment after it is written.
	s.Eventually(s.served).Should(gomega.ContainElements(always))
	s.Expect(documented).To(gomega.ContainElements(s.served()))
}

// served returns the names of the metrics that the operator serves.
func (s *story) served() []string {
	registry, ok := operator.options.Metrics.(*prometheus.Registry)
	s.Expect(ok).To(gomega.BeTrue())
	families, err := registry.Gather()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	var names []string
	for _, family := range families {
		names = append(names, family.GetName())
	}
	return names
}
