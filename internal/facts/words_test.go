package facts_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
)

func TestWhatCannotBeReadIsToldToWhoeverReads(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api"}}
	cluster := facts.Remembered([]client.Object{pod})
	cluster.Readable = func(gk schema.GroupKind) bool { return gk.Kind != "ServiceAccount" }
	target, err := cluster.Itself(context.Background(), pod)
	if err != nil || target == nil {
		t.Fatalf("target %v, %v", target, err)
	}
	why := target.Object.Facts[target.Object.Target].Unreadable[engine.NeedServiceAccount]
	if got, want := facts.ToCaller(why), "you may not list serviceaccounts"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
