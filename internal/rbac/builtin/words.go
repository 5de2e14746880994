package builtin

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The bounds of a list in words. A message has room for two.
const (
	maxItems  = 8
	maxLength = 350 // in bytes
)

func (d *difference) words(selection []string) string {
	var phrases []string
	if len(d.gained) > 0 {
		phrases = append(phrases, "may in addition "+enumerate(d.gained))
	}
	if len(d.lost) > 0 {
		phrases = append(phrases, "may no longer "+enumerate(d.lost))
	}
	return sentence(append(phrases, selection...), d.minor)
}

func (d *bindingDifference) words() string {
	var phrases []string
	if d.role != d.made {
		phrases = append(phrases, fmt.Sprintf("grants %s instead of %s", clip(d.role.String(), maxLength), d.made))
	}
	if len(d.gained) > 0 {
		phrases = append(phrases, "grants in addition to "+enumerate(d.gained))
	}
	if len(d.lost) > 0 {
		phrases = append(phrases, "no longer grants to "+enumerate(d.lost))
	}
	return sentence(phrases, d.minor)
}

// selectionWords says in what two aggregation rules differ. The order of their selectors means nothing.
func selectionWords(is, made *rbacv1.AggregationRule) []string {
	var phrases []string
	if more := selectorsWithout(is, made); len(more) > 0 {
		phrases = append(phrases, "is in addition made of "+enumerate(more))
	}
	if less := selectorsWithout(made, is); len(less) > 0 {
		phrases = append(phrases, "is no longer made of "+enumerate(less))
	}
	return phrases
}

// selection is what a selector of an aggregation rule selects.
type selection metav1.LabelSelector

func (s selection) String() string {
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return "every ClusterRole"
	}
	selector := metav1.LabelSelector(s)
	return "the ClusterRoles with " + metav1.FormatLabelSelector(&selector)
}

func selectorsWithout(rule, other *rbacv1.AggregationRule) []selection {
	if rule == nil {
		return nil
	}
	var found []selection
	for _, s := range rule.ClusterRoleSelectors {
		if other == nil || !slices.ContainsFunc(other.ClusterRoleSelectors, func(o metav1.LabelSelector) bool {
			return equality.Semantic.DeepEqual(s, o)
		}) {
			found = append(found, selection(s))
		}
	}
	return found
}

func sentence(phrases []string, minor int) string {
	return fmt.Sprintf("%s (compared with Kubernetes v1.%d)", strings.Join(phrases, "; "), minor)
}

// enumerate lists a few of the items, and says how many more there are, by a hash of them.
func enumerate[T fmt.Stringer](items []T) string {
	var text string
	for i, item := range items {
		word := clip(item.String(), maxLength)
		if i == maxItems || i > 0 && len(text)+len(word) > maxLength {
			return fmt.Sprintf("%s and %d more (%s)", text, len(items)-i, hashOf(items[i:]))
		}
		if i > 0 {
			text += ", "
		}
		text += word
	}
	return text
}

// clip shortens a text to so many bytes, and a hash of it.
func clip(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "") + "...(" + hashOf([]string{text}) + ")"
}

// hashOf stands for what is not shown, so that two different lists never read the same.
func hashOf[T any](items []T) string {
	hash := fnv.New64a()
	for _, item := range items {
		_, _ = fmt.Fprintf(hash, "%q", fmt.Sprint(item))
	}
	return fmt.Sprintf("%016x", hash.Sum64())
}
