package pinned_test

import (
	"fmt"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

func webhooks(sort, fields string) string {
	return fmt.Sprintf("{apiVersion: admissionregistration.k8s.io/v1, kind: %sWebhookConfiguration, metadata: {name: guard}, webhooks: [{name: a.example.com, "+
		"%s sideEffects: None, admissionReviewVersions: [v1], %s}]}", sort, client(fields), fields)
}

// client is who is asked, unless the fields say it.
func client(fields string) string {
	if strings.Contains(fields, "clientConfig") {
		return ""
	}
	return "clientConfig: {service: {namespace: guard, name: web}},"
}

const (
	podRule    = "{operations: [CREATE, UPDATE], apiGroups: [''], apiVersions: [v1], resources: [pods]}"
	secretRule = "{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [secrets]}"
	jobRule    = "{operations: [CREATE], apiGroups: [batch], apiVersions: [v1], resources: [jobs]}"
	hook       = "webhooks[a.example.com]"
)

func TestWebhooks(t *testing.T) {
	v := func(fields string) string { return webhooks("Validating", fields) }
	m := func(fields string) string { return webhooks("Mutating", fields) }
	run(t, []story{
		{
			name:     "defaults are written out and the caBundle is renewed",
			declared: v("rules: [" + podRule + "]"),
			live: v("rules: [{operations: [UPDATE], apiGroups: [''], apiVersions: [v1], resources: [pods], scope: '*'}, " +
				"{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods], scope: '*'}], failurePolicy: Fail, " +
				"matchPolicy: Equivalent, namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10, clientConfig: " +
				"{caBundle: aGVsbG8=, service: {namespace: guard, name: web, port: 443}}"),
		},
		{name: "failures are ignored", declared: v(""), live: v("failurePolicy: Ignore"), want: []string{hook + ".failurePolicy: Ignore"}},
		{name: "failures are no longer ignored", declared: v("failurePolicy: Ignore"), live: v(""), want: []string{"~" + hook + ".failurePolicy: Fail"}},
		{
			name: "a namespace is left out", declared: v(""),
			live: v("namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}"),
			want: []string{hook + ".namespaceSelector: kubernetes.io/metadata.name!=shop"},
		},
		{
			name: "a namespace is no longer left out", live: v(""),
			declared: v("namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}"),
			want:     []string{"~" + hook + ".namespaceSelector: everything"},
		},
		{
			name: "less is asked about", declared: v("rules: [" + podRule + "]"),
			live: v("rules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods]}]"),
			want: []string{hook + ".rules: UPDATE pods.v1"},
		},
		{name: "more is asked about", declared: v("rules: [" + podRule + "]"), live: v("rules: [" + podRule + "," + jobRule + "]"), want: []string{"~" + hook + ".rules: CREATE jobs.v1.batch"}},
		{name: "Secrets are shown", declared: v("rules: [" + podRule + "]"), live: v("rules: [" + podRule + "," + secretRule + "]"), want: []string{hook + ".rules: CREATE secrets.v1"}},
		{
			name: "a wildcard covers what is declared", declared: v("rules: [" + podRule + "]"),
			live: v("rules: [{operations: ['*'], apiGroups: [apps, ''], apiVersions: ['*'], resources: [pods]}]"),
			want: []string{"~" + hook + ".rules: * pods.*", "~" + hook + ".rules: * pods.*.apps"},
		},
		{
			name: "a version that reads like a group", declared: v("rules: [" + jobRule + "]"),
			live: v("rules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1.batch], resources: [jobs]}]"),
			want: []string{`~` + hook + `.rules: CREATE jobs."v1.batch"`, hook + ".rules: CREATE jobs.v1.batch"},
		},
		{
			name: "a resource that reads like a version", declared: v("rules: [" + jobRule + "]"),
			live: v("rules: [{operations: [CREATE], apiGroups: [''], apiVersions: [batch], resources: [jobs.v1]}]"),
			want: []string{`~` + hook + `.rules: CREATE "jobs.v1".batch`, hook + ".rules: CREATE jobs.v1.batch"},
		},
		{
			name: "a group that reads like a scope", declared: v("rules: [{operations: [CREATE], apiGroups: [batch], apiVersions: [v1], resources: [jobs], scope: Namespaced}]"),
			live: v("rules: [{operations: [CREATE], apiGroups: ['batch in Namespaced'], apiVersions: [v1], resources: [jobs]}]"),
			want: []string{`~` + hook + `.rules: CREATE jobs.v1."batch in Namespaced"`, hook + ".rules: CREATE jobs.v1.batch in Namespaced"},
		},
		{name: "a condition leaves requests out", declared: v(""), live: v("matchConditions: [{name: x, expression: 'false'}]"), want: []string{hook + ".matchConditions[x].expression: false"}},
		{name: "somebody else is asked", declared: v(""), live: v("clientConfig: {url: 'https://example.com'}"), want: []string{hook + ".clientConfig: https://example.com"}},
		{name: "an answer is not waited for", declared: v(""), live: v("timeoutSeconds: 1"), want: []string{hook + ".timeoutSeconds: 1"}},
		{
			name: "the webhook is gone", declared: v(""), live: "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: guard}}",
			want: []string{hook + ": missing"},
		},
		{name: "more is changed", declared: m("rules: [" + podRule + "]"), live: m("rules: [" + podRule + "," + jobRule + "], reinvocationPolicy: IfNeeded"),
			want: []string{hook + ".reinvocationPolicy: IfNeeded", hook + ".rules: CREATE jobs.v1.batch"}},
		{name: "what is absent is free", match: pinned.Contains, declared: v(""), live: v("failurePolicy: Ignore, rules: [" + podRule + "]")},
		{name: "what is there is not", match: pinned.Contains, declared: v("failurePolicy: Fail"), live: v("failurePolicy: Ignore"), want: []string{hook + ".failurePolicy: Ignore"}},
	})
}

func admissionPolicy(kind, spec string) string {
	return "{apiVersion: admissionregistration.k8s.io/v1, kind: " + kind + ", metadata: {name: guard}, spec: {" + spec + "}}"
}

func TestAdmissionPolicies(t *testing.T) {
	vap := func(spec string) string { return admissionPolicy("ValidatingAdmissionPolicy", spec) }
	binding := func(spec string) string {
		return admissionPolicy("ValidatingAdmissionPolicyBinding", "policyName: guard, "+spec)
	}
	const constraints = "matchConstraints: {resourceRules: [" + podRule + "]}"
	named := func(name, scope string) string {
		return "matchConstraints: {resourceRules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods], scope: " + scope +
			", resourceNames: [" + name + "]}]}"
	}
	run(t, []story{
		{
			name:     "defaults are written out",
			declared: vap(constraints + ", validations: [{expression: a}, {expression: b}]"),
			live: vap("failurePolicy: Fail, matchConstraints: {matchPolicy: Equivalent, namespaceSelector: {}, objectSelector: {}, resourceRules: [" + podRule +
				"]}, validations: [{expression: ' b'}, {expression: \"a\\n\", message: refused}]"),
		},
		{name: "a validation less", declared: vap("validations: [{expression: a}, {expression: b}]"), live: vap("validations: [{expression: b}]"), want: []string{"spec.validations: a"}},
		{name: "a validation more", declared: vap("validations: [{expression: b}]"), live: vap("validations: [{expression: a}, {expression: b}]"), want: []string{"~spec.validations: a"}},
		{name: "a variable", declared: vap("variables: [{name: x, expression: '1'}]"), live: vap("variables: [{name: x, expression: '2'}]"), want: []string{"spec.variables[x].expression: 2"}},
		{name: "failures are ignored", declared: vap(""), live: vap("failurePolicy: Ignore"), want: []string{"spec.failurePolicy: Ignore"}},
		{
			name:     "something is left out",
			declared: vap(constraints), live: vap("matchConstraints: {resourceRules: [" + podRule + "], excludeResourceRules: [" + jobRule + "]}"),
			want: []string{"spec.matchConstraints.excludeResourceRules: CREATE jobs.v1.batch"},
		},
		{
			name: "only what has no name yet", declared: vap(constraints),
			live: vap("matchConstraints: {resourceRules: [{operations: [CREATE, UPDATE], apiGroups: [''], apiVersions: [v1], resources: [pods], resourceNames: ['']}]}"),
			want: []string{
				"spec.matchConstraints.resourceRules: CREATE pods.v1", "spec.matchConstraints.resourceRules: UPDATE pods.v1",
			},
		},
		{
			name: "a name that reads like another and a scope", declared: vap(named("a", "Namespaced")), live: vap(named("'a] in Namespaced'", "'*'")),
			want: []string{
				`~spec.matchConstraints.resourceRules: CREATE pods.v1["a] in Namespaced"]`, "spec.matchConstraints.resourceRules: CREATE pods.v1[a] in Namespaced",
			},
		},
		{
			name: "parameters whose name reads like a namespace", declared: binding("paramRef: {name: a, namespace: b}"),
			live: binding("paramRef: {name: a in b}"), want: []string{`spec.paramRef: object "a in b"`},
		},
		{name: "nothing is denied", declared: binding("validationActions: [Deny, Audit]"), live: binding("validationActions: [Audit]"), want: []string{"spec.validationActions: Deny"}},
		{name: "actions in another order", declared: binding("validationActions: [Deny, Audit]"), live: binding("validationActions: [Audit, Deny]")},
		{name: "a binding for less", declared: binding(""), live: binding("matchResources: {resourceRules: [" + jobRule + "]}"), want: []string{"spec.matchResources.resourceRules: * */*.*.*"}},
		{name: "a binding for all", declared: binding("matchResources: {resourceRules: [" + jobRule + "]}"), live: binding(""), want: []string{"~spec.matchResources.resourceRules: * */*.*.*"}},
		{
			name:     "parameters that may be missing",
			declared: binding("paramRef: {name: a, parameterNotFoundAction: Deny}"), live: binding("paramRef: {name: a, parameterNotFoundAction: Allow}"),
			want: []string{"spec.paramRef.parameterNotFoundAction: Allow"},
		},
		{
			name:     "mutations in another order",
			declared: admissionPolicy("MutatingAdmissionPolicy", "mutations: [{patchType: JSONPatch, jsonPatch: {expression: a}}, {patchType: JSONPatch, jsonPatch: {expression: b}}]"),
			live:     admissionPolicy("MutatingAdmissionPolicy", "mutations: [{patchType: JSONPatch, jsonPatch: {expression: b}}, {patchType: JSONPatch, jsonPatch: {expression: a}}]"),
			want:     []string{"spec.mutations: JSONPatch: b; JSONPatch: a"},
		},
		{
			name:     "another policy is bound",
			declared: admissionPolicy("MutatingAdmissionPolicyBinding", "policyName: a"), live: admissionPolicy("MutatingAdmissionPolicyBinding", "policyName: b"),
			want: []string{"spec.policyName: b"},
		},
	})
}

func TestPoliciesOfOtherEngines(t *testing.T) {
	kyverno := func(spec string) string {
		return "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: guard, labels: {a: b}}, spec: {" + spec + "}, status: {ready: true}}"
	}
	gatekeeper := func(spec string) string {
		return "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: K8sNoRoot, metadata: {name: guard}, spec: {" + spec + "}}"
	}
	const rule = "{name: r, match: {any: [{resources: {kinds: [Pod, Job]}}]}, validate: {message: refused, pattern: {spec: {hostPID: false}}}}"
	rules := func(validate string) string {
		return "rules: [{name: r, validate: {message: refused, " + validate + "}}]"
	}
	run(t, []story{
		{
			name:     "defaults are filled in",
			declared: kyverno("rules: [" + rule + ", {name: v, verifyImages: [{imageReferences: ['*'], attestors: []}]}]"),
			live: kyverno("admission: true, background: true, emitWarning: false, validationFailureAction: audit, rules: [{name: v, skipBackgroundRequests: true, " +
				"verifyImages: [{imageReferences: ['*'], mutateDigest: true, required: true, verifyDigest: true}]}, " +
				"{name: r, skipBackgroundRequests: true, match: {any: [{resources: {kinds: [Pod, Job]}}]}, exclude: {}, mutate: null, " +
				"validate: {allowExistingViolations: true, message: refused, pattern: {spec: {hostPID: false}}}}]"),
		},
		{name: "it only audits", declared: kyverno("validationFailureAction: Enforce"), live: kyverno("validationFailureAction: Audit"), want: []string{`spec.validationFailureAction: "Audit"`}},
		{name: "it enforces", declared: kyverno(""), live: kyverno("validationFailureAction: enforce"), want: []string{`~spec.validationFailureAction: "Enforce"`}},
		{name: "a rule is gone", declared: kyverno("rules: [" + rule + "]"), live: kyverno("rules: []"), want: []string{"spec.rules[r]: missing"}},
		{
			name: "another pattern", declared: kyverno("rules: [" + rule + "]"),
			live: kyverno("rules: [{name: r, match: {any: [{resources: {kinds: [Pod, Job]}}]}, validate: {message: refused, pattern: {spec: {hostPID: true}}}}]"),
			want: []string{"spec.rules[r].validate.pattern.spec.hostPID: true"},
		},
		{
			name: "a field that nobody knows", declared: kyverno("rules: []"), live: kyverno("background: false, other: {x: 1}"),
			want: []string{"spec.background: false", "spec.other.x: 1"},
		},
		{name: "an explicit default is contained", match: pinned.Contains, declared: kyverno("background: true"), live: kyverno("background: false"), want: []string{"spec.background: false"}},
		{name: "what is absent is free", match: pinned.Contains, declared: kyverno("background: true"), live: kyverno("rules: [" + rule + "]")},
		{
			name: "what denies everything is a pattern that admits everything", declared: kyverno(rules("deny: {}")), live: kyverno(rules("pattern: {}")),
			want: []string{"spec.rules[r].validate.deny: missing", "spec.rules[r].validate.pattern: {}"},
		},
		{name: "nothing denies any more", declared: kyverno(rules("deny: {}")), live: kyverno(rules("")), want: []string{"spec.rules[r].validate.deny: missing"}},
		{
			name: "conditions that never hold, among others", declared: kyverno(rules("foreach: [{list: a, deny: {}}]")), live: kyverno(rules("foreach: [{list: a}]")),
			want: []string{`spec.rules[r].validate.foreach: [{"list":"a"}]`},
		},
		{
			name: "fields that have to be empty and absent", declared: kyverno(rules("pattern: {spec: {serviceAccountName: '', X(hostPath): null}}")),
			live: kyverno(rules("pattern: {spec: {}}")),
			want: []string{
				"spec.rules[r].validate.pattern.spec: {}", "spec.rules[r].validate.pattern.spec.X(hostPath): missing",
				"spec.rules[r].validate.pattern.spec.serviceAccountName: missing",
			},
		},
		{name: "a null that the API server takes out", declared: kyverno("background: null, other: null, rules: [{name: r, preconditions: null}]"), live: kyverno("rules: [{name: r}]")},
		{
			name:     "what programs write that fill in all fields",
			declared: kyverno("rules: [{name: r, match: {any: [{subjects: [{kind: User, name: a}]}]}, validate: {pattern: {a: b}}}]"),
			live: kyverno("webhookConfiguration: {}, rules: [{name: r, match: {resources: {}, any: [{resources: {}, subjects: [{kind: User, name: a}]}]}, " +
				"exclude: {resources: {}}, mutate: {}, generate: {clone: {}}, context: [], validate: {pattern: {a: b}}}]"),
		},
		{name: "no list of parameters", declared: gatekeeper("parameters: {repos: []}"), live: gatekeeper("parameters: {other: 1}"), want: []string{
			"spec.parameters.other: 1", "spec.parameters.repos: missing",
		}},
		{name: "an empty parameter", declared: gatekeeper("parameters: {prefix: ''}"), live: gatekeeper(""), want: []string{"spec.parameters.prefix: missing"}},
		{name: "no namespace is left out", declared: gatekeeper(""), live: gatekeeper("match: {excludedNamespaces: [], labelSelector: {}}")},
		{name: "a list in another order", declared: gatekeeper("match: {namespaces: [a, b]}"), live: gatekeeper("enforcementAction: deny, match: {scope: '*', source: All, namespaces: [b, a]}")},
		{name: "a parameter that looks like a default elsewhere", declared: gatekeeper(""), live: gatekeeper("parameters: {required: true}"), want: []string{"spec.parameters.required: true"}},
		{name: "nothing is denied", declared: gatekeeper(""), live: gatekeeper("enforcementAction: dryrun"), want: []string{`spec.enforcementAction: "dryrun"`}},
		{name: "it denies again", declared: gatekeeper("enforcementAction: warn"), live: gatekeeper(""), want: []string{"~spec.enforcementAction: missing"}},
		{name: "a namespace is left out", declared: gatekeeper("match: {}"), live: gatekeeper("match: {excludedNamespaces: [shop]}"), want: []string{`spec.match.excludedNamespaces: "shop"`}},
	})
}
