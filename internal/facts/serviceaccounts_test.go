package facts_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// shelf is a cache that holds these objects.
type shelf []client.Object

func (s shelf) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	for _, obj := range s {
		if reflect.TypeOf(obj) == reflect.TypeOf(into) && client.ObjectKeyFromObject(obj) == key {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(obj).Elem())
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (s shelf) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	var items []runtime.Object
	for _, obj := range s {
		if reflect.TypeOf(obj).Elem().Name()+"List" == reflect.TypeOf(into).Elem().Name() {
			items = append(items, obj)
		}
	}
	return meta.SetList(into, items)
}

func (s shelf) cluster(unreadable string) *facts.Cluster {
	return &facts.Cluster{Cache: s, Live: s, Readable: func(gk schema.GroupKind) bool { return gk.Kind != unreadable }}
}

func account(name string, automount *bool) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, AutomountServiceAccountToken: automount}
}

func deployment(pod corev1.PodSpec) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api"}}
	d.Spec.Template.Spec = pod
	return d
}

func TestTheServiceAccountIsReadWherePodsDoNotDecide(t *testing.T) {
	yes, no := true, false
	cannot := map[engine.Need]string{engine.NeedServiceAccount: "the operator may not list and watch serviceaccounts"}
	for name, test := range map[string]struct {
		pod        corev1.PodSpec
		accounts   shelf
		unreadable string
		want       *judgement.Facts
	}{
		"by its name": {
			pod: corev1.PodSpec{ServiceAccountName: "api"}, accounts: shelf{account("api", &no), account("default", &yes)},
			want: &judgement.Facts{ServiceAccount: engine.ServiceAccount{Automount: &no}},
		},
		"default where none is named": {
			accounts: shelf{account("api", &no), account("default", &yes)},
			want:     &judgement.Facts{ServiceAccount: engine.ServiceAccount{Automount: &yes}},
		},
		"one that sets nothing":             {accounts: shelf{account("default", nil)}, want: &judgement.Facts{}},
		"one that is not there":             {pod: corev1.PodSpec{ServiceAccountName: "api"}, want: &judgement.Facts{}},
		"not in another namespace":          {accounts: shelf{&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "default"}, AutomountServiceAccountToken: &no}}, want: &judgement.Facts{}},
		"not where the pod says yes":        {pod: corev1.PodSpec{AutomountServiceAccountToken: &yes}, accounts: shelf{account("default", &no)}},
		"what cannot be read is not passed": {unreadable: "ServiceAccount", want: &judgement.Facts{Unreadable: cannot}},
		"nor missed where the pod says no":  {pod: corev1.PodSpec{AutomountServiceAccountToken: &no}, unreadable: "ServiceAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			api := deployment(test.pod)
			w, _ := workload.Of(api)
			target, state, err := append(test.accounts, api).cluster(test.unreadable).Target(t.Context(), w.Ref)
			if err != nil || state != facts.Found {
				t.Fatalf("state = %v, err = %v", state, err)
			}
			got, known := target.Object.Facts[w.Ref]
			if known != (test.want != nil) {
				t.Fatalf("facts = %+v, want %+v", target.Object.Facts, test.want)
			}
			if known {
				if diff := cmp.Diff(*test.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestEachOfWhatAnOwnerControlsHasItsOwnServiceAccount(t *testing.T) {
	yes, no := true, false
	revision := func(name, serviceAccount string) *appsv1.ReplicaSet {
		rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "argoproj.io/v1alpha1", Kind: "Rollout", Name: "api", UID: "1", Controller: &yes},
		}}}
		rs.Spec.Template.Spec.ServiceAccountName = serviceAccount
		return rs
	}
	cache := shelf{revision("api-1", "old"), revision("api-2", "new"), account("old", &yes), account("new", &no)}
	rollout := workload.Ref{Group: "argoproj.io", Kind: "Rollout", Namespace: "shop", Name: "api"}
	target, state, err := cache.cluster("").Target(t.Context(), rollout)
	if err != nil || state != facts.Found {
		t.Fatalf("state = %v, err = %v", state, err)
	}
	got := map[string]bool{}
	for ref, known := range target.Object.Facts {
		got[ref.Name] = *known.ServiceAccount.Automount
	}
	if diff := cmp.Diff(map[string]bool{"api-1": true, "api-2": false}, got); diff != "" {
		t.Error(diff)
	}
}
