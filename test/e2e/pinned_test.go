package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/hack/controlplane"
)

// kubectl runs kubectl with an editor that is never asked for more than this.
func (s *scene) kubectl(editor, stdin string, args ...string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, plane.Kubectl(), append(args, "--kubeconfig="+plane.Kubeconfig(), "--cache-dir="+s.TempDir(), "-n", s.namespace)...)
	cmd.Env = append(os.Environ(), "KUBE_EDITOR="+editor)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	s.Expect(err).NotTo(gomega.HaveOccurred(), "kubectl %v: %s", args, out)
}

// snapshot pins what is in the namespace, by the program as it is shipped.
func (s *scene) snapshot() {
	s.Helper()
	code, baselines, stderr := run(s.T, "snapshot", "--namespace", s.namespace, "--name", "pinned", "--kubeconfig", plane.Kubeconfig())
	s.Expect(code).To(gomega.Equal(0), stderr)
	file := filepath.Join(s.TempDir(), "pinned.yaml")
	s.Expect(os.WriteFile(file, []byte(baselines), 0o600)).To(gomega.Succeed())
	s.Expect(controlplane.ApplyFiles(s.Context(), plane.Config(), file)).To(gomega.Succeed())
	s.Cleanup(func() { _ = admin.DeleteAllOf(context.Background(), &v1alpha1.SecurityBaseline{}) })
	s.Eventually(s.evaluated).Should(gomega.Succeed())
}

