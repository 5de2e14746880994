package manifest

import (
	"cmp"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// kind is a kind that is read.
type kind struct {
	schema.GroupVersionKind
	new           func() runtime.Object
	clusterScoped bool
}

// kinds are those that are judged or that tell facts, by name.
var kinds = func() map[string]kind {
	all := map[string]kind{}
	add := func(gv schema.GroupVersion, name string, clusterScoped bool, empty func() runtime.Object) {
		all[name] = kind{gv.WithKind(name), empty, clusterScoped}
	}
	for _, k := range workload.Kinds() {
		add(k.GroupVersion(), k.Kind, false, k.New)
	}
	add(corev1.SchemeGroupVersion, "ServiceAccount", false, func() runtime.Object { return &corev1.ServiceAccount{} })
	add(corev1.SchemeGroupVersion, "Namespace", true, func() runtime.Object { return &corev1.Namespace{} })
	add(rbacv1.SchemeGroupVersion, "Role", false, func() runtime.Object { return &rbacv1.Role{} })
	add(rbacv1.SchemeGroupVersion, "RoleBinding", false, func() runtime.Object { return &rbacv1.RoleBinding{} })
	add(rbacv1.SchemeGroupVersion, "ClusterRole", true, func() runtime.Object { return &rbacv1.ClusterRole{} })
	add(rbacv1.SchemeGroupVersion, "ClusterRoleBinding", true, func() runtime.Object { return &rbacv1.ClusterRoleBinding{} })
	add(networkingv1.SchemeGroupVersion, "NetworkPolicy", false, func() runtime.Object { return &networkingv1.NetworkPolicy{} })
	for _, obj := range facts.KindsOf(workload.Guardrails) {
		ref, _ := facts.RefOf(obj)
		add(admissionregistrationv1.SchemeGroupVersion, ref.Kind, true, obj.DeepCopyObject)
	}
	add(v1alpha1.GroupVersion, "SecurityBaseline", true, func() runtime.Object { return &v1alpha1.SecurityBaseline{} })
	return all
}()

// foreign returns a kind that has no type of its own here, and is read all the same, in whatever version: of the policies of
// other engines that they are there is all that counts, and what can be declared is compared field by field.
func foreign(gvk schema.GroupVersionKind) (kind, bool) {
	gk := gvk.GroupKind()
	if network.IsOtherPolicy(gk) {
		return kind{gvk, func() runtime.Object { return &metav1.PartialObjectMetadata{} }, network.IsClusterWide(gk)}, true
	}
	if _, judged := workload.ClassOf(gk); judged || !pinned.IsDeclarable(gk) {
		return kind{}, false
	}
	return kind{gvk, func() runtime.Object { return &unstructured.Unstructured{} }, pinned.IsClusterScoped(gk)}, true
}

// decode reads JSON into an empty object of the kind, and returns what in it a strict API server would refuse.
func (k *kind) decode(data []byte, into runtime.Object) (strict []error, err error) {
	switch obj := into.(type) {
	case *metav1.PartialObjectMetadata: // what else it says is for its engine
		return nil, kjson.UnmarshalCaseSensitivePreserveInts(data, obj)
	case *unstructured.Unstructured:
		if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &metav1.PartialObjectMetadata{}); err != nil {
			return nil, err
		}
		return kjson.UnmarshalStrict(data, &obj.Object)
	}
	return kjson.UnmarshalStrict(data, into)
}

// gone are the versions in which Kubernetes served kinds that are judged, and the release that ended it. Where a version went kind
// by kind, the kind follows.
//
// Source: the deprecated API migration guide of Kubernetes, and the lifecycles in k8s.io/api/admissionregistration.
var gone = map[string]string{
	"extensions/v1beta1":                 "1.16",
	"apps/v1beta1":                       "1.16",
	"apps/v1beta2":                       "1.16",
	"batch/v2alpha1":                     "1.21",
	"batch/v1beta1":                      "1.25",
	"rbac.authorization.k8s.io/v1alpha1": "1.22",
	"rbac.authorization.k8s.io/v1beta1":  "1.22",

	"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration":      "1.22",
	"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration":    "1.22",
	"admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy":        "1.32",
	"admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicyBinding": "1.32",
	"admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy":         "1.34",
	"admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding":  "1.34",
}

// alike are versions that Kubernetes still serves, and in which a kind has the same fields as in that which is read.
//
// Source: the lifecycles in k8s.io/api/admissionregistration.
var alike = map[string]bool{
	"admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy":        true, // until 1.38
	"admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicyBinding": true,
	"admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy":         true, // until 1.40
	"admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicyBinding":  true,
}

// kindOf returns the kind of an object. Where it is not read, wrong says why it should have been; it is empty for kinds
// that are none of Plumbline's business.
func kindOf(h *head) (k kind, isRead bool, wrong string) {
	k, isRead = kinds[h.kind]
	if isRead && (k.GroupVersion().String() == h.apiVersion || alike[h.apiVersion+" "+h.kind]) {
		return k, true, ""
	}
	gv, err := schema.ParseGroupVersion(h.apiVersion)
	if err != nil {
		return k, false, "The apiVersion " + h.apiVersion + " is none: write it as group/version, or as v1."
	}
	if k, isRead = foreign(gv.WithKind(h.kind)); isRead {
		return k, true, ""
	}
	if !ofKubernetes(gv.Group) {
		return k, false, ""
	}
	if k, isRead = folded(h.kind); isRead {
		return k, false, misnamed(h, &k)
	}
	if known().IsVersionRegistered(gv) && !known().Recognizes(gv.WithKind(h.kind)) {
		return k, false, "There is no kind " + h.kind + " in " + h.apiVersion + ": correct its name."
	}
	return k, false, ""
}

// misnamed says what is wrong with the names of what should be an object of a kind.
func misnamed(h *head, k *kind) string {
	version, since := k.GroupVersion().String(), cmp.Or(gone[h.apiVersion], gone[h.apiVersion+" "+h.kind])
	switch {
	case k.Kind != h.kind:
		return "There is no kind " + h.kind + ": write " + k.Kind + ", in " + version + "."
	case since != "":
		return "Kubernetes has not served " + h.kind + " in " + h.apiVersion + " since " + since + ": change its apiVersion to " +
			version + "."
	}
	return "There is no " + h.kind + " in " + h.apiVersion + ": change its apiVersion to " + version + "."
}

// folded returns the kind that is written so but for the case.
func folded(name string) (kind, bool) {
	for known, k := range kinds {
		if strings.EqualFold(known, name) {
			return k, true
		}
	}
	return kind{}, false
}

// ofKubernetes says whether a group is one of Kubernetes' own, or Plumbline's. Groups of others have a domain.
func ofKubernetes(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") || group == v1alpha1.GroupVersion.Group
}

// known holds the kinds of the groups that are read, also those that are not.
var known = sync.OnceValue(func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, networkingv1.AddToScheme,
		admissionregistrationv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil { // they add types, which cannot fail
			panic(err)
		}
	}
	return scheme
})
