package controllers_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// madeUpNamedChecks find what is not as declared, and what nobody declared.
func madeUpNamedChecks() []engine.Check {
	return []engine.Check{{
		ID: "made-up-declared", Severity: v1alpha1.SeverityHigh, Remediation: "Put it back.", Judges: workload.Any,
		Needs:    []engine.Need{engine.NeedLive},
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return len(s.Declared) > 0 },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			if in.Pin == nil || (in.Live == nil && in.Absent == nil) {
				return nil
			}
			for _, d := range in.Pin.Differences(in.Live) {
				findings = append(findings, engine.Finding{
					Container: d.Container, Path: d.Path, Value: d.Value, Expected: d.Expected, Actual: d.Actual, Message: d.Value + " at " + d.Path + ".",
				})
			}
			return findings
		},
	}, {
		ID: "made-up-undeclared", Severity: v1alpha1.SeverityHigh, Remediation: "Remove it.", Judges: workload.Any,
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return len(s.Inventory) > 0 },
		Run: func(in *engine.Input) []engine.Finding {
			if !in.Closed || in.Pin != nil {
				return nil
			}
			return []engine.Finding{{Path: "metadata.name", Value: in.Ref().Name, Message: in.Ref().String() + " is not declared."}}
		},
	}}
}

// declaring returns a change of a baseline that declares objects, of kinds as they are.
func (s *story) declaring(objects ...client.Object) func(*v1alpha1.SecurityBaselineSpec) {
	s.Helper()
	var declared []v1alpha1.DeclaredObject
	for _, obj := range objects {
		gvk, err := admin.GroupVersionKindFor(obj)
		s.Expect(err).NotTo(gomega.HaveOccurred())
		copied, is := obj.DeepCopyObject().(client.Object)
		s.Expect(is).To(gomega.BeTrue())
		copied.GetObjectKind().SetGroupVersionKind(gvk)
		raw, err := json.Marshal(copied)
		s.Expect(err).NotTo(gomega.HaveOccurred())
		declared = append(declared, v1alpha1.DeclaredObject{Object: runtime.RawExtension{Raw: raw}})
	}
	return func(spec *v1alpha1.SecurityBaselineSpec) { spec.Declared = declared }
}

func closing(kinds ...v1alpha1.InventoryKind) func(*v1alpha1.SecurityBaselineSpec) {
	return func(spec *v1alpha1.SecurityBaselineSpec) { spec.Inventory = []v1alpha1.Inventory{{Kinds: kinds}} }
}

// operatorReports returns the reports in the operator's own namespace on what bears the story's name, as reports does.
func (s *story) operatorReports() []string {
	var list v1alpha1.DriftReportList
	s.Expect(admin.List(s.Context(), &list, client.InNamespace(operatorNamespace))).To(gomega.Succeed())
	var lines []string
	for _, r := range list.Items {
		if target := r.Spec.Target; target.Namespace == s.namespace || strings.Contains(target.Name, s.namespace) {
			lines = append(lines, target.Kind+" "+target.Name+": "+string(r.Status.State))
		}
	}
	return lines
}

func (s *story) history(r *v1alpha1.DriftReport) []string {
	var lines []string
	for _, e := range r.Status.History {
		lines = append(lines, string(e.Type)+" "+e.Value)
	}
	return lines
}

func TestADeclaredRoleThatIsLoosenedHasDriftedAndSaysByWhom(t *testing.T) {
	s := newStory(t)
	role := s.role("api", readRule())
	s.create(role)
	s.declare(s.declaring(role))
	s.Consistently(s.reports).Should(gomega.BeEmpty())

	s.change(role, "kubectl-edit", func() { role.Rules = append(role.Rules, execRule()) })
	s.expect("Role api: Drifted 1")
	finding := s.only().Status.Findings[0]
	s.Expect(finding.Value).To(gomega.Equal("create pods/exec"))
	s.Expect(finding.LastChange).NotTo(gomega.BeNil())
	s.Expect(finding.LastChange.Manager).To(gomega.Equal("kubectl-edit"))

	s.change(role, "kubectl-edit", func() { role.Rules = role.Rules[:1] })
	s.expect("Role api: Resolved 0")
}

func TestADeclaredRoleThatIsTightenedHasNotDrifted(t *testing.T) {
	s := newStory(t)
	role := s.role("api", readRule(), execRule())
	s.create(role)
	s.declare(s.declaring(role))
	s.change(role, "kubectl-edit", func() { role.Rules = role.Rules[:1] })
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Declared[0].OnTightening = v1alpha1.TighteningReported })
	s.expect("Role api: Drifted 1")
}

