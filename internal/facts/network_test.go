package facts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

func TestWhatCannotBeReadOfSourcesIsSaid(t *testing.T) {
	shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	api := deployment(corev1.PodSpec{})
	for name, test := range map[string]struct {
		objects         []client.Object
		unreadable      string
		unknown, partly map[engine.Need]string
	}{
		"all can be read": {objects: []client.Object{shop, api}},
		"namespaces cannot be read, by whose labels pods are told apart": {
			[]client.Object{shop, api}, "Namespace",
			map[engine.Need]string{engine.NeedSources: "the operator may not list and watch namespaces, by whose labels they are told apart"}, nil,
		},
		"the namespace has not come yet": {
			[]client.Object{api}, "", map[engine.Need]string{engine.NeedSources: "Namespace shop is not known yet"}, nil,
		},
		"workloads of a kind cannot be read, which may be let in too": {
			[]client.Object{shop, api}, "CronJob", nil, map[engine.Need]string{engine.NeedSources: "the operator may not list and watch cronjobs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := shelf(test.objects).cluster(test.unreadable)
			cluster.Sources = network.NewSources()
			cluster.Needs = func(need engine.Need) bool { return need == engine.NeedNetwork || need == engine.NeedSources }
			target, err := cluster.Itself(t.Context(), api)
			if err != nil {
				t.Fatal(err)
			}
			got := target.Object.Inputs()[0]
			if diff := cmp.Diff(test.unknown, got.Unreadable) + cmp.Diff(test.partly, got.Partial); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoSendsTraffic(t *testing.T) {
	yes, none := true, int32(0)
	owned := func(name, apiVersion, kind string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "shop", Name: name, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: apiVersion, Kind: kind, Name: "owner", UID: "1", Controller: &yes},
		}}
	}
	for name, test := range map[string]struct {
		obj  client.Object
		want string
	}{
		"a workload": {deployment(corev1.PodSpec{}), "Deployment shop/api"},
		"not what a controller makes that stands for it":   {&corev1.Pod{ObjectMeta: owned("web", "apps/v1", "ReplicaSet")}, ""},
		"the owner of a kind that nobody watches":          {&corev1.Pod{ObjectMeta: owned("web-0", "core.strimzi.io/v1", "StrimziPodSet")}, "StrimziPodSet shop/owner"},
		"what names a controller that makes no such thing": {&corev1.Pod{ObjectMeta: owned("web", "v1", "ServiceAccount")}, "Pod shop/web"},
		"what names one that makes other things":           {&appsv1.Deployment{ObjectMeta: owned("web", "batch/v1", "CronJob")}, "Deployment shop/web"},
		"not a revision that runs nothing":                 {&appsv1.ReplicaSet{ObjectMeta: owned("web", "argoproj.io/v1alpha1", "Rollout"), Spec: appsv1.ReplicaSetSpec{Replicas: &none}}, ""},
		"not a pod that has finished":                      {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a"}, Status: corev1.PodStatus{Phase: corev1.PodFailed}}, ""},
		"not a Job that has finished": {&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a"}, Status: batchv1.JobStatus{
			Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}},
		}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := shelf{}.cluster("")
			cluster.Sources = network.NewSources()
			w, _ := workload.Of(test.obj)
			changed, err := cluster.Sends(t.Context(), &w)
			if err != nil || changed != (test.want != "") {
				t.Errorf("changed %t, %v", changed, err)
			}
			sender := func() string { return senders(t, cluster.Sources) }
			if got := sender(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			workload.Trim(test.obj)
			if w, _ = workload.Of(test.obj); test.want != "" {
				if changed, err = cluster.Sends(t.Context(), &w); changed || err != nil {
					t.Errorf("as caches hold it, it looks different: %v", err)
				}
			}
			w.Meta.OwnerReferences = owned("", "apps/v1", "ReplicaSet").OwnerReferences
			if w.Kind == "Pod" { // a controller has taken it up
				if _, err = cluster.Sends(t.Context(), &w); err != nil || sender() != "" {
					t.Errorf("taken up, it still sends: %q, %v", sender(), err)
				}
			}
		})
	}
}

// senders names who is let in where everybody is.
func senders(t *testing.T, sources *network.Sources) string {
	t.Helper()
	everybody := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "all", Name: "everybody"}}
	everybody.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}},
	}}
	compiled, err := network.Compile(everybody)
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	exposed := network.Exposed([]*network.Policy{compiled}, workload.Ref{}, &network.Pod{Namespace: "all"}, nil, nil, sources, 10)
	for _, leak := range exposed.Leaks {
		names += leak.Source.String()
	}
	return names
}

func TestWhoStandsForItself(t *testing.T) {
	yes := true
	pod := func(apiVersion, kind string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", OwnerReferences: []metav1.OwnerReference{
			{APIVersion: apiVersion, Kind: kind, Name: "web", UID: "1", Controller: &yes},
		}}}
	}
	there := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "1"}}
	another := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "2"}}
	for name, test := range map[string]struct {
		cache      shelf
		unreadable string
		pod        *corev1.Pod
		want       bool
	}{
		"not what its controller stands for":             {shelf{there}, "", pod("apps/v1", "ReplicaSet"), false},
		"what names a controller that is not there":      {shelf{}, "", pod("apps/v1", "ReplicaSet"), true},
		"what names one that another has replaced":       {shelf{another}, "", pod("apps/v1", "ReplicaSet"), true},
		"not what names one that nobody can read":        {shelf{}, "ReplicaSet", pod("apps/v1", "ReplicaSet"), false},
		"what names one that makes no pods":              {shelf{}, "", pod("v1", "ServiceAccount"), true},
		"what is judged as a part of one nobody watches": {shelf{}, "", pod("argoproj.io/v1alpha1", "Workflow"), true},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := workload.Of(test.pod)
			if got := test.cache.cluster(test.unreadable).Stands(t.Context(), &w); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// Each workload of a namespace reads all policies there: files with a thousand of both must not be read a million times.
func TestAPolicyIsCompiledOnce(t *testing.T) {
	policy := func(uid types.UID) *networkingv1.NetworkPolicy {
		return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: uid, ResourceVersion: "1"}}
	}
	for name, cluster := range map[string]*facts.Cluster{
		"from a file":    facts.Remembered([]client.Object{policy("")}),
		"from a cluster": shelf{policy("1")}.cluster(""),
	} {
		t.Run(name, func(t *testing.T) {
			var read []*network.Policy
			for range 2 {
				found, err := cluster.Policies(t.Context(), "shop")
				if err != nil || len(found) != 1 {
					t.Fatalf("got %v, %v", found, err)
				}
				read = append(read, found...)
			}
			if read[0] != read[1] {
				t.Error("it is compiled again for another workload")
			}
		})
	}
	if found, err := facts.Remembered([]client.Object{policy("")}).Policies(t.Context(), "bank"); len(found) > 0 || err != nil {
		t.Errorf("another namespace has %v, %v", found, err)
	}
}
