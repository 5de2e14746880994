package attribution_test

import (
	"fmt"
	"strings"
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
		"a missing field: the newest change to the object, where it is fresh": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-10-21T13:00:00Z", "", container(`{"f:privileged":{}}`)),
				entry("kubectl-edit", "2026-11-21T17:59:00Z", "", `{"f:spec":{"f:replicas":{}}}`),
			}, "spec.template.spec.containers[app].securityContext.runAsNonRoot", "kubectl-edit", v1alpha1.ConfidenceLow,
		},
		"a missing field: not whoever scaled the object just now": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-10-21T13:00:00Z", "", container(`{"f:privileged":{}}`)),
				entry("kube-controller-manager", "2026-11-21T17:59:00Z", "scale", `{"f:spec":{"f:replicas":{}}}`),
			}, "spec.template.spec.containers[app].securityContext.runAsNonRoot", "argocd-controller", v1alpha1.ConfidenceLow,
		},
		"a missing field: not a change whose time cannot be right": {
			[]metav1.ManagedFieldsEntry{
				entry("argocd-controller", "2026-10-21T13:00:00Z", "", container(`{"f:privileged":{}}`)),
				entry("kubectl-edit", "2031-01-01T00:00:00Z", "", `{"f:spec":{"f:replicas":{}}}`),
			}, "spec.template.spec.containers[app].securityContext.runAsNonRoot", "argocd-controller", v1alpha1.ConfidenceLow,
		},
		"a limit of a device": {
			[]metav1.ManagedFieldsEntry{entry("kubectl-edit", noon, "", inContainer(`"f:resources":{"f:limits":{"f:nvidia.com/gpu":{}}}`))},
			"spec.template.spec.containers[app].resources.limits[nvidia.com/gpu]", "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"a mount whose path ends in a slash": {
			[]metav1.ManagedFieldsEntry{entry("kubectl-edit", noon, "", inContainer(`"f:volumeMounts":{"k:{\"mountPath\":\"/x/\"}":{".":{},"f:readOnly":{}}}`))},
			"spec.template.spec.containers[app].volumeMounts[/x].readOnly", "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"such a mount as a whole": {
			[]metav1.ManagedFieldsEntry{entry("kubectl-edit", noon, "", inContainer(`"f:volumeMounts":{"k:{\"mountPath\":\"/x/\"}":{}}`))},
			"spec.template.spec.containers[app].volumeMounts[/x]", "kubectl-edit", v1alpha1.ConfidenceHigh,
		},
		"a claim of a StatefulSet: the owner of the whole list": {
			[]metav1.ManagedFieldsEntry{entry("helm", noon, "", `{"f:spec":{"f:volumeClaimTemplates":{}}}`)},
			"spec.volumeClaimTemplates[data]", "helm", v1alpha1.ConfidenceHigh,
		},
		"a field of a struct that somebody set empty: not for sure": {
			[]metav1.ManagedFieldsEntry{entry("helm", noon, "", container(`{}`))},
			"spec.template.spec.containers[app].securityContext.runAsNonRoot", "helm", v1alpha1.ConfidenceLow,
		},
		"a field of the rules of a role: the owner of the whole list": {
			[]metav1.ManagedFieldsEntry{entry("helm", noon, "", `{"f:rules":{}}`)},
			"rules.verbs", "helm", v1alpha1.ConfidenceHigh,
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

func TestWhoMadeAnObjectIsTheOldestChange(t *testing.T) {
	fields := attribution.Read([]metav1.ManagedFieldsEntry{
		entry("label-bot", "2026-11-21T17:59:00Z", "", `{"f:metadata":{"f:annotations":{".":{},"f:team":{}}}}`),
		entry("kubectl-create", noon, "", `{"f:roleRef":{},"f:subjects":{}}`),
		entry("some-controller", "2026-11-21T11:00:00Z", "status", `{"f:status":{}}`),
	})
	change := (attribution.Managers{}).Creation(fields)
	if change == nil || change.Manager != "kubectl-create" || change.Confidence != v1alpha1.ConfidenceLow {
		t.Errorf("Creation = %+v, want kubectl-create, confidence Low", change)
	}
	if change := (attribution.Managers{}).Creation(attribution.Read(nil)); change != nil {
		t.Errorf("Creation = %+v, want nothing", change)
	}
}

// many returns managedFields of almost a megabyte: somebody applied annotations under 200 names, the newest first.
func many() []metav1.ManagedFieldsEntry {
	var managed []metav1.ManagedFieldsEntry
	for i := range 200 {
		var keys []string
		for j := range 150 {
			keys = append(keys, fmt.Sprintf(`"f:example.com/annotation-%d-%d":{}`, i, j))
		}
		at := now.Add(-time.Duration(i) * time.Hour).Format(time.RFC3339)
		managed = append(managed, entry(fmt.Sprintf("m%d", i), at, "", `{"f:metadata":{"f:annotations":{`+strings.Join(keys, ",")+`}}}`))
	}
	return managed
}

func TestManyFindingsDecodeAnObjectOnce(t *testing.T) {
	fields := attribution.Read(many())
	ask := func() {
		(attribution.Managers{}).LastChange(fields, "metadata.annotations[example.com/annotation-3-3]", now)
	}
	if n := testing.AllocsPerRun(10, ask); n > 100 {
		t.Errorf("%.0f allocations to ask what is decoded", n)
	}
}

func TestNotMoreIsDecodedThanIsBounded(t *testing.T) {
	fields := attribution.Read(many())
	for path, want := range map[string]v1alpha1.Change{
		"metadata.annotations[example.com/annotation-3-3]":   {Manager: "m3", Confidence: v1alpha1.ConfidenceHigh},
		"metadata.annotations[example.com/annotation-199-3]": {Manager: "m0", Confidence: v1alpha1.ConfidenceLow},
	} {
		if change := (attribution.Managers{}).LastChange(fields, path, now); change.Manager != want.Manager || change.Confidence != want.Confidence {
			t.Errorf("%s was changed by %s, confidence %s, want %s, %s", path, change.Manager, change.Confidence, want.Manager, want.Confidence)
		}
	}
	if change := (attribution.Managers{}).Creation(fields); change.Manager != "m199" {
		t.Errorf("made by %s, which needs no decoding, want m199", change.Manager)
	}
}

// What nobody decoded may be newer than what somebody could: nothing is said of it for sure.
func TestOneChangeTooManyToDecodeHidesTheOlderOnes(t *testing.T) {
	big := entry("kubectl-edit", "2026-11-21T13:00:00Z", "", `{"f:metadata":{"f:annotations":{"f:`+strings.Repeat("a", 300<<10)+`":{}}}}`)
	small := entry("argocd-controller", noon, "", `{"f:spec":{"f:hostPID":{}}}`)
	change := (attribution.Managers{}).Of([]metav1.ManagedFieldsEntry{small, big}, "spec.hostPID", now)
	if change.Manager != "kubectl-edit" || change.Confidence != v1alpha1.ConfidenceLow {
		t.Errorf("Of = %+v, want kubectl-edit, confidence Low", change)
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
