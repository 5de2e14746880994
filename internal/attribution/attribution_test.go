package attribution_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/attribution"
)

const noon = "2026-11-21T12:00:00Z"

var now = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

func entry(manager, at, subresource, fields string) metav1.ManagedFieldsEntry {
	parsed, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	when := metav1.NewTime(parsed)
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, Time: &when, Subresource: subresource,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
	}
}

// inContainer wraps fields of container app of a Deployment.
func inContainer(fields string) string {
	return `{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:name":{},` + fields + `}}}}}}`
}

// container wraps the fields of its securityContext.
func container(fields string) string {
	return inContainer(`"f:securityContext":` + fields)
}

const added = "spec.template.spec.containers[app].securityContext.capabilities.add"

const enforce = "pod-security.kubernetes.io/enforce"

const appArmor = "container.apparmor.security.beta.kubernetes.io/app"

func TestOf(t *testing.T) {
	for name, test := range map[string]struct {
		managed    []metav1.ManagedFieldsEntry
		path       string
		manager    string
		confidence v1alpha1.Confidence
	}{
		"the owner of the field": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", container(`{"f:privileged":{}}`)),
				entry("kubectl-edit", noon, "", container(`{"f:capabilities":{"f:add":{}}}`)),
			}, added, "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"one whose clock is ahead, but not for sure": {
			[]metav1.ManagedFieldsEntry{
				entry("helm", noon, "", container(`{"f:capabilities":{"f:add":{}}}`)),
				entry("kubectl-patch", "2031-01-01T00:00:00Z", "", container(`{"f:capabilities":{"f:add":{}}}`)),
			}, added, "kubectl-patch", v1alpha1.ConfidenceLow,
		},
		"the newest of several owners": {
			[]metav1.ManagedFieldsEntry{
				entry("helm", noon, "", container(`{"f:capabilities":{"f:add":{}}}`)),
				entry("kubectl-patch", "2026-11-21T13:00:00Z", "", container(`{"f:capabilities":{"f:add":{}}}`)),
			}, added, "kubectl-patch", v1alpha1.ConfidenceHigh,
		},
		"the owner of what is below a field": {
			[]metav1.ManagedFieldsEntry{entry("helm", noon, "", container(`{"f:seccompProfile":{"f:type":{}}}`))},
			"spec.template.spec.containers[app].securityContext.seccompProfile", "helm", v1alpha1.ConfidenceHigh,
		},
		"the owner of an annotation": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", `{"f:spec":{"f:template":{"f:metadata":{"f:annotations":{".":{},"f:team":{}}}}}}`),
				entry("kubectl-annotate", noon, "", `{"f:spec":{"f:template":{"f:metadata":{"f:annotations":{"f:`+appArmor+`":{}}}}}}`),
			}, "spec.template.metadata.annotations[" + appArmor + "]", "kubectl-annotate", v1alpha1.ConfidenceHigh,
		},
		"the owner of a label": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", `{"f:metadata":{"f:labels":{".":{},"f:team":{}}}}`),
				entry("kubectl-label", noon, "", `{"f:metadata":{"f:labels":{"f:`+enforce+`":{}}}}`),
			}, "metadata.labels[" + enforce + "]", "kubectl-label", v1alpha1.ConfidenceHigh,
		},
		"a missing label: the newest change to labels": {
			[]metav1.ManagedFieldsEntry{
				entry("kubectl-label", noon, "", `{"f:metadata":{"f:labels":{".":{},"f:team":{}}}}`),
				entry("kubectl-edit", "2026-11-21T13:00:00Z", "", `{"f:metadata":{"f:annotations":{"f:team":{}}}}`),
			}, "metadata.labels[" + enforce + "]", "kubectl-label", v1alpha1.ConfidenceLow,
		},
		"a rule of a NetworkPolicy: the owner of the whole list": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", `{"f:spec":{"f:podSelector":{},"f:policyTypes":{}}}`),
				entry("kubectl-edit", noon, "", `{"f:spec":{"f:egress":{}}}`),
			}, "spec.egress[0].to[1]", "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"an atomic list: the owner of the whole": {
			[]metav1.ManagedFieldsEntry{entry("helm", noon, "", `{"f:spec":{"f:template":{"f:spec":{"f:securityContext":{"f:sysctls":{}}}}}}`)},
			"spec.template.spec.securityContext.sysctls", "helm", v1alpha1.ConfidenceHigh,
		},
		"a port of a container, by number and protocol": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", inContainer(`"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}`)),
				entry("kubectl-edit", noon, "", inContainer(`"f:ports":{"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{"f:hostPort":{}}}`)),
			}, "spec.template.spec.containers[app].ports[8080/TCP].hostPort", "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"a mount of a container, by its path": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-11-21T13:00:00Z", "", inContainer(`"f:image":{}`)),
				entry("kubectl-edit", noon, "", inContainer(`"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/var/log.d\"}":{".":{},"f:mountPath":{}}}`)),
			}, "spec.template.spec.containers[app].volumeMounts[/var/log.d].readOnly", "kubectl-edit", v1alpha1.ConfidenceLow,
		},
		"a missing field: the newest change to its parent": {
			[]metav1.ManagedFieldsEntry{
				entry("helm", noon, "", container(`{"f:privileged":{}}`)),
				entry("kubectl-edit", "2026-11-21T13:00:00Z", "", `{"f:spec":{"f:replicas":{}}}`),
			}, "spec.template.spec.containers[app].securityContext.runAsNonRoot", "helm", v1alpha1.ConfidenceLow,
		},
		"a missing parent: the newest change further up": {
			[]metav1.ManagedFieldsEntry{
				entry("helm", noon, "", container(`{"f:privileged":{}}`)),
				entry("kubectl-edit", "2026-11-21T13:00:00Z", "", `{"f:spec":{"f:replicas":{}}}`),
			}, "spec.template.spec.containers[other].securityContext.privileged", "helm", v1alpha1.ConfidenceLow,
		},
		"the status is nobody's change": {
			[]metav1.ManagedFieldsEntry{
				entry("helm", noon, "", container(`{"f:privileged":{}}`)),
				entry("kube-controller-manager", "2026-11-21T13:00:00Z", "status", `{"f:spec":{"f:hostPID":{}}}`),
			}, "spec.hostPID", "helm", v1alpha1.ConfidenceLow,
		},
		"fields that cannot be read are passed over": {
			[]metav1.ManagedFieldsEntry{entry("broken", noon, "", `{"f:spec":`), entry("helm", noon, "", `{"f:spec":{"f:hostPID":{}}}`)},
			"spec.hostPID", "helm", v1alpha1.ConfidenceHigh,
		},
	} {
		t.Run(name, func(t *testing.T) {
			change := (attribution.Managers{}).Of(test.managed, test.path, now)
			if change == nil || change.Manager != test.manager || change.Confidence != test.confidence {
				t.Errorf("Of = %+v, want manager %s, confidence %s", change, test.manager, test.confidence)
			}
		})
	}
}

