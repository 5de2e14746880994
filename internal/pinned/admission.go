package pinned

import (
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// webhook is a webhook of either sort.
type webhook struct {
	*admissionv1.ValidatingWebhook
	// mutates says that it may change objects, and reinvocation whether it is asked again after others did.
	mutates      bool
	reinvocation *admissionv1.ReinvocationPolicyType
}

// readValidatingWebhooks reads what webhooks are asked about, and what happens if they do not answer. Their caBundles are
// not compared: controllers renew them.
func readValidatingWebhooks(obj runtime.Object, fs *facts) {
	configuration, ok := obj.(*admissionv1.ValidatingWebhookConfiguration)
	if !ok {
		return
	}
	readLabels(configuration, fs)
	for i := range configuration.Webhooks {
		readWebhook(&webhook{ValidatingWebhook: &configuration.Webhooks[i]}, fs)
	}
}

func readMutatingWebhooks(obj runtime.Object, fs *facts) {
	configuration, ok := obj.(*admissionv1.MutatingWebhookConfiguration)
	if !ok {
		return
	}
	readLabels(configuration, fs)
	for i := range configuration.Webhooks {
		w := &configuration.Webhooks[i]
		readWebhook(&webhook{mutates: true, reinvocation: w.ReinvocationPolicy, ValidatingWebhook: &admissionv1.ValidatingWebhook{
			Name: w.Name, ClientConfig: w.ClientConfig, Rules: w.Rules, FailurePolicy: w.FailurePolicy, MatchPolicy: w.MatchPolicy,
			NamespaceSelector: w.NamespaceSelector, ObjectSelector: w.ObjectSelector, SideEffects: w.SideEffects,
			TimeoutSeconds: w.TimeoutSeconds, AdmissionReviewVersions: w.AdmissionReviewVersions, MatchConditions: w.MatchConditions,
		}}, fs)
	}
}

// readWebhook reads a webhook. One that is new is asked about objects that nobody meant for it. More rules and wider
// selectors guard more, where it only validates.
func readWebhook(w *webhook, fs *facts) {
	at := "webhooks[" + w.Name + "]"
	fs.add(fact{key: key{path: at}, value: "webhook " + w.Name, own: true, rule: always})
	r := &reader{facts: fs, at: at + ".", under: []key{{path: at}}, mutates: w.mutates}
	r.failure(w.FailurePolicy)
	r.matchPolicy("matchPolicy", w.MatchPolicy)
	r.add(selector("namespaceSelector", w.NamespaceSelector))
	r.add(selector("objectSelector", w.ObjectSelector))
	for i := range w.Rules {
		r.rule("rules", &w.Rules[i], nil, shows)
	}
	r.conditions(w.MatchConditions)
	r.add(text("clientConfig", clientWords(&w.ClientConfig), true))
	r.add(choice("sideEffects", w.SideEffects, ""))
	timeout := fact{key: key{path: "timeoutSeconds"}, value: "10", rule: always}
	if w.TimeoutSeconds != nil {
		timeout.value, timeout.own = strconv.Itoa(int(*w.TimeoutSeconds)), true
	}
	r.add(timeout)
	r.add(text("admissionReviewVersions", strings.Join(w.AdmissionReviewVersions, ", "), true))
	if w.mutates {
		r.add(choice("reinvocationPolicy", w.reinvocation, admissionv1.NeverReinvocationPolicy))
	}
}

// clientWords says who is asked.
func clientWords(client *admissionv1.WebhookClientConfig) string {
	if client.URL != nil {
		return *client.URL
	}
	s := client.Service
	if s == nil {
		return ""
	}
	const https = 443
	port, path := int32(https), ""
	if s.Port != nil {
		port = *s.Port
	}
	if s.Path != nil {
		path = *s.Path
	}
	return "Service " + s.Namespace + "/" + s.Name + ":" + strconv.Itoa(int(port)) + path
}

// reader reads the facts of a part of an object that stands at a path.
type reader struct {
	*facts
	at      string
	under   []key
	mutates bool
}

// add adds a fact whose path begins at the part. What mutates objects guards nothing by being wider.
func (r *reader) add(f fact) {
	f.path, f.under = r.at+f.path, r.under
	if r.mutates {
		f.rule = always
	}
	r.facts.add(f)
}

// failure reads what happens if a webhook or a policy fails: Fail is the default and guards.
func (r *reader) failure(policy *admissionv1.FailurePolicyType) {
	r.add(strictByDefault("failurePolicy", policy, admissionv1.Fail))
}

// matchPolicy reads whether rules hold for other versions of what they name too, as they do by default.
func (r *reader) matchPolicy(path string, policy *admissionv1.MatchPolicyType) {
	r.add(strictByDefault(path, policy, admissionv1.Equivalent))
}

// strictByDefault is a field whose default is stricter than all else.
func strictByDefault[T ~string](path string, value *T, byDefault T) fact {
	f := fact{key: key{path: path}, value: string(byDefault), rule: weaker}
	if value != nil {
		f.value, f.own, f.rank = string(*value), true, rankOf(string(*value), string(byDefault))
	}
	return f
}

// choice is a field of which nobody can tell what is weaker.
func choice[T ~string](path string, value *T, byDefault T) fact {
	if value == nil {
		return text(path, string(byDefault), false)
	}
	return text(path, string(*value), true)
}

// conditions reads what requests have to meet besides: each makes less guarded.
func (r *reader) conditions(conditions []admissionv1.MatchCondition) {
	for i := range conditions {
		path := "matchConditions[" + conditions[i].Name + "].expression"
		r.add(fact{key: key{path: path}, value: strings.TrimSpace(conditions[i].Expression), own: true, rule: adds})
	}
}
