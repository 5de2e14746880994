package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

func forbidExec(s *v1alpha1.SecurityBaselineSpec) { s.RBAC.PodExec = v1alpha1.RuleForbidden }

// madeUpExecCheck finds who may exec into pods: on the role, on the subject and on the workloads that run as it. The verbs of ceilings
// are allowed.
func madeUpExecCheck() engine.Check {
	return engine.Check{
		ID: "made-up-exec", Severity: v1alpha1.SeverityHigh, Remediation: "Remove pods/exec.",
		Judges: workload.Roles | workload.Subjects | workload.Pods, Needs: []engine.Need{engine.NeedRBAC},
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.RBAC.PodExec != "" },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			evaluatedExec(in)
			exec := forbiddenExec(in)
			if in.Role != nil {
				severity := v1alpha1.SeverityHigh
				if in.Role.Reach == rbac.Unbound {
					severity = v1alpha1.SeverityMedium
				}
				for _, p := range rbac.Matching(in.Role.Rules, exec) {
					findings = append(findings, engine.Finding{
						Path: "rules", Value: p.String(), Actual: p.String(), Message: "The role allows " + p.String() + ".", Severity: severity,
					})
				}
				return findings
			}
			grants := in.Grants
			if in.Subject != nil {
				grants = in.Subject.Grants
			}
			for _, grant := range grants {
				for _, p := range rbac.Matching(grant.Role.Rules, exec) {
					findings = append(findings, engine.Finding{
						Origin: v1alpha1.OriginPermissions, Path: grant.Path(), Value: p.String(),
						Actual: p.String() + ", through " + grant.Words(), Message: "May " + p.String() + ", through " + grant.Words() + ".",
					})
				}
			}
			return findings
		},
	}
}

func forbiddenExec(in *engine.Input) []rbac.Capability {
	verbs := []string{"create", "get"}
	for _, ceiling := range in.Declared.RBAC.PermissionCeilings {
		verbs = slices.DeleteFunc(verbs, func(verb string) bool { return slices.Contains(ceiling.Rules[0].Verbs, verb) })
	}
	return []rbac.Capability{{Verbs: verbs, Resources: []string{"pods/exec"}}}
}

// evaluatedExec counts the objects with the count label, and the subjects and roles of a namespace that ends in it.
func evaluatedExec(in *engine.Input) {
	if in.ObjectLabels()[countLabel] != "" {
		evaluations.Add(1)
	}
}

func (s *story) role(name string, rules ...rbacv1.PolicyRule) *rbacv1.Role {
	return &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, Rules: rules}
}

func (s *story) binding(name, role string, subjects ...rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
		Subjects:   subjects,
	}
}

func (s *story) holder(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: s.namespace, Name: name}
}

func execRule() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}}
}

func readRule() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}
}

// historyOf returns what a report's history says was gained and lost, the newest first.
func historyOf(r *v1alpha1.DriftReport) []string {
	var lines []string
	for _, e := range r.Status.History {
		lines = append(lines, strings.TrimSpace(string(e.Type)+" "+e.Message))
	}
	return lines
}

func (s *story) report(kind, name string) *v1alpha1.DriftReport {
	for _, r := range s.fullReports() {
		if r.Spec.Target.Kind == kind && r.Spec.Target.Name == name {
			return &r
		}
	}
	s.Fatalf("%s %s has no report", kind, name)
	return nil
}

