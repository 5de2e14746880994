package controllers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func TestADeedSaysNoMoreThanTheFindingTells(t *testing.T) {
	const app = "spec.template.spec.containers[app]."
	deployment := v1alpha1.TargetReference{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "api"}
	role := v1alpha1.TargetReference{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role", Namespace: "shop", Name: "reader"}
	binding := v1alpha1.TargetReference{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding", Namespace: "shop", Name: "readers"}
	policy := v1alpha1.TargetReference{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Namespace: "shop", Name: "db"}
	namespace := v1alpha1.TargetReference{APIVersion: "v1", Kind: "Namespace", Name: "shop"}
	guard := v1alpha1.TargetReference{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration", Name: "guard"}
	for want, test := range map[string]struct {
		target                  v1alpha1.TargetReference
		container, path         string
		value, expected, actual string
	}{
		"added NET_ADMIN to container app": {
			target: deployment, container: "app", path: app + "securityContext.capabilities.add", value: "NET_ADMIN",
			expected: "one of: NET_BIND_SERVICE", actual: "NET_ADMIN, NET_RAW",
		},
		"changed securityContext.capabilities.drop of container app": { // [ALL] became [KILL]
			target: deployment, container: "app", path: app + "securityContext.capabilities.drop", value: "ALL", expected: "ALL", actual: "none",
		},
		"changed resources.limits of container app": { // the limit of memory went, that of cpu stays
			target: deployment, container: "app", path: app + "resources.limits", value: "memory", expected: "a limit",
			actual: "unset, which means no limit",
		},
		"changed resources.limits.memory of container app": {
			target: deployment, container: "app", path: app + "resources.limits.memory", value: "missing", expected: "1Gi", actual: "none",
		},
		"set securityContext.privileged to true in container app": {
			target: deployment, container: "app", path: app + "securityContext.privileged", value: "true", expected: "false", actual: "true",
		},
		"set hostPID to true in the pod": {
			target: deployment, path: "spec.template.spec.hostPID", value: "true", expected: "false", actual: "true",
		},
		"set serviceAccountName to admin in the pod": {
			target: deployment, path: "spec.template.spec.serviceAccountName", value: "admin", expected: "api", actual: "admin",
		},
		"set ports[8080/TCP].hostPort to 8080 in container app": {
			target: deployment, container: "app", path: app + "ports[8080/TCP].hostPort", value: "8080", expected: "none", actual: "8080",
		},
		"added container debug to the pod": {
			target: deployment, container: "debug", path: "spec.template.spec.containers[debug]", value: "container debug",
			expected: "none", actual: "container debug",
		},
		"added create pods/exec to Role shop/reader": {
			target: role, path: "rules", value: "create pods/exec", expected: "none", actual: "create pods/exec",
		},
		"changed rules of Role shop/reader": { // it is tightened
			target: role, path: "rules", value: "get secrets", expected: "get secrets", actual: "none",
		},
		"added User jane to RoleBinding shop/readers": {
			target: binding, path: "subjects", value: "User jane", expected: "none", actual: "User jane",
		},
		"set roleRef to ClusterRole cluster-admin in RoleBinding shop/readers": {
			target: binding, path: "roleRef", value: "ClusterRole cluster-admin", expected: "Role shop/reader", actual: "ClusterRole cluster-admin",
		},
		"changed roleRef of RoleBinding shop/readers": {
			target: binding, path: "roleRef", value: "get secrets", expected: "not allowed", actual: "get secrets, by ClusterRole edit",
		},
		"added 0.0.0.0/0 on 5432/TCP to NetworkPolicy shop/db": {
			target: policy, path: "spec.ingress", value: "0.0.0.0/0 on 5432/TCP", expected: "none", actual: "0.0.0.0/0 on 5432/TCP",
		},
		"changed spec.ingress[0] of NetworkPolicy shop/db": {
			target: policy, path: "spec.ingress[0]", value: "everything", expected: "the peers and ports that are needed", actual: "everything",
		},
		"set metadata.labels[pod-security.kubernetes.io/enforce] to privileged in Namespace shop": {
			target: namespace, path: "metadata.labels[pod-security.kubernetes.io/enforce]", value: "privileged", expected: "restricted",
			actual: "privileged",
		},
		"changed metadata.labels[pod-security.kubernetes.io/enforce] of Namespace shop": {
			target: namespace, path: "metadata.labels[pod-security.kubernetes.io/enforce]", value: "unset", expected: "restricted", actual: "unset",
		},
		"set webhooks[check.example.com].failurePolicy to Ignore in ValidatingWebhookConfiguration guard": {
			target: guard, path: "webhooks[check.example.com].failurePolicy", value: "Ignore", expected: "Fail", actual: "Ignore",
		},
		"changed webhooks[check.example.com].namespaceSelector of ValidatingWebhookConfiguration guard": {
			target: guard, path: "webhooks[check.example.com].namespaceSelector", value: "shop",
			expected: "every namespace that the baseline covers", actual: "leaves out namespace shop",
		},
	} {
		t.Run(want, func(t *testing.T) {
			f := &engine.Finding{
				Container: test.container, Path: test.path, Value: test.value, Expected: test.expected, Actual: test.actual,
				Origin:     v1alpha1.OriginObject,
				LastChange: &v1alpha1.Change{Manager: "kubectl-edit", Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceHigh},
			}
			if strings.Contains(test.path, "template.spec") {
				f.Origin = v1alpha1.OriginTemplate
			}
			if got := withDeed("So it is.", f, test.target); got != "kubectl-edit "+want+": So it is." {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestAGuessIsToldAsOne(t *testing.T) {
	for name, test := range map[string]struct {
		finding engine.Finding
		change  v1alpha1.Change
		want    string
	}{
		"the newest change around a missing field": {
			engine.Finding{Check: "read-only-root-filesystem", Origin: v1alpha1.OriginTemplate},
			v1alpha1.Change{Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceLow},
			"So it is. Last changed by kubectl-edit, as far as can be told.",
		},
		"who made an object that nobody declared": {
			engine.Finding{Check: "undeclared-object", Origin: v1alpha1.OriginObject},
			v1alpha1.Change{Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceLow},
			"So it is. Made by kubectl-edit, as far as can be told.",
		},
		"no guess: a change in band": {
			engine.Finding{Origin: v1alpha1.OriginTemplate}, v1alpha1.Change{Class: v1alpha1.ManagerGitOps, Confidence: v1alpha1.ConfidenceHigh},
			"So it is. Changed by kubectl-edit.",
		},
		"no guess: a change of the role that gives a permission": {
			engine.Finding{Origin: v1alpha1.OriginPermissions}, v1alpha1.Change{Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceHigh},
			"So it is. Changed by kubectl-edit.",
		},
		"no guess: a change of a NetworkPolicy around a workload": {
			engine.Finding{Origin: v1alpha1.OriginTemplate, Path: "networkpolicies[open].spec.egress[0]"},
			v1alpha1.Change{Class: v1alpha1.ManagerOutOfBand, Confidence: v1alpha1.ConfidenceHigh},
			"So it is. Changed by kubectl-edit.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.change.Manager, test.finding.LastChange = "kubectl-edit", &test.change
			if got := withDeed("So it is.", &test.finding, v1alpha1.TargetReference{}); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestWhatCannotBeReadIsTriedAgainLessAndLess(t *testing.T) {
	u, ref := newUnread(), workload.Ref{Kind: "Role", Namespace: "shop", Name: "reader"}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	var waits []time.Duration
	for next := u.failed(ref, now); !next.IsZero(); next = u.failed(ref, now) {
		if !u.waits(ref) {
			t.Fatal("it is not remembered")
		}
		waits, now = append(waits, next.Sub(now)), next
	}
	want := []time.Duration{5, 5, 10, 20, 40, 80, 160}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(waits, want) {
		t.Errorf("it waits %v, want %v", waits, want)
	}
	if u.waits(ref) {
		t.Error("it is never given up")
	}
}
