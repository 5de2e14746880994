package v1alpha1_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

const minimalFinding = `{check: privileged, baseline: production, severity: Critical, path: "spec.containers[app]", value: "true", message: No.}`

func TestAStatusOfADriftReportIsRefused(t *testing.T) {
	c := newClient(t)
	for _, tt := range []refused{
		{
			name:  "an unknown state",
			is:    `{state: Fixed}`,
			wants: []string{`status.state: Unsupported value: "Fixed": supported values: "Drifted", "Waived", "Resolved"`},
		},
		{
			name:  "an unknown severity",
			is:    `{severity: Catastrophic}`,
			wants: []string{`status.severity: Unsupported value: "Catastrophic": supported values: "Critical", "High", "Medium", "Low"`},
		},
		{
			name:  "more findings than a report lists",
			is:    `{findings: [` + strings.Repeat(minimalFinding+", ", 51) + `]}`,
			wants: []string{`status.findings: Too many: 51: must have at most 50 items`},
		},
		{
			name:  "more history than a report keeps",
			is:    `{history: [` + strings.Repeat(`{time: "2026-11-21T09:00:00Z", type: Opened, check: a, baseline: b}, `, 21) + `]}`,
			wants: []string{`status.history: Too many: 21: must have at most 20 items`},
		},
		{
			name: "a finding that says nothing",
			is:   `{findings: [{}]}`,
			wants: []string{`status.findings[0].check: Required value`, `status.findings[0].baseline: Required value`,
				`status.findings[0].severity: Required value`, `status.findings[0].path: Required value`,
				`status.findings[0].value: Required value`, `status.findings[0].message: Required value`},
		},
		{
			name:  "a change by an operation that managed fields do not know",
			is:    `{findings: [` + strings.Replace(minimalFinding, "{", `{lastChange: {manager: m, class: Unknown, confidence: Low, operation: Patch}, `, 1) + `]}`,
			wants: []string{`status.findings[0].lastChange.operation: Unsupported value: "Patch": supported values: "Apply", "Update"`},
		},
		{
			name:  "a waiver that names no exception",
			is:    `{findings: [` + strings.Replace(minimalFinding, "{", `{waiver: {}, `, 1) + `]}`,
			wants: []string{`status.findings[0].waiver.exception: Required value`},
		},
		{
			name:  "a waiver whose end Go cannot read",
			is:    `{findings: [` + strings.Replace(minimalFinding, "{", `{waiver: {exception: e, expires: "2027-01-31t00:00:00z"}, `, 1) + `]}`,
			wants: []string{`status.findings[0].waiver.expires: Invalid value`, `must be a time such as 2027-01-31T00:00:00Z`},
		},
		{
			name: "a thing that happens to no finding",
			is:   `{history: [{time: "2026-11-21T09:00:00Z", type: Excused, check: a, baseline: b}]}`,
			wants: []string{`status.history[0].type: Unsupported value: "Excused": supported values: ` +
				`"Opened", "Changed", "Resolved", "Reopened", "Waived", "WaiverEnded", "Gained", "Lost"`},
		},
		{
			name:  "a finding of an origin that nothing has",
			is:    `{findings: [` + strings.Replace(minimalFinding, "{", `{origin: Role, `, 1) + `]}`,
			wants: []string{`status.findings[0].origin: Unsupported value: "Role": supported values: "Template", "RunningPods", "Object", "Permissions"`},
		},
		{
			name:  "a history that is a book",
			is:    `{history: [{time: "2026-11-21T09:00:00Z", type: Gained, check: a, baseline: b, message: ` + strings.Repeat("a", 1025) + `}]}`,
			wants: []string{`status.history[0].message: Too long: may not be more than 1024 bytes`},
		},
		{
			name:  "the same baseline twice",
			is:    `{baselines: [production, production]}`,
			wants: []string{`status.baselines[1]: Duplicate value: "production"`},
		},
		{
			name:  "a field that does not exist",
			is:    `{phase: Drifted}`,
			wants: []string{`unknown field "status.phase"`},
		},
		{
			name:  "a time that the format allows but Go cannot read",
			is:    `{firstDetected: "2026-11-21t09:00:00z"}`,
			wants: []string{`status.firstDetected: Invalid value`, timeMessage},
		},
		{
			name:  "a list where a time belongs, which the format allows",
			is:    `{resolvedAt: ["2026-11-21T09:00:00Z"]}`,
			wants: []string{`status.resolvedAt: Invalid value`, timeMessage},
		},
		{
			name:  "a condition with a time that Go cannot read",
			is:    `{conditions: [{type: Drifted, status: "True", reason: A, message: "", lastTransitionTime: "2026-11-21T09:00:00ZT"}]}`,
			wants: []string{`status.conditions: Invalid value`, `lastTransitionTime ` + timeMessage},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, report(t, "refused", podTarget, tt.is), tt.wants)
		})
	}
}

func TestAStatusOfADriftReportIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, status := range map[string]string{
		"all of whose findings are waived": `{state: Waived, summary: {findings: 0, waived: 1, critical: 0, high: 0, medium: 0, low: 0, truncated: 0},
			findings: [` + strings.Replace(minimalFinding, "{", `{waiver: {exception: e}, `, 1) + `]}`,
		"with the history of a waiver": `{state: Drifted, history: [
			{time: "2026-11-21T09:00:00Z", type: WaiverEnded, check: a, baseline: b},
			{time: "2026-11-20T09:00:00Z", type: Waived, check: a, baseline: b}]}`,
		"with what was gained and lost": `{state: Drifted, findings: [` + strings.Replace(minimalFinding, "{", `{origin: Permissions, `, 1) + `], history: [
			{time: "2026-11-21T09:00:00Z", type: Lost, check: a, baseline: b, message: "may get secrets, through RoleBinding shop/a and Role shop/b"},
			{time: "2026-11-20T09:00:00Z", type: Gained, check: a, baseline: b, message: "may get secrets, through RoleBinding shop/a and Role shop/b"}]}`,
		"of an object that is no workload": `{state: Drifted, findings: [` + strings.Replace(minimalFinding, "{", `{origin: Object, `, 1) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), report(t, "accepted", podTarget, status), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// Reports and baselines that were stored before there were exceptions do not count what is waived. The operator patches
// what has changed, and a count of 0 that it reads as 0 has not.
func TestASummaryWithoutACountOfWaivedFindingsHasNone(t *testing.T) {
	c := newClient(t)
	obj := report(t, "older", podTarget, `{state: Drifted, summary: {findings: 1, critical: 1, high: 0, medium: 0, low: 0, truncated: 0}}`)
	create(t, c, obj)
	waived, found, err := unstructured.NestedInt64(obj.Object, "status", "summary", "waived")
	if err != nil || !found || waived != 0 {
		t.Errorf("got %d, there: %t, error: %v", waived, found, err)
	}

	judged := baseline(t, "older", "{}")
	create(t, c, judged)
	judged.Object["status"] = object(t, `{observedGeneration: 1, summary: {objects: 1, drifted: 0, findings: {critical: 0, high: 0, medium: 0, low: 0}}}`).Object
	if err := c.Status().Update(t.Context(), judged); err != nil {
		t.Fatal(err)
	}
	waived, found, err = unstructured.NestedInt64(judged.Object, "status", "summary", "waived")
	if err != nil || !found || waived != 0 {
		t.Errorf("got %d, there: %t, error: %v", waived, found, err)
	}
}

