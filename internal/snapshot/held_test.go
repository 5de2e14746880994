package snapshot_test

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/snapshot"
)

func TestWhatARoleGathersIsDeclared(t *testing.T) {
	selector := &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"serving.example.com/controller": "true"}}}}
	gathering := &rbacv1.ClusterRole{ObjectMeta: meta("", "gathering"), AggregationRule: selector, Rules: role("", "", 0).Rules}
	empty := &rbacv1.ClusterRole{ObjectMeta: meta("", "empty"), AggregationRule: selector}
	gathered := &rbacv1.ClusterRole{ObjectMeta: meta("", "gathered"), Rules: role("", "", 0).Rules}
	gathered.Labels = map[string]string{"rbac.example.com/aggregate-to-monitoring": "true", "helm.sh/chart": "a-1"}
	s := newSnapshot(t, snapshot.Options{})
	for _, obj := range []apiruntime.Object{gathering, empty, gathered} {
		add(t, s, obj.DeepCopyObject())
	}
	hold(t, s, []apiruntime.Object{gathering, empty, gathered}, 3)
	all := documents(t, s)
	// A label of any name on any other role makes it more, which no other declared role shows.
	more := gathering.DeepCopy()
	more.Rules[0].Verbs = []string{"*"}
	if _, found := declares(all, more, refOf(t, more)); len(found) == 0 {
		t.Error("what it gathers besides is not reported")
	}
	labelled := gathered.DeepCopy()
	labelled.Labels["rbac.example.com/aggregate-to-admin"] = "true"
	if _, found := declares(all, labelled, refOf(t, labelled)); len(found) == 0 {
		t.Error("what gathers it besides is not reported")
	}
	says(t, all[0].text, "and that have none so far: empty.")
	if strings.Contains(all[0].text, "helm.sh/chart") {
		t.Error("a label that nobody gathers by is declared")
	}
}

func TestWhatVolumesHoldIsWritten(t *testing.T) {
	obj := object(t, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {volumeClaimTemplates: [{metadata: {name: data}, "+
		"spec: {volumeName: disk, resources: {requests: {storage: 1Gi}}}}], template: {spec: {containers: [{name: app, image: a}], volumes: ["+
		"{name: a, secret: {secretName: db, defaultMode: 256, items: [{key: ca, path: x}]}}, {name: b, csi: {driver: c, volumeAttributes: {d: ''}}}, "+
		"{name: e, projected: {sources: [{serviceAccountToken: {path: f}}, {downwardAPI: {items: []}}]}}, {name: g, emptyDir: {medium: Memory}}]}}}}")
	s := newSnapshot(t, snapshot.Options{})
	add(t, s, obj.DeepCopyObject())
	hold(t, s, []apiruntime.Object{obj}, 1)
	text := textOf(t, s)
	for _, want := range []string{"secretName: db", "- key: ca", "driver: c", "volumeName: disk", "- serviceAccountToken: {}", "- downwardAPI: {}", "emptyDir: {}"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	for _, other := range []string{"defaultMode", "path", "storage", "medium"} {
		if strings.Contains(text, other+":") {
			t.Errorf("it says %q: %s", other, text)
		}
	}
}
