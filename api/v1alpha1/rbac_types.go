package v1alpha1

// RBAC declares what roles may allow, what bindings may grant, and what subjects may hold. What a role allows is found on
// the role, what a binding grants on the binding, and what a subject holds in sum on the subject: a ServiceAccount, a User
// or a Group. The workloads that run as a ServiceAccount are told what it holds, too.
//
// Wildcards count for all that they cover, as the API server counts them: a role with * in verbs, resources and apiGroups
// allows everything that is asked for here. The roles and bindings that Kubernetes itself makes are silent while their
// content is that of one of the last six minor versions; one that was changed is found by builtinRoles.
type RBAC struct {
	// wildcards: Forbidden means that no rule of a role has * in verbs, resources or apiGroups, nor a * in place of a
	// resource before a subresource, such as */exec, nor * or /* in nonResourceURLs, which is every path. CIS 5.1.3.
	// +optional
	Wildcards Forbidden `json:"wildcards,omitempty"`

	// clusterAdmin says who may be given everything: by the ClusterRole cluster-admin, by a role that allows as much, by
	// several bindings together, or as a member of the group system:masters, which no role can be taken from. CIS 5.1.1 and 5.1.7.
	// +optional
	ClusterAdmin *ClusterAdmin `json:"clusterAdmin,omitempty"`

	// anonymous: Forbidden means that no binding names the user system:anonymous or the group system:unauthenticated: who is
	// nobody.
	// +optional
	Anonymous Forbidden `json:"anonymous,omitempty"`

	// allAuthenticated: Forbidden means that no binding names the groups system:authenticated and system:serviceaccounts,
	// of which everybody, and every pod, is a member.
	// +optional
	AllAuthenticated Forbidden `json:"allAuthenticated,omitempty"`

	// defaultServiceAccounts: Forbidden means that no binding names the ServiceAccount default of a namespace, as which every
	// pod runs that asks for no other, nor a group that it is in by itself: system:serviceaccounts:<namespace>,
	// system:serviceaccounts and system:authenticated. The last two are left to allAuthenticated where that is declared.
	// CIS 5.1.5.
	// +optional
	DefaultServiceAccounts Forbidden `json:"defaultServiceAccounts,omitempty"`

	// secrets: Forbidden means that nobody may read or write Secrets. CIS 5.1.2.
	// +optional
	Secrets Forbidden `json:"secrets,omitempty"`

	// podExec: Forbidden means that nobody may enter pods: exec, attach, portforward and ephemeralcontainers.
	// +optional
	PodExec Forbidden `json:"podExec,omitempty"`

	// createWorkloads: Forbidden means that nobody may create pods, or what makes pods: who does can run as every
	// ServiceAccount of the namespace. CIS 5.1.4.
	// +optional
	CreateWorkloads Forbidden `json:"createWorkloads,omitempty"`

	// escalate: Forbidden means that nobody may give roles permissions that he does not hold himself. CIS 5.1.8.
	// +optional
	Escalate Forbidden `json:"escalate,omitempty"`

	// bind: Forbidden means that nobody may bind roles whose permissions he does not hold himself. CIS 5.1.8.
	// +optional
	Bind Forbidden `json:"bind,omitempty"`

	// impersonate: Forbidden means that nobody may act as another user, group or ServiceAccount, be it without bounds or by
	// constrained impersonation. CIS 5.1.8.
	// +optional
	Impersonate Forbidden `json:"impersonate,omitempty"`

	// modifyRBAC: Forbidden means that nobody may create, change or delete roles and bindings.
	// +optional
	ModifyRBAC Forbidden `json:"modifyRBAC,omitempty"`

	// nodeProxy: Forbidden means that nobody may reach the kubelets through the API server. CIS 5.1.10.
	// +optional
	NodeProxy Forbidden `json:"nodeProxy,omitempty"`

	// persistentVolumes: Forbidden means that nobody may create or change PersistentVolumes: one may be a path of a node.
	// CIS 5.1.9.
	// +optional
	PersistentVolumes Forbidden `json:"persistentVolumes,omitempty"`

	// approveCertificates: Forbidden means that nobody may approve certificate signing requests. CIS 5.1.11.
	// +optional
	ApproveCertificates Forbidden `json:"approveCertificates,omitempty"`

	// admissionWebhooks: Forbidden means that nobody may change webhook configurations of admission. CIS 5.1.12.
	// +optional
	AdmissionWebhooks Forbidden `json:"admissionWebhooks,omitempty"`

	// tokenRequests: Forbidden means that nobody may ask for tokens of ServiceAccounts. CIS 5.1.13.
	// +optional
	TokenRequests Forbidden `json:"tokenRequests,omitempty"`

	// danglingBindings: Forbidden means that no binding names a role or a ServiceAccount that does not exist: whoever may
	// make one of that name takes up what it grants.
	// +optional
	DanglingBindings Forbidden `json:"danglingBindings,omitempty"`

	// builtinRoles: Unmodified means that the roles and bindings that Kubernetes itself makes are as it makes them.
	// +optional
	BuiltinRoles Unmodified `json:"builtinRoles,omitempty"`

	// permissionCeilings say what subjects may hold at most, over all their bindings. A subject that several name may hold
	// what they allow together; one that none names is not judged by them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	PermissionCeilings []PermissionCeiling `json:"permissionCeilings,omitempty"`
}

