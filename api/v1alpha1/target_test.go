package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// strangeNames are names that Kubernetes accepts for users and groups.
var strangeNames = map[string]string{
	"of an issuer":     "https://issuer.example.com#jane@example.com",
	"of Kubernetes":    "system:serviceaccounts:shop",
	"with a selector":  "a=b,c!=d,e in (f)",
	"with backslashes": `CORP\jane`,
	"with blanks":      " CN=Jürgen Müller, O=Grün & Söhne ",
	"that is a star":   "*",
	"that looks away":  "a\n\tb\u202e",
	"with quotes":      `"'{}[]`,
	"that is long":     strings.Repeat("ü", 1024),
}

func TestAReportMaySpeakOfAnyUserOrGroup(t *testing.T) {
	c := newClient(t)
	for name, user := range strangeNames {
		t.Run(name, func(t *testing.T) {
			create(t, c, &v1alpha1.DriftReport{
				ObjectMeta: metav1.ObjectMeta{Name: "user", Namespace: "default"},
				Spec: v1alpha1.DriftReportSpec{Target: v1alpha1.TargetReference{
					APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: rbacv1.UserKind, Name: user,
				}},
				Status: v1alpha1.DriftReportStatus{State: v1alpha1.StateDrifted},
			})
			var got v1alpha1.DriftReportList
			selected := client.MatchingFields{"spec.target.kind": rbacv1.UserKind, "spec.target.name": user}
			if err := c.List(t.Context(), &got, client.InNamespace("default"), selected); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"user"}, reportNames(got.Items)); diff != "" {
				t.Fatalf("selected by its name (-want +got):\n%s", diff)
			}
			if target := got.Items[0].Spec.Target; target.Name != user || target.Namespace != "" || target.UID != "" {
				t.Errorf("the target became %+v", target)
			}
		})
	}
}

func TestTheNameOfATargetIsRefusedAboveItsBound(t *testing.T) {
	target := fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: Group, name: %s}", strings.Repeat("a", 1025))
	expectRefused(t, newClient(t), report(t, "refused", target, `{}`), []string{`spec.target.name: Too long: may not be more than 1024 bytes`})
}

// What the tests above are for: the API server bounds no name of a user, a group or a role.
func TestKubernetesAcceptsStrangeNames(t *testing.T) {
	c, err := client.New(plane(t).Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, user := range strangeNames {
		t.Run(name, func(t *testing.T) {
			binding := &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "strange"},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
				Subjects: []rbacv1.Subject{
					{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user + user},
					{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: user},
				},
			}
			if err := c.Create(t.Context(), binding, client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
	// Longer names than a report holds there are too.
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: strings.Repeat("a", 2048)}}
	if err := c.Create(t.Context(), role, client.DryRunAll); err != nil {
		t.Errorf("a ClusterRole with a name of 2048 characters: %v", err)
	}
}
