// Package builtin knows the roles and bindings that the API server of Kubernetes makes itself. It knows them by what they
// allow: neither a name that begins with "system:" nor the label kubernetes.io/bootstrapping makes a role built-in, because
// anybody may write both.
//
// Known are the last six minor versions, with any choice of feature gates. The table of them is made by hack/builtinroles
// from the source of Kubernetes.
package builtin

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Standing is how an object stands to those that the API server makes.
type Standing int

const (
	// Foreign is an object that no known API server makes, whatever it is called otherwise: it is judged like any other.
	// What the installers and clouds add is foreign too, such as the kubeadm:* roles of kubeadm, eks:* of EKS, and the roles
	// of add-ons such as system:coredns.
	Foreign Standing = iota
	// Known is an object that the API server makes, and that allows what it does in one of the known versions.
	Known
	// Modified is an object that the API server makes, and that allows something else.
	Modified
)

// Comparison is what comes of holding a role against the one of its kind, namespace and name that the API server makes.
type Comparison struct {
	Standing Standing
	// Words say of a modified role in what it differs from the nearest known version.
	Words string
	// Gained is what a modified role allows beyond that version.
	Gained []rbacv1.PolicyRule
	// Passing says that what was gained may be gone in a moment: an aggregated role allows what nobody contributes to it, and a
	// controller takes that out again.
	Passing bool
}

// RoleStanding says how a role stands to the one that the API server makes, and of a modified one in what it differs: see
// CompareRole.
func RoleStanding(role *rbac.Role, aggregating []*rbac.Role) (Standing, string) {
	c := CompareRole(role, aggregating)
	return c.Standing, c.Words
}

// CompareRole holds a role against the one of its kind, namespace and name that the API server makes.
//
// Roles are compared by what they allow. When Kubernetes is upgraded, the API server adds to its roles what they lack, and
// takes nothing away. So a role is known if it allows all that one version makes, and nothing beyond that version and those
// before it, back to the oldest that is known. What only an older version allowed counts as added: in a cluster that was
// v1.21 once, ClusterRole edit may still write Endpoints (CVE-2021-25740).
//
// The rules of ClusterRoles admin, edit and view are gathered by a controller from others. aggregating are the ClusterRoles
// that the aggregationRule of the role selects, as they are in the cluster. What one of them contributes is no modification,
// because it is judged there. Other built-in roles, which somebody labelled to contribute, are silent themselves: what they
// contribute is one. Rules that are missing are not, because they are missing in a role that contributes, or not gathered yet.
func CompareRole(role *rbac.Role, aggregating []*rbac.Role) Comparison {
	if role == nil {
		return Comparison{Standing: Foreign}
	}
	x := known()
	made := x.roles[role.Ref]
	if made == nil {
		return Comparison{Standing: Foreign}
	}
	selection := selectionWords(role.Aggregation, made.Aggregation)
	contributed := x.contributed(made, aggregating)
	var nearest difference
	for _, minor := range slices.Backward(in(made.Minors, x.minors)) {
		d := x.compare(role.Rules, made, contributed, minor)
		if d.size() == 0 && len(selection) == 0 {
			return Comparison{Standing: Known}
		}
		if nearest.minor == 0 || d.nearer(&nearest) {
			nearest = d
		}
	}
	c := Comparison{Standing: Modified, Words: nearest.words(selection)}
	if len(nearest.gained) > 0 {
		c.Gained = rbac.Gained(slices.Concat(x.allowed(made, nearest.minor), contributed), role.Rules)
		c.Passing = made.Aggregation != nil && len(selection) == 0 && !x.contributesMore(made, aggregating)
	}
	return c
}

// difference is in what a role differs from that of a minor version.
type difference struct {
	minor        int
	gained, lost []rbac.Permission
}

func (d *difference) size() int { return len(d.gained) + len(d.lost) }

// nearer says whether a difference is the smaller one. Of two alike, it is the one that says more of what was gained.
func (d *difference) nearer(other *difference) bool {
	return d.size() < other.size() || d.size() == other.size() && len(d.gained) > len(other.gained)
}

func (x *index) compare(rules []rbacv1.PolicyRule, made *Role, contributed []rbacv1.PolicyRule, minor int) difference {
	d := difference{minor: minor, gained: rbac.Beyond(rules, slices.Concat(x.allowed(made, minor), contributed))}
	if made.Aggregation == nil {
		d.lost = rbac.Beyond(made.required(minor), rules)
	}
	return d
}

// allowed returns all that a role may allow in a cluster whose newest version is of the minor.
func (x *index) allowed(made *Role, minor int) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for i := range made.Rules {
		minors := in(made.Rules[i].Minors, in(made.Minors, x.minors))
		if len(minors) > 0 && slices.Min(minors) <= minor {
			rules = append(rules, made.Rules[i].PolicyRule)
		}
	}
	for _, name := range made.Contributors {
		if contributor := x.roles[clusterRole(name)]; contributor != nil {
			rules = append(rules, x.allowed(contributor, minor)...)
		}
	}
	return rules
}

// required returns what a role of the minor allows in any case.
func (r *Role) required(minor int) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for i := range r.Rules {
		rule := &r.Rules[i]
		if (len(rule.Minors) == 0 || slices.Contains(rule.Minors, minor)) && !slices.Contains(rule.Optional, minor) {
			rules = append(rules, rule.PolicyRule)
		}
	}
	return rules
}

// contributed returns what others than the built-in roles contribute, and those of them that are meant to.
func (x *index) contributed(made *Role, aggregating []*rbac.Role) []rbacv1.PolicyRule {
	if made.Aggregation == nil {
		return nil
	}
	var rules []rbacv1.PolicyRule
	for _, role := range aggregating {
		if role == nil || !selects(made.Aggregation, role.Labels) {
			continue
		}
		if x.roles[role.Ref] == nil || slices.Contains(made.Contributors, role.Ref.Name) {
			rules = append(rules, role.Rules...)
		}
	}
	return rules
}

// contributesMore says whether a built-in role contributes that is not meant to: no controller puts that right.
func (x *index) contributesMore(made *Role, aggregating []*rbac.Role) bool {
	return slices.ContainsFunc(aggregating, func(role *rbac.Role) bool {
		return role != nil && x.roles[role.Ref] != nil && !slices.Contains(made.Contributors, role.Ref.Name) &&
			role.Ref != made.Ref() && selects(made.Aggregation, role.Labels)
	})
}

func selects(aggregation *rbacv1.AggregationRule, of map[string]string) bool {
	return slices.ContainsFunc(aggregation.ClusterRoleSelectors, func(s metav1.LabelSelector) bool {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		return err == nil && selector.Matches(labels.Set(of))
	})
}

func clusterRole(name string) workload.Ref {
	return workload.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}
