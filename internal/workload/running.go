package workload

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// Running says whether the object is a pod that runs or is about to: not one that has finished, or is being deleted.
func (w Workload) Running() bool {
	return w.Kind == "Pod" && !w.Finished && w.Meta.DeletionTimestamp == nil
}

// finished says whether no container of a pod will ever run again.
func finished(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

// finishedJob says whether a Job makes no more pods.
func finishedJob(conditions []batchv1.JobCondition) bool {
	for i := range conditions {
		if ends(&conditions[i]) {
			return true
		}
	}
	return false
}

func ends(c *batchv1.JobCondition) bool {
	return c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed)
}

// Digest returns a hash of what is judged of a pod but for its ephemeral containers; empty when it is not known. Pods of one
// digest are judged alike. Of a pod of which Trim kept nothing it is what Trim left.
//
// What the API server adds by itself to every pod that it creates is no difference: see MadeDigest.
func (w Workload) Digest() string {
	if len(w.Pod.Containers) == 0 { // the API server lets no such pod pass
		return w.Pod.SchedulerName
	}
	return digest(normal(w.Pod), w.PodMeta.Annotations)
}

// MadeDigest returns the Digest of the pods that are made from a template when nobody interferes. token says whether they get
// the token of their ServiceAccount mounted.
//
// Source: SetDefaults_Pod and the admission plugin ServiceAccount of Kubernetes, and what its StatefulSet controller does.
func (w Workload) MadeDigest(token bool) string {
	spec := normal(w.Pod)
	for i := range w.Claims {
		name := w.Claims[i].Name
		spec.Volumes = slices.DeleteFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{},
		}})
	}
	if token {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: tokenVolume, VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{},
		}})
	}
	sortVolumes(spec.Volumes)
	return digest(spec, w.PodMeta.Annotations)
}

// kept returns what Trim leaves of a pod that a watched kind controls: its digest, in the place of a field that no check looks
// at, because that costs less than an annotation. It is empty for other kinds.
func kept(w Workload) string {
	if w.Kind != "Pod" {
		return ""
	}
	return w.Digest()
}

// digestBytes is how much of the hash is kept: enough that nobody makes a pod up that has the digest of a template.
const digestBytes = 15

// digest hashes a pod in normal form. The length stands before each part, so that nothing reads like another.
func digest(spec *corev1.PodSpec, annotations map[string]string) string {
	data, err := spec.Marshal()
	if err != nil {
		return "" // like no template: it is looked at
	}
	hash := sha256.New()
	part := func(text []byte) { // a hash returns no error
		_, _ = hash.Write([]byte(strconv.Itoa(len(text)) + ":"))
		_, _ = hash.Write(text)
	}
	part(data)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if judgedAnnotation(key) {
			part([]byte(key))
			part([]byte(annotations[key]))
		}
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:digestBytes])
}

// normal returns what is judged of a pod in the one spelling that pods and templates share. What volumes hold is not in it: a
// pod is judged by the rules alone, which look at their types, and the claims of a StatefulSet differ with each of its pods.
func normal(pod *corev1.PodSpec) *corev1.PodSpec {
	spec := trimPod(pod, volumeTypes(pod.Volumes))
	spec.EphemeralContainers = nil
	spec.ServiceAccountName = cmp.Or(spec.ServiceAccountName, DefaultServiceAccount)
	if spec.SecurityContext == nil {
		spec.SecurityContext = &noPodSecurityContext
	}
	for i := range spec.InitContainers {
		normalize(&spec.InitContainers[i], spec.HostNetwork)
	}
	for i := range spec.Containers {
		normalize(&spec.Containers[i], spec.HostNetwork)
	}
	for i := range spec.Volumes {
		if v := &spec.Volumes[i]; v.Projected != nil && strings.HasPrefix(v.Name, tokenVolume) {
			v.Name = tokenVolume // what follows is made up anew for each pod
		}
	}
	sortVolumes(spec.Volumes)
	return &spec
}

func sortVolumes(volumes []corev1.Volume) {
	slices.SortStableFunc(volumes, func(a, b corev1.Volume) int { return cmp.Compare(a.Name, b.Name) })
}

// normalize sets in a container what the API server sets in pods and not in templates: requests that are missing beside
// limits, and the ports of the node on its network.
func normalize(c *corev1.Container, hostNetwork bool) {
	requests, copied := c.Resources.Requests, false
	for name, limit := range c.Resources.Limits {
		if _, set := requests[name]; set {
			continue
		}
		if !copied {
			requests, copied = maps.Clone(requests), true
			if requests == nil {
				requests = corev1.ResourceList{}
			}
		}
		requests[name] = limit
	}
	c.Resources.Requests = requests
	if !hostNetwork {
		return
	}
	c.Ports = slices.Clone(c.Ports)
	for i := range c.Ports {
		c.Ports[i].HostPort = cmp.Or(c.Ports[i].HostPort, c.Ports[i].ContainerPort)
	}
}
