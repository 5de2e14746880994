package e2e_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/controllers"
)

func TestTheProbesAnswerWhenTheOperatorIsReady(t *testing.T) {
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body, err := get(t.Context(), http.DefaultClient, "http://"+operator.probes+path, ""); err != nil || code != http.StatusOK {
			t.Errorf("%s answers %d %s: %v", path, code, body, err)
		}
	}
}

func TestMetricsAreForThoseWhoMayGetThemAndOverHTTPSOnly(t *testing.T) {
	s := newScene(t)
	s.create(s.deployment("measured"))
	s.expect("Deployment measured: Drifted 1")
	if code, body := s.scrape(""); code != http.StatusUnauthorized || strings.Contains(body, "plumbline_") {
		t.Errorf("without a token: %d %s", code, body)
	}
	if code, body := s.scrape("made-up"); code == http.StatusOK || strings.Contains(body, "plumbline_") {
		t.Errorf("with a wrong token: %d %s", code, body)
	}
	if code, body := s.scrape(s.account("stranger")); code != http.StatusForbidden || strings.Contains(body, "plumbline_") {
		t.Errorf("without rights: %d %s", code, body)
	}
	code, body := s.scrape(s.reader())
	want := `plumbline_findings{baseline="` + s.namespace + `",check="added-capability",namespace="` + s.namespace + `",severity="High"} 1`
	if code != http.StatusOK || !strings.Contains(body, want) {
		t.Errorf("with the ClusterRole plumbline-metrics-reader: %d, want %s in\n%s", code, want, body)
	}
	if code, body, err := get(t.Context(), http.DefaultClient, "http://"+operator.metrics+"/metrics", ""); err == nil && code == http.StatusOK {
		t.Errorf("without TLS: %d %s", code, body)
	}
}

func TestEveryMetricIsServedAndNoneNamesAnObject(t *testing.T) {
	s := newScene(t)
	d := s.deployment("unnamed")
	s.create(d)
	s.runs(d, 1)
	s.expect("Deployment unnamed: Drifted 1")
	_, body := s.scrape(s.reader())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	s.Expect(err).NotTo(gomega.HaveOccurred())
	for _, metric := range controllers.Metrics() {
		if metric.Name == "plumbline_reopened_findings_total" || metric.Name == "plumbline_time_to_resolve_seconds" {
			continue // only where something was resolved, by whichever test came before
		}
		if metric.Name == "plumbline_unreadable_kinds" || metric.Name == "plumbline_waived_findings" { // there is none
			s.Expect(families).NotTo(gomega.HaveKey(metric.Name))
			continue
		}
		s.Expect(families).To(gomega.HaveKey(metric.Name))
	}
	names := s.objectNames()
	s.Expect(names).To(gomega.ContainElement("unnamed"))
	for name, family := range families {
		for _, value := range labelValues(family) {
			if slices.ContainsFunc(names, func(object string) bool { return strings.Contains(value, object) }) {
				t.Errorf("%s names an object: %s", name, value)
			}
		}
	}
}

// scrape asks for the metrics, with a token or without.
func (s *scene) scrape(token string) (int, string) {
	s.Helper()
	code, body, err := s.tryScrape(token)
	s.Expect(err).NotTo(gomega.HaveOccurred())
	return code, body
}

// tryScrape is scrape while the operator may not serve yet.
func (s *scene) tryScrape(token string) (int, string, error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	return get(s.Context(), &http.Client{Transport: transport}, "https://"+operator.metrics+"/metrics", token)
}

// account makes a ServiceAccount and returns a token for it.
func (s *scene) account(name string) string {
	s.Helper()
	s.create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}})
	config, err := plane.ServiceAccountConfig(s.Context(), s.namespace, name)
	s.Expect(err).NotTo(gomega.HaveOccurred())
	return config.BearerToken
}

// reader returns the token of a ServiceAccount that may get the metrics.
func (s *scene) reader() string {
	s.Helper()
	s.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "plumbline-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: s.namespace, Name: "prometheus"}},
	})
	token := s.account("prometheus")
	// The API server learns of the binding a moment after it was made. Ask itself, since the operator remembers refusals.
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:                  "system:serviceaccount:" + s.namespace + ":prometheus",
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
	}}
	s.Eventually(func() (bool, error) {
		asked := review.DeepCopy()
		err := admin.Create(s.Context(), asked)
		return asked.Status.Allowed, err
	}).Should(gomega.BeTrue())
	return token
}

// objectNames returns the names of what is in the namespace.
func (s *scene) objectNames() []string {
	s.Helper()
	var names []string
	var deployments appsv1.DeploymentList
	var sets appsv1.ReplicaSetList
	var pods corev1.PodList
	for _, list := range []client.ObjectList{&deployments, &sets, &pods} {
		s.Expect(s.list(list)).To(gomega.Succeed())
	}
	for _, d := range deployments.Items {
		names = append(names, d.Name)
	}
	for _, r := range sets.Items {
		names = append(names, r.Name)
	}
	for _, p := range pods.Items {
		names = append(names, p.Name)
	}
	return names
}

func labelValues(family *dto.MetricFamily) []string {
	var values []string
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			values = append(values, label.GetValue())
		}
	}
	return values
}
