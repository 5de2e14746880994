package pinned

import (
	"cmp"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/rbac"
)

const (
	rulesPath       = "rules"
	aggregationPath = "aggregationRule"
)

// compareRole returns how roles are compared: by what they allow, however it is spelled. The rules of a ClusterRole that
// are gathered from others are compared only where they are declared. They are gathered no longer where the live role does not
// gather: then they are what somebody wrote, and nobody declared them.
func compareRole(declared runtime.Object, c *compiler) compiled {
	byFacts := c.byFacts(declared, readAggregation)
	role, ok := rbac.RoleOf(declared)
	if !ok {
		return byFacts
	}
	rules, match := role.Rules, c.match
	free := len(rules) == 0 && match == Contains
	gathered := len(rules) == 0 && role.Aggregation != nil
	return func(live runtime.Object) []Difference {
		found := byFacts(live)
		now, ok := rbac.RoleOf(live)
		if !ok || free || gathered && now.Aggregation != nil {
			return found
		}
		gained, lost := rbac.Compare(rules, now.Rules)
		if match == Contains {
			gained = nil
		}
		for i := range gained {
			allowed := gained[i].String()
			found = append(found, Difference{
				Path: rulesPath, Value: short(allowed, maxValue), Expected: none, Actual: short(allowed, maxWords), Loosening: true,
			})
		}
		for i := range lost {
			allowed := lost[i].String()
			found = append(found, Difference{Path: rulesPath, Value: short(allowed, maxValue), Expected: short(allowed, maxWords), Actual: none})
		}
		return found
	}
}

// readAggregation reads which roles a ClusterRole gathers its rules from, and the labels by which others gather its own. One that
// gathers is overwritten by a controller, and one that gathers no longer is not: this is never only stricter.
func readAggregation(obj runtime.Object, fs *facts) {
	role, ok := rbac.RoleOf(obj)
	if !ok {
		return
	}
	for label, value := range role.Labels {
		if rbac.Gathers(label, value) {
			fs.add(fact{key: item(labelPath(label), value), own: true, rule: adds})
		}
	}
	if role.Aggregation == nil {
		return
	}
	fs.add(fact{key: key{path: aggregationPath}, value: "rules gathered from other ClusterRoles", own: true, optional: true, rule: always})
	for i := range role.Aggregation.ClusterRoleSelectors {
		all := selectorWords(requirementsOf(&role.Aggregation.ClusterRoleSelectors[i]))
		fs.add(fact{key: item(aggregationPath+".clusterRoleSelectors", all), own: true, rule: adds})
	}
}

// readBinding reads the role of a binding, and whom it grants it to: subjects that RBAC never matches are nobody.
func readBinding(obj runtime.Object, fs *facts) {
	binding, ok := rbac.BindingOf(obj)
	if !ok {
		return
	}
	f := fact{key: key{path: "roleRef"}, value: binding.Role.String(), own: binding.Role.Name != "", rule: always}
	if binding.Role.Group != rbacv1.GroupName {
		f.value += " of " + binding.Role.Group
	}
	fs.add(f)
	for _, subject := range binding.Holders() {
		fs.add(fact{key: item("subjects", subject.String()), own: true, rule: adds})
	}
}

// labelPath returns where a label stands.
func labelPath(label string) string { return "metadata.labels[" + label + "]" }

// readLabels reads labels of which nobody can tell what they mean: those that are declared have to be as declared.
func readLabels(meta metav1.Object, fs *facts) {
	for label, value := range meta.GetLabels() {
		fs.add(labelFact(label, value))
	}
}

func labelFact(label, value string) fact {
	return fact{key: key{path: labelPath(label)}, value: cmp.Or(value, `""`), own: true, optional: true, rule: always}
}