func TestADeclaredObjectThatIsDeletedIsMissingUntilItIsBack(t *testing.T) {
	s := newStory(t)
	role := s.role("api", readRule())
	s.create(role)
	s.declare(s.declaring(role))
	s.remove(role)
	s.expect("Role api: Drifted 1")
	missing := s.only()
	s.Expect(missing.Spec.Target.UID).To(gomega.BeEmpty())
	s.Expect(missing.OwnerReferences).To(gomega.BeEmpty())

	s.settle()
	since := time.Now()
	restart(t)
	s.settle()
	s.Expect(s.writes(since)).To(gomega.BeEmpty(), "a restart changes nothing")

	role = s.role("api", readRule())
	s.create(role)
	s.expect("Role api: Resolved 0")
	s.remove(role)
	s.expect("Role api: Drifted 1")
	s.create(s.role("api", readRule(), execRule()))
	s.Eventually(func() []string { r := s.only(); return s.history(&r) }).Should(gomega.Equal([]string{
		"Opened create pods/exec", "Resolved missing", "Reopened missing", "Resolved missing", "Opened missing",
	}), "it is one report all along")
	s.Expect(s.only().UID).To(gomega.Equal(missing.UID))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Role api: Drifted 1"}))
}

func TestADriftedObjectThatIsDeletedIsMissing(t *testing.T) {
	s := newStory(t)
	role := s.role("api", readRule())
	s.declare(s.declaring(role))
	s.expect("Role api: Drifted 1")
	loose := s.role("api", readRule(), execRule())
	s.create(loose)
	s.Eventually(s.values).Should(gomega.Equal([]string{"create pods/exec"}))
	s.remove(loose)
	s.Eventually(s.values).Should(gomega.Equal([]string{"missing"}))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Declared = nil })
	s.expect()
}

// values are what is found in the namespace, in all reports. There may be none for a moment, where the report of an object makes room
// for the one that says that it is missing.
func (s *story) values() (values []string) {
	for _, r := range s.fullReports() {
		values = append(values, valuesOf(&r)...)
	}
	return values
}

func valuesOf(r *v1alpha1.DriftReport) (values []string) {
	for _, f := range r.Status.Findings {
		values = append(values, f.Value)
	}
	return values
}

func TestNothingIsWrittenTwiceAboutWhatIsDeclared(t *testing.T) {
	s := newStory(t)
	role := s.role("api", readRule())
	s.declare(s.declaring(role, s.account("api", nil)))
	s.expect("Role api: Drifted 1", "ServiceAccount api: Drifted 1")
	s.settle()
	since := time.Now()
	s.create(role)
	s.expect("Role api: Resolved 0", "ServiceAccount api: Drifted 1")
	s.settle()
	updates := 0
	for _, line := range s.writes(since) {
		if strings.HasPrefix(line, "update driftreports "+s.namespace) {
			updates++
		}
	}
	s.Expect(updates).To(gomega.Equal(1))
}

func TestABindingThatNobodyDeclaredIsReportedWithinASecond(t *testing.T) {
	s := newStory(t)
	s.declare(closing("ClusterRoleBinding"))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Inventory[0].Ignore = []v1alpha1.IgnoredObjects{{Name: "system:*"}, {Name: "cluster-admin"}, {Name: "plumbline*"}, {Name: "*-ignored"}}
	})
	binding := func(name string) *rbacv1.ClusterRoleBinding {
		return &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
			Subjects:   []rbacv1.Subject{s.holder("api")},
		}
	}
	found, ignored := binding(s.namespace), binding(s.namespace+"-ignored")
	t.Cleanup(func() {
		_ = admin.Delete(context.Background(), found)
		_ = admin.Delete(context.Background(), ignored)
	})
	s.settle()
	s.create(ignored)
	s.create(found)
	s.Eventually(s.operatorReports).WithTimeout(time.Second).Should(gomega.Equal([]string{"ClusterRoleBinding " + s.namespace + ": Drifted"}))
	s.remove(found)
	s.remove(ignored)
	s.Eventually(s.operatorReports).Should(gomega.BeEmpty())
}

func TestWhatAControllerMadeMayBeIgnored(t *testing.T) {
	s := newStory(t)
	owned := true
	s.declare(closing("Deployment", "ReplicaSet", "Role"))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Inventory[0].Ignore = []v1alpha1.IgnoredObjects{{Owned: &owned}}
	})
	made := s.role("made", readRule())
	made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Tenant", Name: "shop", UID: "1", Controller: &owned}}
	s.create(made)
	s.create(s.role("written", readRule()))
	deployment := s.deployment("api")
	s.create(deployment)
	s.expect("Deployment api: Drifted 1", "Role written: Drifted 1")
	s.create(&appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "api-1", OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "apps/v1", Kind: "Deployment", Name: "api", UID: deployment.UID, Controller: &owned},
		}},
		Spec: appsv1.ReplicaSetSpec{Selector: deployment.Spec.Selector, Template: deployment.Spec.Template},
	})
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment api: Drifted 1", "Role written: Drifted 1"}))
}