func TestATargetOfADriftReportIsRefused(t *testing.T) {
	c := newClient(t)
	for _, tt := range []refused{
		{
			name: "a target that names nothing",
			is:   `{}`,
			wants: []string{`spec.target.apiVersion: Required value`, `spec.target.kind: Required value`,
				`spec.target.name: Required value`},
		},
		{
			name:  "a target with an empty name",
			is:    `{apiVersion: v1, kind: Pod, name: ""}`,
			wants: []string{`spec.target.name`, `should be at least 1 chars long`},
		},
		{
			name:  "a target in a namespace that cannot exist",
			is:    `{apiVersion: v1, kind: Pod, name: a, namespace: ` + strings.Repeat("a", 64) + `}`,
			wants: []string{`spec.target.namespace: Too long: may not be more than 63 bytes`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, report(t, "refused", tt.is, `{}`), tt.wants)
		})
	}
}

func TestAReportSpeaksOfOneObjectForAsLongAsItLives(t *testing.T) {
	c := newClient(t)
	obj := report(t, "immutable", podTarget, `{state: Drifted}`)
	create(t, c, obj)

	other := obj.DeepCopy()
	other.Object["spec"] = object(t, `{target: {apiVersion: v1, kind: Pod, namespace: default, name: other}}`).Object
	err := c.Update(t.Context(), other)
	want := `must not change: a report speaks of one object for as long as it lives`
	if err == nil || !strings.Contains(err.Error(), "spec.target") || !strings.Contains(err.Error(), want) {
		t.Errorf("another target: got %v, want %q", err, want)
	}

	resolved := obj.DeepCopy()
	resolved.Object["status"] = object(t, `{state: Resolved}`).Object
	if err := c.Update(t.Context(), resolved); err != nil {
		t.Errorf("another status: %v", err)
	}
}

// One write makes a report: there is no status subresource that would drop the status.
func TestAReportIsNeverSeenWithoutItsFindings(t *testing.T) {
	c := newClient(t)
	findings := `[` + strings.Repeat(minimalFinding+", ", 50) + `]`
	obj := report(t, "whole", podTarget, `{state: Drifted, severity: Critical, findings: `+findings+`}`)
	create(t, c, obj)
	var got v1alpha1.DriftReport
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), &got); err != nil {
		t.Fatal(err)
	}
	if got.Status.State != v1alpha1.StateDrifted || len(got.Status.Findings) != 50 {
		t.Errorf("got state %q and %d findings, want Drifted and 50", got.Status.State, len(got.Status.Findings))
	}
}

func TestReportsAreSelectedByTheirFields(t *testing.T) {
	c := newClient(t)
	create(t, c, report(t, "one", podTarget, `{state: Drifted, severity: Critical}`))
	create(t, c, report(t, "two", `{apiVersion: apps/v1, kind: Deployment, namespace: default, name: api}`, `{state: Drifted, severity: Low}`))
	create(t, c, report(t, "three", `{apiVersion: batch/v1, kind: CronJob, namespace: default, name: api}`, `{state: Resolved}`))
	for _, tt := range []struct {
		fields client.MatchingFields
		want   []string
	}{
		{client.MatchingFields{"spec.target.kind": "Deployment"}, []string{"two"}},
		{client.MatchingFields{"spec.target.name": "api"}, []string{"three", "two"}},
		{client.MatchingFields{"status.state": "Drifted"}, []string{"one", "two"}},
		{client.MatchingFields{"status.severity": "Critical"}, []string{"one"}},
		{client.MatchingFields{"spec.target.name": "api", "status.state": "Resolved"}, []string{"three"}},
	} {
		var got v1alpha1.DriftReportList
		if err := c.List(t.Context(), &got, client.InNamespace("default"), tt.fields); err != nil {
			t.Errorf("%v: %v", tt.fields, err)
			continue
		}
		if diff := cmp.Diff(tt.want, reportNames(got.Items)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.fields, diff)
		}
	}
}

func reportNames(items []v1alpha1.DriftReport) []string {
	var names []string
	for i := range items {
		names = append(names, items[i].Name)
	}
	slices.Sort(names)
	return names
}
