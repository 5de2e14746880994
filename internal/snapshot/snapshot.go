// Package snapshot writes down objects as they are, as SecurityBaselines that declare them: only what is judged, in a form
// that people review and keep in git. Held against the objects that it was made of, a snapshot finds nothing.
package snapshot

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Split says into how many baselines a snapshot is divided.
type Split string

const (
	// ByNamespace makes one baseline of each namespace, and one of what is in none.
	ByNamespace Split = "namespace"
	// Unsplit makes one of everything.
	Unsplit Split = "none"
)

// Options say what is written, and how.
type Options struct {
	// Name is that of the baseline of what is in no namespace, and begins the names of all others.
	Name string
	// Namespaces are patterns of the namespaces that are written, with *. Default: all of them.
	Namespaces []string
	// Kinds are those that are written: some of DefaultKinds, or others that can be declared.
	Kinds []schema.GroupVersionKind
	// SplitBy is ByNamespace where it is empty.
	SplitBy Split
	// Inventory closes the lists of the kinds.
	Inventory bool
	// Files says that the objects are from files, in which what Kubernetes makes itself does not stand.
	Files bool
}

// Document is a SecurityBaseline as YAML, with comments.
type Document struct {
	// Name is that of the baseline.
	Name string
	// Text ends in a line break, and begins with Header.
	Text []byte
}

// Snapshot gathers objects. It keeps of each no more than what is written.
type Snapshot struct {
	options    Options
	kinds      map[schema.GroupKind]schema.GroupVersionKind
	items      map[workload.Ref]*item
	namespaces map[string]bool
	unread     map[where]string
	roles      []*rbac.Role // the ClusterRoles, which others may gather rules from
	leftOut    []omission
	notes      []string
	planned    []*part
	failed     error
}

// omission is an object that cannot be declared, and why.
type omission struct {
	ref workload.Ref
	// pattern is what an inventory ignores it by; empty where nothing does.
	pattern string
	why     string
}

// New returns an empty snapshot. An error says which option is wrong.
func New(o Options) (*Snapshot, error) {
	if o.SplitBy == "" {
		o.SplitBy = ByNamespace
	}
	switch {
	case o.SplitBy != ByNamespace && o.SplitBy != Unsplit:
		return nil, fmt.Errorf("cannot split by %s: split by %s, or %s", engine.Printable(string(o.SplitBy)), ByNamespace, Unsplit)
	case len(validation.IsDNS1123Subdomain(o.Name)) > 0 || len(o.Name) > maxName:
		return nil, fmt.Errorf("no baseline can be named %s: use lower case letters, digits and -, at most %d of them",
			engine.Printable(o.Name), maxName)
	case len(o.Kinds) == 0:
		return nil, errors.New("no kind is chosen: choose at least one")
	case len(o.Namespaces) > maxNames:
		return nil, fmt.Errorf("%d namespaces are named: name at most %d, or use patterns with *", len(o.Namespaces), maxNames)
	}
	o.Namespaces = slices.Compact(slices.Sorted(slices.Values(o.Namespaces)))
	for _, pattern := range o.Namespaces {
		if !isNamespace(pattern, "*") {
			return nil, fmt.Errorf("no namespace can be named %s: use lower case letters, digits and -, and * for any run of characters",
				engine.Printable(pattern))
		}
	}
	s := &Snapshot{
		options: o, kinds: map[schema.GroupKind]schema.GroupVersionKind{}, items: map[workload.Ref]*item{},
		namespaces: map[string]bool{}, unread: map[where]string{},
	}
	for _, gvk := range o.Kinds {
		s.kinds[gvk.GroupKind()] = gvk
	}
	return s, nil
}

// isNamespace says whether the API server would take a name for a namespace, but for the characters that are more.
func isNamespace(name, more string) bool {
	return name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-"+more) == ""
}

// CoversNamespace says whether what is in a namespace is written.
func (s *Snapshot) CoversNamespace(name string) bool {
	return len(s.options.Namespaces) == 0 || glob.MatchAny(s.options.Namespaces, name)
}

// AddNamespace tells that there is a namespace, also where nothing in it is written.
func (s *Snapshot) AddNamespace(name string) {
	if s.CoversNamespace(name) {
		s.namespaces[name] = true
	}
}

// where is the objects of a kind in a namespace; in all of them where that is empty.
type where struct {
	schema.GroupKind
	namespace string
}

// Unread tells that the objects of a kind are not known, in a namespace or, where that is empty, in all of them, and why.
// The snapshot says of them nothing but that.
func (s *Snapshot) Unread(gk schema.GroupKind, namespace, why string) {
	s.unread[where{gk, namespace}] = why
}

// Add takes an object in, which is changed. One of a kind or a namespace that is not written is passed over. An error says
// that an object stands twice with different content, or is in a namespace that cannot be.
func (s *Snapshot) Add(gvk schema.GroupVersionKind, obj runtime.Object) error {
	meta, ok := obj.(metav1.Object)
	if _, chosen := s.kinds[gvk.GroupKind()]; !ok || !chosen {
		return nil
	}
	ref := workload.Ref{Group: gvk.Group, Kind: gvk.Kind, Name: meta.GetName()}
	if !ClusterScoped(gvk.GroupKind()) {
		ref.Namespace = meta.GetNamespace()
		if !isNamespace(ref.Namespace, "") {
			return fmt.Errorf("%s is in a namespace that cannot be: correct metadata.namespace", engine.Printable(ref.String()))
		}
	}
	if home := workload.Home(ref); home != "" {
		if !s.CoversNamespace(home) {
			return nil
		}
		s.namespaces[home] = true
	}
	if role, is := rbac.RoleOf(obj); is && gvk.Kind == clusterRoleKind {
		s.roles = append(s.roles, role)
	}
	return s.add(ref, gvk, obj)
}

func (s *Snapshot) add(ref workload.Ref, gvk schema.GroupVersionKind, obj runtime.Object) error {
	pattern, why, left := passedOver(obj)
	if left {
		if why != "" {
			s.leftOut = append(s.leftOut, omission{ref, pattern, why})
		}
		return nil
	}
	one, err := newItem(ref, gvk, obj)
	if err != nil {
		s.leftOut = append(s.leftOut, omission{ref, ref.Name, reasonOf(ref, err)})
		return nil
	}
	if other := s.items[ref]; other != nil {
		if string(other.text) != string(one.text) {
			return fmt.Errorf("%s stands twice, with different content: remove one", engine.Printable(ref.String()))
		}
		return nil
	}
	s.items[ref] = one
	return nil
}

// reasonOf returns what an error says, without the object, which is named beside it.
func reasonOf(ref workload.Ref, err error) string {
	why, named := err.Error(), true
	for named {
		why, named = strings.CutPrefix(why, ref.String()+": ")
	}
	return why
}

// Documents goes over the baselines, in an order that the objects alone decide. It ends after an error.
func (s *Snapshot) Documents() iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		parts, err := s.plan()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, part := range parts {
			document, err := part.render()
			if !yield(document, err) || err != nil {
				return
			}
		}
	}
}

// Names returns the names of the baselines, in their order.
func (s *Snapshot) Names() ([]string, error) {
	parts, err := s.plan()
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].name
	}
	return names, err
}

// Notes returns what whoever asks for a snapshot is to know, once it was planned: what is not in it, and what it does not
// close. The comments say the same.
func (s *Snapshot) Notes() []string { return s.notes }
