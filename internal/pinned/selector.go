package pinned

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// requirement is one condition of a selector: on one label, with its values sorted. Without any, a selector chooses
// everything.
type requirement struct {
	label    string
	operator metav1.LabelSelectorOperator
	values   string // joined by commas, which no value of a label holds
}

// requirementsOf returns the conditions of a selector in normal form: matchLabels are In, NotIn is one condition for each
// value. nil chooses everything, as an empty selector does.
func requirementsOf(selector *metav1.LabelSelector) []requirement {
	if selector == nil {
		return nil
	}
	var all []requirement
	for label, value := range selector.MatchLabels {
		all = append(all, requirement{label, metav1.LabelSelectorOpIn, value})
	}
	for i := range selector.MatchExpressions {
		e := &selector.MatchExpressions[i]
		values := slices.Compact(slices.Sorted(slices.Values(e.Values)))
		if e.Operator == metav1.LabelSelectorOpNotIn {
			for _, value := range values {
				all = append(all, requirement{e.Key, e.Operator, value})
			}
			continue
		}
		all = append(all, requirement{e.Key, e.Operator, strings.Join(values, ",")})
	}
	return sortedRequirements(all)
}

func sortedRequirements(all []requirement) []requirement {
	slices.SortFunc(all, func(a, b requirement) int {
		return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.operator, b.operator), cmp.Compare(a.values, b.values))
	})
	return slices.Compact(all)
}

// inNamespace is the condition that a namespace is the one of this name: the API server gives every one that label.
func inNamespace(name string) []requirement {
	return []requirement{{corev1.LabelMetadataName, metav1.LabelSelectorOpIn, name}}
}

// within says whether all that the first conditions choose is chosen by the second too. It says no where it cannot tell.
func within(inner, outer []requirement) bool {
	for i := range outer {
		if !slices.ContainsFunc(inner, outer[i].impliedBy) {
			return false
		}
	}
	return true
}

// impliedBy says whether what meets the other condition meets this one too.
func (r requirement) impliedBy(other requirement) bool {
	if r.label != other.label {
		return false
	}
	if r == other {
		return true
	}
	switch other.operator {
	case metav1.LabelSelectorOpIn:
		return r.admitsAll(strings.Split(other.values, ","))
	case metav1.LabelSelectorOpDoesNotExist:
		return r.operator == metav1.LabelSelectorOpNotIn
	}
	return false
}

func (r requirement) admitsAll(values []string) bool {
	mine := strings.Split(r.values, ",")
	switch r.operator {
	case metav1.LabelSelectorOpIn:
		return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(mine, v) })
	case metav1.LabelSelectorOpNotIn:
		return !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(mine, v) })
	}
	return r.operator == metav1.LabelSelectorOpExists
}

// selectorWords returns conditions as people write them, such as "app=api,tier in (back,front)".
func selectorWords(all []requirement) string {
	if len(all) == 0 {
		return everything
	}
	parts := make([]string, len(all))
	for i, r := range all {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// everything is what a selector without conditions chooses.
const everything = "everything"

// String returns the condition as people write it.
func (r requirement) String() string {
	switch r.operator {
	case metav1.LabelSelectorOpIn:
		if strings.Contains(r.values, ",") {
			return r.label + " in (" + r.values + ")"
		}
		return r.label + "=" + r.values
	case metav1.LabelSelectorOpNotIn:
		return r.label + "!=" + r.values
	case metav1.LabelSelectorOpExists:
		return r.label
	case metav1.LabelSelectorOpDoesNotExist:
		return "!" + r.label
	}
	return r.label + " " + string(r.operator) + " (" + r.values + ")"
}

// selector returns the fact of a field that chooses what is guarded. A wider one guards more.
func selector(path string, value *metav1.LabelSelector) fact {
	all := requirementsOf(value)
	return fact{key: key{path: path}, value: selectorWords(all), own: value != nil, rule: chooses, size: &measure{selects: all}}
}
