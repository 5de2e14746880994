package network

import networkingv1 "k8s.io/api/networking/v1"

// Trim takes out of a NetworkPolicy, in place, what nobody looks at, so that a cache holds little: managedFields and
// annotations. It has no status.
func Trim(np *networkingv1.NetworkPolicy) {
	np.ManagedFields, np.Annotations = nil, nil
}
