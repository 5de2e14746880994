package pinned

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// podSecurityPrefix begins the labels that Pod Security admission goes by, and the words that end them.
const (
	podSecurityPrefix = "pod-security.kubernetes.io/"
	versionSuffix     = "-version"
)

// readNamespace reads the labels of a namespace: those that are declared have to be as declared, and of those of Pod
// Security admission no other may be there. The one that the API server gives every namespace says nothing.
func readNamespace(obj runtime.Object, fs *facts) {
	namespace, ok := obj.(*corev1.Namespace)
	if !ok {
		return
	}
	for label, value := range namespace.Labels {
		if label == corev1.LabelMetadataName {
			continue
		}
		f := labelFact(label, value)
		if mode, isPodSecurity := strings.CutPrefix(label, podSecurityPrefix); isPodSecurity {
			f.optional = false
			if !strings.HasSuffix(mode, versionSuffix) {
				f.rule, f.rank = levels, rankOf(value, "restricted", "baseline")
			}
		}
		fs.add(f)
	}
}

// levels is for levels of the Pod Security Standards. What holds where none is set is up to the cluster: most often nothing.
func levels(declared, live *fact) bool {
	const privileged = 2
	if live == nil {
		return declared.rank < privileged
	}
	return weaker(declared, live)
}

// readServiceAccount reads whether pods of a ServiceAccount mount its token. Its secrets and imagePullSecrets are not
// compared: caches do not keep the names of Secrets.
func readServiceAccount(obj runtime.Object, fs *facts) {
	if account, ok := obj.(*corev1.ServiceAccount); ok {
		fs.add(optionalFlag("automountServiceAccountToken", account.AutomountServiceAccountToken, true, true))
	}
}
