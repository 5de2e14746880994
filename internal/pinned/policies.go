package pinned

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func newReader(obj metav1.Object, fs *facts, mutates bool) *reader {
	readLabels(obj, fs)
	return &reader{facts: fs, at: "spec.", mutates: mutates}
}

// readValidatingPolicy reads what a ValidatingAdmissionPolicy demands of what. Its messages are not compared.
func readValidatingPolicy(obj runtime.Object, fs *facts) {
	policy, ok := obj.(*admissionv1.ValidatingAdmissionPolicy)
	if !ok {
		return
	}
	r, spec := newReader(policy, fs, false), &policy.Spec
	r.kind(spec.ParamKind)
	r.failure(spec.FailurePolicy)
	r.resources("matchConstraints", spec.MatchConstraints, false)
	r.conditions(spec.MatchConditions)
	r.variables(spec.Variables)
	for i := range spec.Validations {
		expression := strings.TrimSpace(spec.Validations[i].Expression)
		r.add(fact{key: item("validations", expression), own: true, rule: guards})
	}
	for i := range spec.AuditAnnotations {
		annotation := &spec.AuditAnnotations[i]
		value := annotation.Key + " " + strings.TrimSpace(annotation.ValueExpression)
		r.add(fact{key: item("auditAnnotations", value), own: true, rule: guards})
	}
}

func readValidatingBinding(obj runtime.Object, fs *facts) {
	binding, ok := obj.(*admissionv1.ValidatingAdmissionPolicyBinding)
	if !ok {
		return
	}
	r, spec := newReader(binding, fs, false), &binding.Spec
	r.add(text("policyName", spec.PolicyName, true))
	r.params(spec.ParamRef)
	r.resources("matchResources", spec.MatchResources, true)
	for _, action := range spec.ValidationActions {
		r.add(fact{key: item("validationActions", string(action)), own: true, rule: guards})
	}
}

// readMutatingPolicy reads what a MutatingAdmissionPolicy makes of what. Its mutations are made in their order.
func readMutatingPolicy(obj runtime.Object, fs *facts) {
	policy, ok := obj.(*admissionv1.MutatingAdmissionPolicy)
	if !ok {
		return
	}
	r, spec := newReader(policy, fs, true), &policy.Spec
	r.kind(spec.ParamKind)
	r.failure(spec.FailurePolicy)
	r.resources("matchConstraints", spec.MatchConstraints, false)
	r.conditions(spec.MatchConditions)
	r.variables(spec.Variables)
	r.add(text("mutations", mutationWords(spec.Mutations), true))
	r.add(text("reinvocationPolicy", string(spec.ReinvocationPolicy), true))
}

func readMutatingBinding(obj runtime.Object, fs *facts) {
	binding, ok := obj.(*admissionv1.MutatingAdmissionPolicyBinding)
	if !ok {
		return
	}
	r, spec := newReader(binding, fs, true), &binding.Spec
	r.add(text("policyName", spec.PolicyName, true))
	r.params(spec.ParamRef)
	r.resources("matchResources", spec.MatchResources, true)
}

func mutationWords(mutations []admissionv1.Mutation) string {
	words := make([]string, len(mutations))
	for i := range mutations {
		m := &mutations[i]
		words[i] = string(m.PatchType) + ":"
		if m.ApplyConfiguration != nil {
			words[i] += " " + strings.TrimSpace(m.ApplyConfiguration.Expression)
		}
		if m.JSONPatch != nil {
			words[i] += " " + strings.TrimSpace(m.JSONPatch.Expression)
		}
	}
	return strings.Join(words, "; ")
}

func (r *reader) kind(kind *admissionv1.ParamKind) {
	value := ""
	if kind != nil {
		value = kind.Kind + " of " + kind.APIVersion
	}
	r.add(text("paramKind", value, true))
}

func (r *reader) variables(variables []admissionv1.Variable) {
	for i := range variables {
		path := "variables[" + variables[i].Name + "].expression"
		r.add(fact{key: key{path: path}, value: strings.TrimSpace(variables[i].Expression), own: true, rule: always})
	}
}
