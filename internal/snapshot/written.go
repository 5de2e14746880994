package snapshot

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Names of fields.
const (
	apiVersionField  = "apiVersion"
	kindField        = "kind"
	metadataField    = "metadata"
	nameField        = "name"
	labelsField      = "labels"
	annotationsField = "annotations"
	specField        = "spec"
	rulesField       = "rules"
	webhooksField    = "webhooks"
)

// written returns an object with what is judged of it, and nothing else.
func written(ref workload.Ref, gvk schema.GroupVersionKind, obj runtime.Object) (map[string]any, error) {
	trim(obj)
	meta := map[string]any{nameField: ref.Name}
	if ref.Namespace != "" {
		meta["namespace"] = ref.Namespace
	}
	if labels := labelsOf(obj); len(labels) > 0 {
		meta[labelsField] = labels
	}
	out := map[string]any{apiVersionField: gvk.GroupVersion().String(), kindField: gvk.Kind, metadataField: meta}
	if w, is := workload.Of(obj); is {
		return out, writeWorkload(&w, out)
	}
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	for _, field := range fieldsOf(obj) {
		if value := withoutNulls(all[field]); value != nil {
			out[field] = value
		}
	}
	quiet(out)
	return out, nil
}

// trim drops what caches drop.
func trim(obj runtime.Object) {
	if meta, is := obj.(metav1.Object); is {
		meta.SetManagedFields(nil)
	}
	workload.Trim(obj)
	rbac.Trim(obj)
	if policy, is := obj.(*networkingv1.NetworkPolicy); is {
		network.Trim(policy)
	}
}

// fieldsOf names the fields besides the metadata that are judged of an object.
func fieldsOf(obj runtime.Object) []string {
	switch o := obj.(type) {
	case *corev1.Namespace:
		return nil
	case *corev1.ServiceAccount:
		return []string{"automountServiceAccountToken"}
	case *rbacv1.Role:
		return []string{rulesField}
	case *rbacv1.ClusterRole:
		if o.AggregationRule != nil && len(o.Rules) > 0 { // what it gathers is what those get who are bound to it
			return []string{"aggregationRule", rulesField}
		}
		if o.AggregationRule != nil {
			return []string{"aggregationRule"}
		}
		return []string{rulesField}
	case *rbacv1.RoleBinding, *rbacv1.ClusterRoleBinding:
		return []string{"roleRef", "subjects"}
	}
	return []string{specField, webhooksField}
}

// labelsOf returns the labels that are judged: all of a namespace, by which it is chosen, and those of a ClusterRole by which
// others gather its rules.
func labelsOf(obj runtime.Object) map[string]any {
	meta, is := obj.(metav1.Object)
	if !is {
		return nil
	}
	kept := map[string]any{}
	for label, value := range meta.GetLabels() {
		switch obj.(type) {
		case *corev1.Namespace:
			if label != corev1.LabelMetadataName {
				kept[label] = value
			}
		case *rbacv1.ClusterRole:
			if rbac.Gathers(label, value) {
				kept[label] = value
			}
		}
	}
	return kept
}

// quiet takes out of webhooks and policies what is not compared: certificates, which are renewed, and messages.
func quiet(object map[string]any) {
	for _, webhook := range listIn(object, webhooksField) {
		if client, is := webhook["clientConfig"].(map[string]any); is {
			delete(client, "caBundle")
		}
	}
	spec, _ := object[specField].(map[string]any)
	for _, validation := range listIn(spec, "validations") {
		for _, field := range []string{"message", "messageExpression", "reason"} {
			delete(validation, field)
		}
	}
}

// listIn returns those items of a list that are objects.
func listIn(object map[string]any, field string) []map[string]any {
	var all []map[string]any
	list, _ := object[field].([]any)
	for _, each := range list {
		if one, is := each.(map[string]any); is {
			all = append(all, one)
		}
	}
	return all
}

// withoutNulls takes fields out that say nothing.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, each := range value {
			if value[name] = withoutNulls(each); value[name] == nil {
				delete(value, name)
			}
		}
	case []any:
		for i := range value {
			value[i] = withoutNulls(value[i])
		}
	}
	return value
}