func TestADebugBindingShowsOnAllThatItTouches(t *testing.T) {
	s := newStory(t)
	s.create(s.account("api", nil))
	s.create(s.account("web", nil))
	s.create(s.deployment("api", runsAs("api")))
	s.create(s.deployment("web", runsAs("web")))
	s.create(s.role("debug", execRule()))
	s.declare(forbidExec) // and all of them are judged
	s.expect("Role debug: Drifted 1")
	debug := s.binding("debug", "debug", s.holder("api"))
	s.create(debug)
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")

	const words = "create pods/exec, through RoleBinding debug and Role debug"
	account := s.report("ServiceAccount", "api")
	s.Expect(historyOf(account)).To(gomega.Equal([]string{"Gained " + words}))
	s.Expect(account.Status.Findings[0].LastChange).NotTo(gomega.BeNil())
	s.Expect(account.Status.Findings[0].LastChange.Manager).NotTo(gomega.BeEmpty())
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(gomega.ContainSubstring("GAINED: May " + words)))

	s.remove(debug)
	s.expect("Deployment api: Resolved 0", "Role debug: Drifted 1", "ServiceAccount api: Resolved 0")
	s.Expect(historyOf(s.report("ServiceAccount", "api"))).To(gomega.Equal([]string{"Lost " + words, "Gained " + words}))
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(gomega.ContainSubstring("LOST " + words)))
}

func TestAWidenedRoleIsGainedByThoseWhoAreBoundToIt(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.create(s.account("api", nil))
	role := s.role("reader", readRule())
	s.create(role)
	s.create(s.binding("reader", "reader", s.holder("api")))
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.change(role, "kubectl-edit", func() { role.Rules = append(role.Rules, execRule()) })
	s.expect("Role reader: Drifted 1", "ServiceAccount api: Drifted 1")
	s.Expect(s.report("Role", "reader").Status.Findings[0].LastChange.Manager).To(gomega.Equal("kubectl-edit"))
	s.Expect(s.report("ServiceAccount", "api").Status.Findings[0].LastChange.Manager).To(gomega.Equal("kubectl-edit"))
}

func TestARoleThatWasMadeAnewIsLookedAtAnew(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.create(s.account("api", nil))
	role := s.role("debug", execRule())
	s.create(role)
	s.create(s.binding("debug", "debug", s.holder("api")))
	s.expect("Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	s.remove(role)
	s.expect("ServiceAccount api: Resolved 0")
	s.create(s.role("debug", execRule()))
	s.expect("Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
}

func TestUsersAndGroupsAreReportedInTheNamespaceOfTheOperator(t *testing.T) {
	s := newStory(t)
	name := "https://issuer#jane@" + s.namespace
	s.declare(forbidExec)
	s.create(s.role("debug", execRule()))
	binding := s.binding("debug", "debug", rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: name})
	s.create(binding)
	state := func() string {
		var list v1alpha1.DriftReportList
		if err := admin.List(t.Context(), &list, client.InNamespace(operatorNamespace), client.MatchingFields{"spec.target.name": name}); err != nil {
			return err.Error()
		}
		if len(list.Items) != 1 {
			return "none"
		}
		return string(list.Items[0].Status.State)
	}
	s.Eventually(state).Should(gomega.Equal("Drifted"))
	s.remove(binding)
	s.Eventually(state).Should(gomega.Equal("Resolved"))
}

func TestOneBindingWakesOnlyThoseWhomItTouches(t *testing.T) {
	s := newStory(t)
	counted := func(d *appsv1.Deployment) { d.Labels[countLabel] = "yes" }
	for _, name := range []string{"api", "web"} {
		s.create(s.account(name, nil))
		s.create(s.deployment(name, runsAs(name), func(d *appsv1.Deployment) {
			if name == "web" {
				counted(d)
			}
		}))
	}
	s.create(s.role("debug", execRule()))
	s.declare(forbidExec)
	s.expect("Role debug: Drifted 1")
	s.settle()
	before := evaluations.Load()
	s.create(s.binding("debug", "debug", s.holder("api")))
	s.expect("Deployment api: Drifted 1", "Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	s.Consistently(evaluations.Load).Should(gomega.Equal(before), "web has nothing to do with it")
}

func TestWithoutTheRightToReadBindingsNothingIsPassed(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("rolebindings")
	resume(t)
	s.create(s.role("debug", execRule()))
	s.Eventually(func() string { return s.condition("EvaluationComplete").Message }).Should(gomega.ContainSubstring("rolebindings"))
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	allow()
	s.expect("Role debug: Drifted 1")
}

func TestAPodThatNamesAServiceAccountAsItsControllerIsJudgedAllTheSame(t *testing.T) {
	s := newStory(t)
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.Workloads.HostPID, spec.RBAC.PodExec = "Forbidden", "Forbidden"
	})
	account := s.account("api", nil)
	s.create(account)
	yes := true
	pod := s.pod("hidden", []metav1.OwnerReference{{APIVersion: "v1", Kind: "ServiceAccount", Name: "api", UID: account.UID, Controller: &yes}})
	pod.Spec.HostPID = true
	s.create(pod)
	s.expect("Pod hidden: Drifted 1")
}

