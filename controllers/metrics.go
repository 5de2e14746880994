package controllers

import (
	"github.com/prometheus/client_golang/prometheus"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/workload"
)

// Metric is a metric of the operator, as docs/metrics.md describes it. The name of a judged object is never a label.
type Metric struct {
	Name, Type, Help string
	Labels           []string
}

// The metrics of the operator.
var (
	metricFindings = Metric{"plumbline_findings", "gauge",
		"Open findings.", []string{"baseline", "namespace", "check", "severity"}}
	metricWaivedFindings = Metric{"plumbline_waived_findings", "gauge",
		"Findings that exceptions waive.", []string{"baseline", "namespace"}}
	metricDriftedObjects = Metric{"plumbline_drifted_objects", "gauge",
		"Objects with open findings, each once per baseline.", []string{"baseline", "namespace"}}
	metricEvaluations = Metric{"plumbline_evaluations_total", "counter",
		"Times that an object was held against the baselines.", nil}
	metricDetection = Metric{"plumbline_detection_seconds", "histogram",
		"Seconds from the arrival of a change to the write of the report that it made, changed or resolved.", nil}
	metricReportWrites = Metric{"plumbline_report_writes_total", "counter",
		"Writes of DriftReports to the API server, by operation (create, update, delete) and result (success, error).",
		[]string{"operation", "result"}}
	metricEventsDropped = Metric{"plumbline_events_dropped_total", "counter",
		"Events that were not sent because too many waited already; the reports say the same.", nil}
	metricResolve = Metric{"plumbline_time_to_resolve_seconds", "histogram",
		"Seconds from when a finding was first seen until it was resolved.", []string{"severity"}}
	metricReopened = Metric{"plumbline_reopened_findings_total", "counter",
		"Findings that were resolved and are open again.", []string{"baseline"}}
	metricChanges = Metric{"plumbline_changes_total", "counter",
		"Findings that opened, by the class of what changed the object: GitOps, OutOfBand, Controller, or Unknown where nobody can tell for sure.",
		[]string{"class"}}
	metricOldest = Metric{"plumbline_oldest_open_finding_timestamp_seconds", "gauge",
		"When the oldest open finding was first seen, as seconds since 1970: time() less this is its age.", []string{"baseline", "severity"}}
	metricUnreadable = Metric{"plumbline_unreadable_kinds", "gauge",
		"Whether a kind that is to be judged cannot be read; such objects are neither compliant nor drifted.", []string{"kind"}}
)

// Metrics returns all metrics of the operator.
func Metrics() []Metric {
	return []Metric{
		metricFindings, metricWaivedFindings, metricDriftedObjects, metricEvaluations, metricDetection, metricReportWrites,
		metricEventsDropped, metricResolve, metricReopened, metricChanges, metricOldest, metricUnreadable,
	}
}

func (m Metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
}

// metrics are the collectors of one operator.
type metrics struct {
	evaluations   prometheus.Counter
	detection     prometheus.Histogram
	writes        *prometheus.CounterVec
	eventsDropped prometheus.Counter
	resolve       *prometheus.HistogramVec
	reopened      *prometheus.CounterVec
	changes       *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		evaluations: prometheus.NewCounter(prometheus.CounterOpts{Name: metricEvaluations.Name, Help: metricEvaluations.Help}),
		detection: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: metricDetection.Name, Help: metricDetection.Help,
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
		}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricReportWrites.Name, Help: metricReportWrites.Help},
			metricReportWrites.Labels),
		resolve: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: metricResolve.Name, Help: metricResolve.Help,
			Buckets: []float64{60, 600, 3600, 6 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600, 90 * 24 * 3600},
		}, metricResolve.Labels),
		reopened:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricReopened.Name, Help: metricReopened.Help}, metricReopened.Labels),
		changes:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricChanges.Name, Help: metricChanges.Help}, metricChanges.Labels),
		eventsDropped: prometheus.NewCounter(prometheus.CounterOpts{Name: metricEventsDropped.Name, Help: metricEventsDropped.Help}),
	}
}

func (m *metrics) wrote(operation string, err error) {
	result := "success"
	if err != nil {
		result = "error"
	}
	m.writes.WithLabelValues(operation, result).Inc()
}

func (m *metrics) register(registry prometheus.Registerer, l *ledger, w *Watches) error {
	for _, collector := range []prometheus.Collector{m.evaluations, m.detection, m.writes, m.eventsDropped, m.resolve, m.reopened, m.changes, &gauges{l, w}} {
		if err := registry.Register(collector); err != nil {
			return err
		}
	}
	return nil
}

// gauges are made from the ledger whenever they are asked for, so that no series outlives what it counts.
type gauges struct {
	ledger  *ledger
	watches *Watches
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(descs chan<- *prometheus.Desc) {
	descs <- metricFindings.desc()
	descs <- metricWaivedFindings.desc()
	descs <- metricDriftedObjects.desc()
	descs <- metricOldest.desc()
	descs <- metricUnreadable.desc()
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	findings, drifted, waived := g.ledger.gauges()
	for labels, n := range findings {
		out <- prometheus.MustNewConstMetric(metricFindings.desc(), prometheus.GaugeValue, float64(n),
			labels.baseline, labels.namespace, labels.check, string(labels.severity))
	}
	for labels, n := range drifted {
		out <- prometheus.MustNewConstMetric(metricDriftedObjects.desc(), prometheus.GaugeValue, float64(n),
			labels.baseline, labels.namespace)
	}
	for labels, n := range waived {
		out <- prometheus.MustNewConstMetric(metricWaivedFindings.desc(), prometheus.GaugeValue, float64(n),
			labels.baseline, labels.namespace)
	}
	for labels, since := range g.ledger.oldest() {
		out <- prometheus.MustNewConstMetric(metricOldest.desc(), prometheus.GaugeValue, float64(since.Unix()),
			labels.baseline, string(labels.severity))
	}
	for _, kind := range g.watches.Unreadable() {
		out <- prometheus.MustNewConstMetric(metricUnreadable.desc(), prometheus.GaugeValue, 1, kind.Kind)
	}
}

type findingLabels struct {
	baseline, namespace, check string
	severity                   v1alpha1.Severity
}

type objectLabels struct{ baseline, namespace string }

// gauges adds up the ledger by labels.
func (l *ledger) gauges() (findings map[findingLabels]int, drifted, waived map[objectLabels]int) {
	findings, drifted, waived = map[findingLabels]int{}, map[objectLabels]int{}, map[objectLabels]int{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for ref, e := range l.entries {
		in := map[objectLabels]bool{}
		for kind, n := range e.open {
			findings[findingLabels{kind.baseline, workload.Home(ref), kind.check, kind.severity}] += int(n)
			in[objectLabels{kind.baseline, workload.Home(ref)}] = true
		}
		for labels := range in {
			drifted[labels]++
		}
		for baseline, n := range e.waived {
			waived[objectLabels{baseline, workload.Home(ref)}] += int(n)
		}
	}
	return findings, drifted, waived
}
