package manifest_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/workload"
)

func TestDefaultsAreThoseOfTheAPIServer(t *testing.T) {
	text := `
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  hostNetwork: true
  volumes: [{name: v}, {name: w, hostPath: {path: /}}]
  containers:
  - name: app
    image: app
    ports: [{containerPort: 80}]
    resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 0.5}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: own}
spec:
  selector: {}
  template:
    spec:
      hostNetwork: true
      volumes: [{name: v}]
      containers: [{name: app, image: app, ports: [{containerPort: 80}], resources: {limits: {cpu: 1}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec: {podSelector: {}, egress: [{ports: [{port: 53}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a, namespace: nonsense}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: jane}, {kind: ServiceAccount, name: api, namespace: shop}]
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: batch/v1
kind: Job
metadata: {name: a}
spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{name: app, image: app}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: a}
spec: {template: {spec: {containers: [{name: app, image: app}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: a}
spec: {manualSelector: true, selector: {}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: app, image: app}]}}}
`
	var objects []kruntime.Object
	l := manifest.New(strings.NewReader(text), manifest.Options{Namespace: "mine"})
	for object, problem := range l.Load(t.Context(), []string{manifest.Stdin}) {
		if problem != nil {
			t.Fatal(problem)
		}
		objects = append(objects, object.Object)
	}
	pod, _ := workload.Of(objects[0])
	port := pod.Pod.Containers[0].Ports[0]
	requests := pod.Pod.Containers[0].Resources.Requests
	template, _ := workload.Of(objects[1])
	inTemplate := template.Pod.Containers[0]
	policy := objects[2].(*networkingv1.NetworkPolicy)
	binding := objects[3].(*rbacv1.ClusterRoleBinding)
	job, _ := workload.Of(objects[5])
	unnamed, _ := workload.Of(objects[6])
	manual, _ := workload.Of(objects[7])
	for name, holds := range map[string]bool{
		"an object without a namespace gets that of the options":   pod.Namespace == "mine" && policy.Namespace == "mine",
		"an object with a namespace keeps it":                      template.Namespace == "own",
		"an object of the cluster has none":                        binding.Namespace == "",
		"a volume without a type is an emptyDir":                   pod.Pod.Volumes[0].EmptyDir != nil && template.Pod.Volumes[0].EmptyDir != nil,
		"a volume with one is not":                                 pod.Pod.Volumes[1].EmptyDir == nil,
		"a port is one of TCP":                                     port.Protocol == corev1.ProtocolTCP && inTemplate.Ports[0].Protocol == corev1.ProtocolTCP,
		"a port of a pod on the node's network is one of the node": port.HostPort == 80,
		"a port of a template is not yet":                          inTemplate.Ports[0].HostPort == 0,
		"a pod requests its limits":                                requests.Memory().String() == "1Gi" && requests.Cpu().String() == "500m",
		"a template does not yet":                                  len(inTemplate.Resources.Requests) == 0,
		"a policy with egress rules is about both":                 len(policy.Spec.PolicyTypes) == 2,
		"a port of a policy is one of TCP":                         *policy.Spec.Egress[0].Ports[0].Protocol == corev1.ProtocolTCP,
		"a role is one of RBAC":                                    binding.RoleRef.APIGroup == rbacv1.GroupName,
		"a user is one of RBAC, a ServiceAccount is not":           binding.Subjects[0].APIGroup == rbacv1.GroupName && binding.Subjects[1].APIGroup == "",
		"a namespace has a label with its name":                    objects[4].(*corev1.Namespace).Labels[corev1.LabelMetadataName] == "a",
		"a job has the labels of its pods":                         job.Meta.Labels["app"] == "a",
		"the pods of a job have its name":                          job.PodMeta.Labels["batch.kubernetes.io/job-name"] == "a" && job.PodMeta.Labels["job-name"] == "a",
		"those of a job without one do not yet":                    len(unnamed.PodMeta.Labels) == 0,
		"those of a job with a selector of its own do not":         len(manual.PodMeta.Labels) == 1,
		"the kind of an object is known":                           objects[0].GetObjectKind().GroupVersionKind().Kind == "Pod",
	} {
		if !holds {
			t.Errorf("it does not hold that %s", name)
		}
	}
}