func TestAnObjectThatCannotBeDeclaredMakesTheBaselineInvalidAndLosesNothing(t *testing.T) {
	s := newStory(t)
	there, missing := s.role("there", readRule()), s.role("missing", readRule())
	s.create(s.role("there", readRule(), execRule()))
	s.declare(s.declaring(there, missing))
	s.expect("Role missing: Drifted 1", "Role there: Drifted 1")

	valid := s.getBaseline().Spec.Declared
	broken := func(text string) {
		s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
			spec.Declared = []v1alpha1.DeclaredObject{valid[0], {Object: runtime.RawExtension{Raw: []byte(text)}}}
		})
		ready := s.condition("Ready")
		s.Expect(ready.Reason).To(gomega.Equal(v1alpha1.ReasonInvalidBaseline))
		s.Expect(ready.Message).To(gomega.ContainSubstring("spec.declared[1].object: "))
		s.Consistently(s.reports).Should(gomega.Equal([]string{"Role missing: Drifted 1", "Role there: Drifted 1"}))
	}
	broken(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "shop", "name": "a"}}`)
	s.Expect(s.condition("Ready").Message).To(gomega.ContainSubstring("kind Secret of v1 cannot be declared"))
	broken(`{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"namespace": "shop"}}`)
	s.Expect(s.condition("Ready").Message).To(gomega.ContainSubstring("has no metadata.name"))
	broken(string(valid[0].Object.Raw))
	s.Expect(s.condition("Ready").Message).To(gomega.ContainSubstring("is declared twice"))

	restart(t)
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Role missing: Drifted 1", "Role there: Drifted 1"}))
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) { spec.Declared = valid[:1] })
	s.expect("Role there: Drifted 1")
}

func TestADeclaredObjectIsJudgedWhereverItIs(t *testing.T) {
	s := newStory(t)
	elsewhere := storyWithoutBaseline(t)
	role := elsewhere.role("api", readRule())
	elsewhere.create(role)
	s.declare(s.declaring(role))
	elsewhere.change(role, "kubectl-edit", func() { role.Rules = append(role.Rules, execRule()) })
	elsewhere.expect("Role api: Drifted 1")
}

func TestAnObjectOfANamespaceThatIsMissingIsReportedByTheOperator(t *testing.T) {
	s := newStory(t)
	missing := &story{T: s.T, WithT: s.WithT, namespace: s.namespace + "-missing"}
	role := missing.role("api", readRule())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: missing.namespace}}
	s.declare(s.declaring(role, namespace))
	s.Eventually(missing.operatorReports).Should(gomega.ConsistOf("Role api: Drifted", "Namespace "+missing.namespace+": Drifted"))
	s.settle()

	since := time.Now()
	restart(t)
	s.settle()
	s.Expect(s.writes(since)).To(gomega.BeEmpty())

	s.create(namespace.DeepCopy())
	missing.expect("Namespace "+missing.namespace+": Resolved 0", "Role api: Drifted 1")
	s.Eventually(missing.operatorReports).Should(gomega.BeEmpty())
	s.create(role.DeepCopy())
	missing.expect("Namespace "+missing.namespace+": Resolved 0", "Role api: Resolved 0")
}

func TestAWorkloadThatIsDeclaredIsItsOwnTargetWhoeverOwnsIt(t *testing.T) {
	s := newStory(t)
	yes := true
	declared := s.deployment("api")
	live := s.deployment("api", adds("NET_ADMIN"))
	live.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "App", Name: "api", UID: "1", Controller: &yes}}
	s.create(live)
	s.declare(s.declaring(declared))
	s.expect("App api: Drifted 1", "Deployment api: Drifted 1")
	s.remove(live)
	s.Eventually(s.values).Should(gomega.Equal([]string{"missing"}))
	s.expect("Deployment api: Drifted 1")
}

func TestWithoutTheRightToReadAKindNothingIsMissing(t *testing.T) {
	s := newStory(t)
	there, missing := s.role("there", readRule()), s.role("missing", readRule())
	s.create(there)
	s.declare(s.declaring(there, missing))
	s.expect("Role missing: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("roles")
	resume(t)
	s.Eventually(func() string { return s.condition("EvaluationComplete").Message }).Should(gomega.ContainSubstring("roles"))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Role missing: Drifted 1"}))
	allow()
	s.Eventually(func() string { return string(s.condition("EvaluationComplete").Status) }).Should(gomega.Equal("True"))
	s.expect("Role missing: Drifted 1")
}