func TestNobodyIsNamedWithoutManagedFields(t *testing.T) {
	if change := (attribution.Managers{}).Of(nil, added, now); change != nil {
		t.Errorf("Of = %+v, want nothing", change)
	}
}

func TestNobodyIsNamedForWhatStandsAroundTheObject(t *testing.T) {
	managed := []metav1.ManagedFieldsEntry{entry("helm", noon, "", container(`{"f:privileged":{}}`))}
	for _, path := range []string{"networkpolicies", "networkpolicies[open].spec.egress[0].to[0]"} {
		if change := (attribution.Managers{}).Of(managed, path, now); change != nil {
			t.Errorf("Of(%s) = %+v, want nothing", path, change)
		}
	}
}

func TestClassOf(t *testing.T) {
	for manager, want := range map[string]v1alpha1.ManagerClass{
		"argocd-controller":             v1alpha1.ManagerGitOps,
		"kustomize-controller":          v1alpha1.ManagerGitOps,
		"helm":                          v1alpha1.ManagerGitOps,
		"terraform-provider-kubernetes": v1alpha1.ManagerGitOps,
		"kube-controller-manager":       v1alpha1.ManagerController,
		"kubectl-edit":                  v1alpha1.ManagerOutOfBand,
		"kubectl-client-side-apply":     v1alpha1.ManagerOutOfBand,
		"dashboard":                     v1alpha1.ManagerOutOfBand,
		"helmut":                        v1alpha1.ManagerOutOfBand,
		"":                              v1alpha1.ManagerUnknown,
	} {
		if got := (attribution.Managers{}).ClassOf(manager); got != want {
			t.Errorf("ClassOf(%q) = %s, want %s", manager, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add(container(`{"f:privileged":{}}`), added)
	f.Add(`{"f:spec":{"v:1":{},"i:3":{}}}`, "spec[")
	f.Add(`null`, "...[]].[a]")
	f.Add(`{}`, "ports[99999999999/TCP].ports[/].volumeMounts[")
	f.Fuzz(func(_ *testing.T, fields, path string) {
		(attribution.Managers{}).Of([]metav1.ManagedFieldsEntry{entry("m", noon, "", fields)}, path, now)
	})
}

func TestManagersThatATeamNamesAreOfTheirSort(t *testing.T) {
	managers := attribution.Managers{GitOps: []string{"our-deployer*"}, Controllers: []string{"istio-webhook"}}
	for manager, want := range map[string]v1alpha1.ManagerClass{
		"our-deployer-v2": v1alpha1.ManagerGitOps, "istio-webhook": v1alpha1.ManagerController,
		"istio-webhook-2": v1alpha1.ManagerOutOfBand, "helm": v1alpha1.ManagerGitOps,
	} {
		if got := managers.ClassOf(manager); got != want {
			t.Errorf("%s is %s, want %s", manager, got, want)
		}
	}
}