// evaluated fails while a baseline is not evaluated.
func (s *scene) evaluated() error {
	var list v1alpha1.SecurityBaselineList
	if err := admin.List(s.Context(), &list); err != nil {
		return err
	}
	for _, sb := range list.Items {
		ready := meta.FindStatusCondition(sb.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != v1alpha1.ReasonEvaluated || sb.Status.ObservedGeneration != sb.Generation {
			return fmt.Errorf("%s: %+v", sb.Name, sb.Status.Conditions)
		}
	}
	return nil
}

// changes returns, of each open report in the namespace, what changed, who changed it and when, and how sure that is.
func (s *scene) changes() ([]string, error) {
	var list v1alpha1.DriftReportList
	if err := s.list(&list); err != nil {
		return nil, err
	}
	var lines []string
	for _, r := range list.Items {
		for _, f := range r.Status.Findings {
			by := "nobody knows"
			if c := f.LastChange; c != nil && c.Time != nil {
				by = fmt.Sprintf("%s %s %s through %q at %s", c.Manager, c.Class, c.Confidence, c.Subresource, c.Time.UTC().Format(time.RFC3339))
			}
			lines = append(lines, fmt.Sprintf("%s %s: %s %s by %s", r.Spec.Target.Kind, r.Spec.Target.Name, f.Check, f.Value, by))
		}
	}
	return lines, nil
}

// by returns what a report is to say of a manager that has changed the object itself, not before the moment: at what time the
// API server has in the managedFields.
func (s *scene) by(obj client.Object, manager, sort string, moment time.Time) string {
	s.Helper()
	s.Expect(s.get(obj)).To(gomega.Succeed())
	for _, entry := range obj.GetManagedFields() {
		if entry.Manager == manager && entry.Subresource == "" {
			s.Expect(entry.Time.Time).NotTo(gomega.BeTemporally("<", moment.Truncate(time.Second)), "that %s has changed it is news", manager)
			return fmt.Sprintf(` by %s %s through "" at %s`, manager, sort, entry.Time.UTC().Format(time.RFC3339))
		}
	}
	s.Fatalf("%s has not changed %s: %+v", manager, obj.GetName(), obj.GetManagedFields())
	return ""
}

// judged returns how many objects of the namespace the operator, since it was started, has found to have drifted. It counts one
// only after its report was written, where it is to be written.
func (s *scene) judged(token string) (int, error) {
	_, body, err := s.tryScrape(token)
	if err != nil {
		return 0, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	n := 0
	for _, metric := range families["plumbline_drifted_objects"].GetMetric() {
		for _, label := range metric.GetLabel() {
			if label.GetName() == "namespace" && label.GetValue() == s.namespace {
				n += int(metric.GetGauge().GetValue())
			}
		}
	}
	return n, err
}

// versions returns the resourceVersion of every report in the namespace.
func (s *scene) versions() (map[string]string, error) {
	var list v1alpha1.DriftReportList
	err := s.list(&list)
	versions := map[string]string{}
	for _, r := range list.Items {
		versions[r.Name] = r.ResourceVersion
	}
	return versions, err
}

func TestWhatWasPinnedSaysWhoChangedIt(t *testing.T) {
	s := newScene(t)
	s.Expect(admin.Delete(t.Context(), &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}})).To(gomega.Succeed())
	for _, name := range []string{"api", "web"} {
		d := s.deployment(name)
		d.Spec.Template.Spec.Containers[0].SecurityContext = nil
		s.create(d)
	}
	reader := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "reader"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}},
	}}
	s.create(reader)
	deny := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "deny"},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}},
	}
	s.create(deny)
	token := s.reader()
	s.snapshot()
	s.Consistently(s.reports).Should(gomega.BeEmpty(), "what was pinned just now has not drifted")

	began := time.Now()
	s.kubectl(`sed -i "s/^      dnsPolicy: ClusterFirst/      dnsPolicy: ClusterFirst\n      hostPID: true/"`, "", "edit", "deployment", "api")
	s.kubectl("", `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"},
		"rules": [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get"]}]}`, "apply", "-f", "-")
	s.kubectl("", `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"hostIPC": true}}}}`,
		"apply", "--server-side", "--field-manager=argocd-controller", "-f", "-")
	before := deny.DeepCopy()
	deny.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
	s.Expect(admin.Patch(t.Context(), deny, client.MergeFrom(before), client.FieldOwner("helm"))).To(gomega.Succeed())
	extra := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "extra"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "jane"}},
	}
	s.Expect(admin.Create(t.Context(), extra, client.FieldOwner("kube-controller-manager"))).To(gomega.Succeed())

	api, web := s.deployment("api"), s.deployment("web")
	s.Eventually(s.changes).Should(gomega.ConsistOf(
		"Deployment api: declared-object true"+s.by(api, "kubectl-edit", "OutOfBand High", began),
		"Role reader: declared-object get secrets"+s.by(reader, "kubectl-client-side-apply", "OutOfBand High", began),
		"Deployment web: declared-object true"+s.by(web, "argocd-controller", "GitOps High", began),
		gomega.SatisfyAll(gomega.HavePrefix("NetworkPolicy deny: declared-object "), gomega.HaveSuffix(s.by(deny, "helm", "GitOps High", began))),
		"RoleBinding extra: undeclared-object extra"+s.by(extra, "kube-controller-manager", "Controller Low", began),
	))
	lines, err := s.changes()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	for _, line := range lines {
		t.Log(line)
	}

	written, err := s.versions()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	_, err = operator.stop()
	s.Expect(err).NotTo(gomega.HaveOccurred())
	operator, err = startProgram(t.Context())
	s.Expect(err).NotTo(gomega.HaveOccurred())
	s.Eventually(s.judged).WithArguments(token).Should(gomega.Equal(len(lines)), "after the restart, each is judged again")
	s.Consistently(s.versions).Should(gomega.Equal(written), "a restart writes nothing twice")

	s.kubectl(`sed -i "/^      hostPID: true/d"`, "", "edit", "deployment", "api")
	s.kubectl("", `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"},
		"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}`, "apply", "-f", "-")
	s.kubectl("", `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"hostIPC": false}}}}`,
		"apply", "--server-side", "--field-manager=argocd-controller", "-f", "-")
	before = deny.DeepCopy()
	deny.Spec.Ingress = nil
	s.Expect(admin.Patch(t.Context(), deny, client.MergeFrom(before), client.FieldOwner("helm"))).To(gomega.Succeed())
	s.Expect(admin.Delete(t.Context(), extra)).To(gomega.Succeed())
	s.expect("Deployment api: Resolved 0", "Deployment web: Resolved 0", "NetworkPolicy deny: Resolved 0", "Role reader: Resolved 0")
}
