package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// item is an object as it is declared.
type item struct {
	ref  workload.Ref
	text []byte // an item of spec.declared
	size int    // in bytes, of the text or of what the API server keeps of it, whichever is more
	// gathered says that its rules are taken from others, and not declared, because there are none yet.
	gathered bool
	// builtin says that Kubernetes makes a role or a binding of that name, and how this one stands to it.
	builtin builtin.Standing
	// modified says in words in what it differs.
	modified string
	// role is to be held once more against those that it is gathered from, when all are known.
	role *rbac.Role
}

// newItem writes an object down, and makes sure that it is as it is written. An error says why it cannot be declared.
func newItem(ref workload.Ref, gvk schema.GroupVersionKind, obj runtime.Object) (*item, error) {
	one := &item{ref: ref}
	if binding, is := rbac.BindingOf(obj); is {
		one.builtin, one.modified = builtin.BindingStanding(binding)
	}
	if role, is := rbac.RoleOf(obj); is {
		one.gathered = role.Aggregation != nil && len(role.Rules) == 0
		if one.builtin, one.modified = builtin.RoleStanding(role, nil); one.builtin == builtin.Modified && role.Aggregation != nil {
			one.role = role
		}
	}
	written, err := written(ref, gvk, obj)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(written)
	if err != nil {
		return nil, err
	}
	if err := check(data, obj); err != nil {
		return nil, err
	}
	declared := []map[string]any{{"match": string(pinned.Exact), "object": written}}
	text, err := yaml.Marshal(declared)
	if err != nil {
		return nil, err
	}
	const added = len(`{"match":"Exact","onTightening":"Ignore","object":},`)
	one.text = indented(text)
	one.size = max(len(one.text), len(data)+added)
	if one.size > maxObjects {
		return nil, fmt.Errorf("it takes %d KiB, which is more than a baseline holds", one.size>>10)
	}
	return one, nil
}

// check makes sure that what is written is what there is.
func check(data []byte, live runtime.Object) error {
	pin, err := pinned.Compile(data, pinned.Options{})
	if err != nil {
		return err
	}
	if found := pin.Differences(live); len(found) > 0 {
		return errors.New("it is not as it is written at " + found[0].Path)
	}
	return nil
}

// indented moves a text into spec.
func indented(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			out.WriteString("  ")
		}
		out.Write(line)
	}
	return out.Bytes()
}

// passedOver says whether an object is left out, and why; no reason is given for what comes and goes, of which there is a
// general word. pattern is what an inventory ignores it by.
func passedOver(obj runtime.Object) (pattern, why string, left bool) {
	meta, _ := obj.(metav1.Object)
	if meta.GetName() == "" {
		pattern = meta.GetGenerateName()
		if pattern != "" {
			pattern += "*"
		}
		return pattern, "it has no name before it is created", true
	}
	w, is := workload.Of(obj)
	if !is {
		return "", "", false
	}
	owner, owned := workload.Owner(w.Meta)
	made := workload.Trimmed(w) || !workload.Watched(workload.RefTo(owner, w.Namespace))
	return "", "", owned && made && madeAnew(w.GroupKind())
}
