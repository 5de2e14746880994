package baseline

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
)

// compileReachability makes ready what a baseline says of who may reach workloads.
func compileReachability(declared []v1alpha1.Reachability) ([]engine.Reachability, error) {
	var compiled []engine.Reachability
	for i := range declared {
		one, err := reachabilityOf(&declared[i])
		if err != nil {
			return nil, fmt.Errorf("[%d].%w", i, err)
		}
		compiled = append(compiled, one)
	}
	return compiled, nil
}

func reachabilityOf(declared *v1alpha1.Reachability) (engine.Reachability, error) {
	var one engine.Reachability
	var err error
	if one.To, err = network.Pods(declared.To.NamespaceSelector, declared.To.PodSelector); err != nil {
		return one, fmt.Errorf("to: %w", err)
	}
	for _, text := range declared.Ports {
		number, protocol, _ := strings.Cut(text, "/")
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil || n < 1 || n > 65535 {
			return one, fmt.Errorf("ports: %q is no port such as 5432/TCP", text)
		}
		one.Ports = append(one.Ports, network.Port{Protocol: corev1.Protocol(protocol), Number: int32(n)})
	}
	var words []string
	for i := range declared.AllowedFrom {
		source := &declared.AllowedFrom[i]
		var senders network.Senders
		if source.CIDR != "" {
			senders, err = network.Addresses(source.CIDR)
			words = append(words, source.CIDR)
		} else {
			senders, err = network.Pods(source.NamespaceSelector, source.PodSelector)
			words = append(words, wordsOf(source))
		}
		if err != nil {
			return one, fmt.Errorf("allowedFrom[%d]: %w", i, err)
		}
		one.AllowedFrom = append(one.AllowedFrom, senders)
	}
	one.Allowed = "nobody"
	if len(words) > 0 {
		one.Allowed = strings.Join(words, "; ")
	}
	return one, nil
}

// wordsOf says which pods may.
func wordsOf(source *v1alpha1.AllowedSource) string {
	words := "pods"
	if labels := selectorWords(source.PodSelector); labels != "" {
		words += " with " + labels
	}
	if labels := selectorWords(source.NamespaceSelector); labels != "" {
		words += " in namespaces with " + labels
	}
	return words
}

func selectorWords(selector *metav1.LabelSelector) string {
	if selector == nil {
		return ""
	}
	words := metav1.FormatLabelSelector(selector)
	if words == "<none>" { // as metav1 writes an empty one
		return ""
	}
	return words
}

// Protects says whether the baseline says who may reach a pod.
func (b *Baseline) Protects(pod *network.Pod) bool {
	for i := range b.Reachability {
		if b.Reachability[i].To.Select(pod) {
			return true
		}
	}
	return false
}
