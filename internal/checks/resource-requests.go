package checks

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "resource-requests",
	Title: "Resource without a request",
	Description: "What a container does not request is not set aside for it: the scheduler puts pods where there is no room for them, and when " +
		"a node runs short, such containers get the least and are ended first. Others can starve them, by accident or on purpose. A " +
		"limit without a request makes the request as great as the limit, and a request of the pod as a whole counts for all its " +
		"containers. 0 is no request. What a LimitRange adds when a pod is created is not seen in a template. Ephemeral containers are " +
		"exempt, because they cannot set requests.",
	Remediation: "Set the resource in resources.requests of the container or, for cpu, memory and huge pages, of the pod.",
	Severity:    v1alpha1.SeverityLow,
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return len(declared.Workloads.Resources.Requests) > 0
	},
	Run: func(in *engine.Input) []engine.Finding {
		return requestRule.lacking(in, in.Declared.Workloads.Resources.Requests)
	},
})

var requestRule = &resourceRule{
	pod: podRequests,
	container: func(c workload.Container, name corev1.ResourceName) bool {
		request, _ := requestOf(c, name)
		return request.Sign() > 0
	},
	own:      func(c workload.Container) corev1.ResourceList { return c.Resources.Requests },
	field:    "resources.requests",
	noun:     "request",
	expected: "a request above 0",
	means:    "no request",
}

// requestOf returns how much of a resource a container requests, and whether it says so. The API server sets a request
// that is missing to the limit, when the pod is created.
func requestOf(c workload.Container, name corev1.ResourceName) (resource.Quantity, bool) {
	request, set := c.Resources.Requests[name]
	if !set {
		request, set = c.Resources.Limits[name]
	}
	return request, set
}

// podRequests says whether the pod as a whole requests a resource. The API server sets a request that is missing, where
// there is a limit, to what the containers request together, and to the limit where none of them says anything.
func podRequests(w workload.Workload, name corev1.ResourceName) bool {
	if _, set := w.Pod.Resources.Requests[name]; set {
		return above0(w.Pod.Resources.Requests, name)
	}
	if !above0(w.Pod.Resources.Limits, name) {
		return false
	}
	said := false
	for c := range w.Containers() {
		request, set := requestOf(c, name)
		if request.Sign() > 0 {
			return true
		}
		said = said || set
	}
	return !said
}