// Unmodified is the value of a rule that wants things left as they were made.
//
// +kubebuilder:validation:Enum=Unmodified
type Unmodified string

// RuleUnmodified switches on a rule that wants things left as they were made.
const RuleUnmodified Unmodified = "Unmodified"

// ClusterAdmin says who may be given everything.
type ClusterAdmin struct {
	// allowedSubjects are the subjects that may. The group system:masters holds everything whether it is listed or not;
	// that a binding names it is found unless it is. Empty: nobody.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	AllowedSubjects []SubjectPattern `json:"allowedSubjects,omitzero"`
}

// SubjectPattern chooses the subjects of bindings. In names, * stands for any run of characters.
//
// +kubebuilder:validation:XValidation:rule="self.kind == 'ServiceAccount' || !has(self.namespace)",message="namespace is only for a ServiceAccount: users and groups have none"
type SubjectPattern struct {
	// kind is that of the subject.
	// +required
	// +kubebuilder:validation:Enum=ServiceAccount;User;Group
	Kind string `json:"kind"`

	// namespace is that of the ServiceAccount. Default: every namespace.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9*-]+$')",message="must be the name of a namespace: lower case letters, digits and -, with * for any run of characters"
	Namespace string `json:"namespace,omitempty"`

	// name is the name of the subject. Kubernetes lets names of users and groups hold any character.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Name string `json:"name"`
}

// PermissionCeiling says what subjects may hold at most.
//
// +kubebuilder:validation:XValidation:rule="!has(self.namespaces) || !self.rules.exists(r, has(r.nonResourceURLs))",message="must not set namespaces beside nonResourceURLs: paths of the API server are in no namespace; allow them in a ceiling without namespaces"
type PermissionCeiling struct {
	// subjects are those of which it speaks.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Subjects []SubjectPattern `json:"subjects"`

	// namespaces are where the subjects may hold what rules allow, with * for any run of characters. Absent: everywhere,
	// also in the cluster as a whole. What is granted in the cluster as a whole goes beyond any namespaces that are named.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Namespaces []NameGlob `json:"namespaces,omitempty"`

	// rules are what they may hold, as in a role. Empty: nothing.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Rules []PermissionRule `json:"rules,omitzero"`
}

// PermissionRule is a rule of a role: verbs on resources, or on paths of the API server.
//
// +kubebuilder:validation:XValidation:rule="has(self.resources) != has(self.nonResourceURLs)",message="must set either resources, with apiGroups, or nonResourceURLs"
// +kubebuilder:validation:XValidation:rule="has(self.resources) == has(self.apiGroups)",message="must set apiGroups with resources, and only with them: \"\" is the group of pods and secrets"
// +kubebuilder:validation:XValidation:rule="!has(self.resourceNames) || has(self.resources)",message="must set resourceNames only with resources: paths of the API server have no names"
type PermissionRule struct {
	// apiGroups are the groups of the resources; "" is the group of pods and Secrets, * every group.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*]|[a-z0-9.-]*)$')",message="must be an API group without its version, such as apps; \"\" for that of pods and secrets, * for every one"
	APIGroups []string `json:"apiGroups,omitempty"`

	// resources are the resources, such as pods or pods/log; * is every resource, and */scale the subresource of every one.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:items:XValidation:rule="self == '*' || self.matches('^([*]/)?[^A-Z*, ]+$')",message="must be a resource as roles spell it: lower case and plural, such as pods, pods/log or */scale; * for every one"
	Resources []string `json:"resources,omitempty"`

	// resourceNames narrows the rule to objects of these names. Default: every name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	ResourceNames []string `json:"resourceNames,omitempty"`

	// nonResourceURLs are paths of the API server, such as /metrics; /healthz/* is everything below /healthz/, * every path.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*]|/[^*]*[*]?)$')",message="must be a path of the API server, such as /metrics, with * only at its end; * for every path"
	NonResourceURLs []string `json:"nonResourceURLs,omitempty"`

	// verbs are what may be done; * is everything.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*]|[A-Za-z0-9:._-]+)$')",message="must be one verb, such as get or impersonate:user-info; * for every one"
	Verbs []string `json:"verbs"`
}