// writeWorkload writes what is judged of the pods of a workload.
func writeWorkload(w *workload.Workload, out map[string]any) error {
	pod, err := podOf(w)
	if err != nil {
		return err
	}
	steps := strings.Split(w.PodPath, ".")
	parent := out
	for _, step := range steps[:len(steps)-1] {
		inner := map[string]any{}
		parent[step] = inner
		parent = inner
	}
	parent[specField] = pod
	if annotations := w.PodMeta.Annotations; len(annotations) > 0 {
		meta, is := parent[metadataField].(map[string]any)
		if !is {
			meta = map[string]any{}
			parent[metadataField] = meta
		}
		meta[annotationsField] = anyOf(annotations)
	}
	if len(w.Claims) == 0 {
		return nil
	}
	spec, _ := out[specField].(map[string]any)
	spec["volumeClaimTemplates"], err = claimsOf(w.Claims)
	return err
}

// claimsOf returns what is judged of claims.
func claimsOf(claims []corev1.PersistentVolumeClaim) ([]any, error) {
	var all []any
	for i := range claims {
		claim, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&corev1.PersistentVolumeClaim{Spec: claims[i].Spec})
		if err != nil {
			return nil, err
		}
		delete(claim, "status")
		claim[metadataField] = map[string]any{nameField: claims[i].Name}
		withoutNulls(claim)
		bareClaim(claim)
		all = append(all, claim)
	}
	return all, nil
}

func anyOf(texts map[string]string) map[string]any {
	all := make(map[string]any, len(texts))
	for name, text := range texts {
		all[name] = text
	}
	return all
}

// podOf returns what is judged of a pod that was trimmed: without what stays of it for NetworkPolicies, and without zeros.
func podOf(w *workload.Workload) (map[string]any, error) {
	pod := w.Pod.DeepCopy()
	if w.Kind == podKind {
		pod.Volumes = slices.DeleteFunc(pod.Volumes, func(v corev1.Volume) bool {
			return workload.IsTokenVolume(pod, &v)
		})
	}
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			containers[i].Ports = portsOfNode(containers[i].Ports, pod.HostNetwork)
		}
	}
	for i := range pod.EphemeralContainers {
		pod.EphemeralContainers[i].Ports = portsOfNode(pod.EphemeralContainers[i].Ports, pod.HostNetwork)
	}
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return nil, err
	}
	withoutNulls(all)
	for _, volume := range listIn(all, "volumes") {
		bare(volume)
	}
	dropEmpty(all)
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, container := range listIn(all, list) {
			dropEmpty(container)
		}
	}
	return all, nil
}

// portsOfNode are the ports that take one of the node.
func portsOfNode(ports []corev1.ContainerPort, hostNetwork bool) []corev1.ContainerPort {
	return slices.DeleteFunc(ports, func(port corev1.ContainerPort) bool { return port.HostPort == 0 && !hostNetwork })
}

// bare leaves of a volume its name and type, and what names what it holds: not what the types of the API write where nothing
// was said.
func bare(volume map[string]any) {
	for _, value := range volume {
		source, is := value.(map[string]any)
		if !is {
			continue
		}
		delete(source, "type") // of a path of the node
		withoutEmptyTexts(source)
		if template, is := source["volumeClaimTemplate"].(map[string]any); is {
			delete(template, metadataField)
			bareClaim(template)
		}
	}
}

// bareClaim leaves of a claim what it is filled with.
func bareClaim(claim map[string]any) {
	if spec, is := claim[specField].(map[string]any); is {
		delete(spec, "resources")
		if len(spec) == 0 {
			delete(claim, specField)
		}
	}
}

// withoutEmptyTexts takes out what is an empty text, but for what drivers of volumes and labels are asked for.
func withoutEmptyTexts(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, each := range value {
			switch name {
			case "volumeAttributes", "options", "labelSelector":
				continue
			}
			if each == "" {
				delete(value, name)
				continue
			}
			withoutEmptyTexts(each)
		}
	case []any:
		for _, each := range value {
			withoutEmptyTexts(each)
		}
	}
}

// dropEmpty takes out what a pod or a container says nothing in, and the port of a host that is probed, which is not kept.
func dropEmpty(object map[string]any) {
	for _, field := range []string{"securityContext", "resources"} {
		if value, is := object[field].(map[string]any); is && len(value) == 0 {
			delete(object, field)
		}
	}
	for _, field := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		dropPort(object[field])
	}
	hooks, _ := object["lifecycle"].(map[string]any)
	for _, hook := range hooks {
		dropPort(hook)
	}
}

func dropPort(handler any) {
	actions, _ := handler.(map[string]any)
	for _, action := range actions {
		if fields, is := action.(map[string]any); is {
			delete(fields, "port")
		}
	}
}