// inOperator returns the state and the severity of the reports in the operator's namespace on targets whose names begin with a prefix.
func (s *story) inOperator(prefix string) map[string]string {
	var list v1alpha1.DriftReportList
	s.Expect(admin.List(s.Context(), &list, client.InNamespace(operatorNamespace))).To(gomega.Succeed())
	found := map[string]string{}
	for i := range list.Items {
		r := &list.Items[i]
		if name, is := strings.CutPrefix(r.Spec.Target.Name, prefix); is {
			found[r.Spec.Target.Kind+" "+name] = strings.TrimSpace(string(r.Status.State) + " " + string(r.Status.Severity))
		}
	}
	return found
}

func rbacUser(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: name}
}

func rbacGroup(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: name}
}

func TestAGroupThatEverybodyIsInTouchesTheUsersThatAreKnown(t *testing.T) {
	s := newStory(t)
	jane := s.namespace + ":jane"
	s.create(s.role("reader", readRule()))
	s.create(s.role("debug", execRule()))
	s.create(s.binding("reader", "reader", rbacUser(jane), rbacUser("system:anonymous")))
	s.declare(forbidExec)
	s.expect("Role debug: Drifted 1")
	s.settle()
	s.Expect(s.inOperator(jane)).To(gomega.BeEmpty())

	authenticated := s.binding("authenticated", "debug", rbacGroup("system:authenticated"))
	s.create(authenticated)
	s.Eventually(func() map[string]string { return s.inOperator(jane) }).Should(gomega.Equal(map[string]string{"User ": "Drifted High"}))
	s.Expect(s.inOperator("system:anonymous")).To(gomega.BeEmpty())
	s.remove(authenticated)
	s.Eventually(func() map[string]string { return s.inOperator(jane) }).Should(gomega.Equal(map[string]string{"User ": "Resolved"}))

	unauthenticated := s.binding("unauthenticated", "debug", rbacGroup("system:unauthenticated"))
	s.create(unauthenticated)
	s.Eventually(func() map[string]string { return s.inOperator("system:anonymous") }).Should(gomega.Equal(map[string]string{"User ": "Drifted High"}))
	s.remove(unauthenticated)
	s.Eventually(func() map[string]string { return s.inOperator("system:anonymous") }).Should(gomega.Equal(map[string]string{"User ": "Resolved"}))
}

// aggregated is a ClusterRole of the story with a label, that gathers those with another.
func (s *story) aggregated(name, of string, rules ...rbacv1.PolicyRule) *rbacv1.ClusterRole {
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace + ":" + name, Labels: map[string]string{s.namespace: name}}, Rules: rules,
	}
	if of != "" {
		role.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{s.namespace: of}}}}
	}
	return role
}

