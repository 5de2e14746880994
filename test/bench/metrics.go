package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// metrics reads the metrics of the operator.
type metrics struct {
	address, token string
	client         *http.Client
}

func newMetrics(token string) (*metrics, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &metrics{address: listener.Addr().String(), token: token}
	// The operator makes its certificate itself, and nobody else is to be reached on this machine's own address.
	m.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	return m, listener.Close()
}

// counters are what the operator has counted since its start. A report that is deleted is not counted: its target is gone, and
// is not judged when the operator sees that.
type counters struct{ evaluations, reportWrites int }

func (o *operator) counters(ctx context.Context) (counters, error) {
	families, err := o.metrics.read(ctx)
	if err != nil {
		return counters{}, fmt.Errorf("read the metrics of the operator: %w", err)
	}
	return counters{sum(families, "plumbline_evaluations_total"), sum(families, "plumbline_report_writes_total", "delete")}, nil
}

// quiet returns the counters when they have come to rest.
func (o *operator) quiet(ctx context.Context) (counters, error) {
	for last := (counters{}); ; {
		next, err := o.counters(ctx)
		if err != nil || next == last {
			return next, err
		}
		last = next
		if err := pause(ctx, 3*time.Second); err != nil {
			return counters{}, err
		}
	}
}

func (m *metrics) read(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+m.address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+m.token)
	response, err := m.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// sum adds up a counter over its labels, but for those that have one of some values.
func sum(families map[string]*dto.MetricFamily, name string, but ...string) int {
	total := 0.0
	for _, metric := range families[name].GetMetric() {
		if slices.ContainsFunc(metric.GetLabel(), func(l *dto.LabelPair) bool { return slices.Contains(but, l.GetValue()) }) {
			continue
		}
		total += metric.GetCounter().GetValue()
	}
	return int(total)
}