func TestARoleIsJudgedAgainWhenOneThatTakesItUpIsBound(t *testing.T) {
	s := newStory(t)
	addon, inner, outer := s.aggregated("addon", "", execRule()), s.aggregated("inner", "addon"), s.aggregated("outer", "inner")
	for _, role := range []client.Object{addon, inner, outer} {
		s.create(role)
	}
	s.declare(forbidExec)
	state := func() string { return s.inOperator(s.namespace + ":addon")["ClusterRole "] }
	s.Eventually(state).Should(gomega.Equal("Drifted Medium"))
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace}, Subjects: []rbacv1.Subject{rbacGroup(s.namespace)},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: outer.Name},
	}
	s.create(binding)
	s.Eventually(state).Should(gomega.Equal("Drifted High"))
	s.remove(binding)
	s.Eventually(state).Should(gomega.Equal("Drifted Medium"))

	binding.ResourceVersion = ""
	s.create(binding)
	s.Eventually(state).Should(gomega.Equal("Drifted High"))
	s.change(outer, "test", func() {
		outer.AggregationRule.ClusterRoleSelectors[0].MatchLabels = map[string]string{s.namespace: "other"}
	})
	s.Eventually(state).Should(gomega.Equal("Drifted Medium"), "nobody takes it up any more who is bound")
	for _, obj := range []client.Object{binding, addon, inner, outer} {
		s.remove(obj)
	}
}

func TestOfOneBindingTheFirstUsersAreJudgedAndItSaysHowManyAreNot(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.create(s.role("debug", execRule()))
	var crowd []rbacv1.Subject
	for i := range 70 {
		crowd = append(crowd, rbacUser(fmt.Sprintf("%s:%02d", s.namespace, i)))
	}
	all, one := s.binding("all", "debug", crowd...), s.binding("one", "debug", crowd[69])
	s.create(all)
	reports := func() int { return len(s.inOperator(s.namespace + ":")) }
	s.Eventually(reports).Should(gomega.Equal(64))
	missing := func() string { return s.condition("EvaluationComplete").Message }
	s.Eventually(missing).Should(gomega.ContainSubstring("RoleBinding " + s.namespace + "/all names the first 64 are judged for it, and 6 are not"))
	s.create(one)
	s.Eventually(reports).Should(gomega.Equal(65))
	s.Consistently(reports).Should(gomega.Equal(65))

	s.remove(all)
	s.Eventually(func() map[string]string { return s.inOperator(s.namespace + ":") }).Should(gomega.SatisfyAll(
		gomega.HaveLen(65), gomega.HaveKeyWithValue("User 69", "Drifted High"), gomega.HaveKeyWithValue("User 63", "Resolved")))
	s.Eventually(missing).ShouldNot(gomega.ContainSubstring("are judged for it"))
}

func TestTheReportOfAUserWhomNoBindingNamesGoesWithItsBaseline(t *testing.T) {
	s := newStory(t)
	jane := s.namespace + ":jane"
	s.declare(forbidExec)
	s.create(s.role("debug", execRule()))
	binding := s.binding("debug", "debug", rbacUser(jane))
	s.create(binding)
	state := func() string { return s.inOperator(jane)["User "] }
	s.Eventually(state).Should(gomega.Equal("Drifted High"))
	s.remove(binding)
	s.Eventually(state).Should(gomega.Equal("Resolved"))
	s.remove(s.newBaseline(nil))
	s.Eventually(state).Should(gomega.BeEmpty())
}

func TestANarrowedRoleIsToldAsWhatWasLost(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.create(s.account("api", nil))
	both := execRule()
	both.Verbs = []string{"create", "get"}
	role := s.role("debug", both)
	s.create(role)
	s.create(s.binding("debug", "debug", s.holder("api")))
	s.expect("Role debug: Drifted 1", "ServiceAccount api: Drifted 1")
	first := historyOf(s.report("ServiceAccount", "api"))
	s.change(role, "kubectl-edit", func() { role.Rules[0].Verbs = []string{"get"} })
	s.Eventually(func() []string { return historyOf(s.report("ServiceAccount", "api")) }).Should(gomega.Equal(
		append([]string{"Lost create pods/exec, through RoleBinding debug and Role debug"}, first...)))
	s.Eventually(func() []string { return s.events("api") }).Should(gomega.ContainElement(
		gomega.Equal("DriftChanged: LOST create pods/exec, through RoleBinding debug and Role debug.")))
}
