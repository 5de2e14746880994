package pinned

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/internal/workload"
)

const (
	podKind         = "Pod"
	securityContext = "securityContext."
	ownersPath      = "metadata.ownerReferences"
)

// compareWorkload returns how workloads are compared. Of one that a watched kind controls, caches keep nothing that could
// be compared: it is not the one that was declared, which nobody controlled.
func compareWorkload(declared runtime.Object, c *compiler) compiled {
	byFacts := c.byFacts(declared, readWorkload)
	return func(live runtime.Object) []Difference {
		if w, ok := workload.Of(live); ok && workload.Trimmed(w) {
			owner, _ := workload.Owner(w.Meta)
			by := workload.RefTo(owner, w.Namespace).String()
			return []Difference{{Path: ownersPath, Value: by, Expected: "no controller", Actual: by, Loosening: true}}
		}
		return byFacts(live)
	}
}

// readWorkload reads what is judged of a workload, as the fields are set: what containers have from their pods is
// compared where one of the two objects sets it on the container.
func readWorkload(obj runtime.Object, fs *facts) {
	w, ok := workload.Of(obj)
	if !ok {
		return
	}
	p := &pod{Workload: &w, facts: fs}
	p.readHost()
	p.readIdentity()
	p.readSecurity()
	p.readVolumes()
	p.readResources()
	for c := range w.Containers() {
		p.readContainer(&c)
	}
	if beyond := w.Unjudged(); beyond > 0 {
		fs.add(fact{key: key{path: w.Path("containers")}, value: strconv.Itoa(beyond) + " more than are judged", rule: adds})
	}
}

// pod is a workload whose facts are read.
type pod struct {
	*workload.Workload
	*facts
	// part is the container that is being read.
	part []key
}

// flag is a field that is true or false, and weaker when it is the one that weakens.
func flag(path string, value, weakens, own bool) fact {
	f := fact{key: key{path: path}, value: strconv.FormatBool(value), own: own, rule: weaker}
	if value == weakens {
		f.rank = 1
	}
	return f
}

// optionalFlag is a flag that may be unset, which means byDefault.
func optionalFlag(path string, value *bool, byDefault, weakens bool) fact {
	if value == nil {
		f := flag(path, byDefault, weakens, false)
		f.shown = "unset, which means " + f.value
		return f
	}
	return flag(path, *value, weakens, true)
}

func (p *pod) readHost() {
	for _, each := range [...]struct {
		field string
		value bool
	}{{"hostPID", p.Pod.HostPID}, {"hostIPC", p.Pod.HostIPC}, {"hostNetwork", p.Pod.HostNetwork}} {
		path := p.Path(each.field)
		p.add(flag(path, each.value, true, p.written(path)))
	}
	p.add(optionalFlag(p.Path("hostUsers"), p.Pod.HostUsers, true, true))
	p.add(optionalFlag(p.Path("shareProcessNamespace"), p.Pod.ShareProcessNamespace, false, true))
	system := string(corev1.Linux)
	if p.Windows() {
		system = string(corev1.Windows)
	}
	p.add(fact{key: key{path: p.Path("os.name")}, value: system, own: p.Pod.OS != nil, rule: always})
	class := unset
	if p.Pod.RuntimeClassName != nil {
		class = "RuntimeClass " + *p.Pod.RuntimeClassName
	}
	p.add(fact{key: key{path: p.Path("runtimeClassName")}, value: class, own: p.Pod.RuntimeClassName != nil, rule: always})
}

func (p *pod) readIdentity() {
	account := p.ServiceAccount()
	f := fact{key: key{path: p.Path("serviceAccountName")}, value: account, rule: always}
	if account == "" {
		f.value = "none, as of every static pod"
	}
	f.own = p.Pod.ServiceAccountName != "" || p.Pod.DeprecatedServiceAccount != ""
	p.add(f)
	f = fact{key: key{path: p.Path("automountServiceAccountToken")}, rule: weaker}
	switch mounts := p.Pod.AutomountServiceAccountToken; {
	case mounts == nil:
		f.value, f.rank = "unset, which leaves it to the ServiceAccount", 1
	case *mounts:
		f.value, f.rank, f.own = "true", 2, true
	default:
		f.value, f.own = "false", true
	}
	p.add(f)
}

func (p *pod) readSecurity() {
	s := p.Security()
	in := func(field string) string { return p.Path(securityContext + field) }
	p.add(optionalFlag(in("runAsNonRoot"), s.RunAsNonRoot, false, false))
	p.add(userFact(in("runAsUser"), s.RunAsUser))
	p.add(userFact(in("runAsGroup"), s.RunAsGroup))
	if s.FSGroup != nil {
		p.add(fact{key: key{path: in("fsGroup")}, value: strconv.FormatInt(*s.FSGroup, 10), own: true, rule: adds})
	}
	for _, group := range s.SupplementalGroups {
		p.add(fact{key: item(in("supplementalGroups"), strconv.FormatInt(group, 10)), own: true, rule: adds})
	}
	policy := fact{key: key{path: in("supplementalGroupsPolicy")}, value: string(corev1.SupplementalGroupsPolicyMerge), rank: 1, rule: weaker}
	if s.SupplementalGroupsPolicy != nil {
		policy.value, policy.own = string(*s.SupplementalGroupsPolicy), true
		if *s.SupplementalGroupsPolicy == corev1.SupplementalGroupsPolicyStrict {
			policy.rank = 0
		}
	}
	p.add(policy)
	for _, sysctl := range s.Sysctls {
		name := sysctlName(sysctl.Name)
		p.add(fact{key: item(in("sysctls"), name), value: name + "=" + sysctl.Value, own: true, rule: adds})
	}
	p.add(seccompFact(in("seccompProfile"), s.SeccompProfile))
	p.add(appArmorFact(in("appArmorProfile"), s.AppArmorProfile))
	p.seLinux(in("seLinuxOptions"), s.SELinuxOptions, nil)
	p.windows(in("windowsOptions"), s.WindowsOptions, nil)
}

// sysctlName returns the spelling with dots, in which the kubelet compares sysctls. The first separator tells which one is
// meant: see sysctl.d(5).
func sysctlName(name string) string {
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '.' {
		return name
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, name)
}

// userFact is a user or a group that processes run as: 0 is the weakest, and what is unset the image decides.
func userFact(path string, id *int64) fact {
	f := fact{key: key{path: path}, value: unset, rank: 1, rule: weaker}
	if id == nil {
		return f
	}
	f.value, f.own, f.rank = strconv.FormatInt(*id, 10), true, 0
	if *id == 0 {
		f.rank = 2
	}
	return f
}

// readResources reads what limits and requests the pods as a whole have. Of huge pages the API server makes up both from
// those of containers, so that they are compared there.
func (p *pod) readResources() {
	own := p.Pod.Resources
	if own == nil {
		return
	}
	kept := []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory}
	for _, name := range kept {
		if quantity := own.Limits[name]; quantity.Sign() > 0 {
			p.add(limitFact(child(p.Path("resources.limits"), string(name)), quantity))
		}
		if _, set := own.Requests[name]; set || p.requested(name) {
			p.add(fact{key: key{path: child(p.Path("resources.requests"), string(name))}, value: "set", own: set, rule: guards})
		}
	}
}

// requested says whether the API server makes up a request for the pod as a whole: of a limit or, beside limits, of what
// its containers request. It does so for pods, not for templates.
//
// Source: defaultPodRequests in pkg/apis/core/v1/defaults.go of Kubernetes.
func (p *pod) requested(name corev1.ResourceName) bool {
	if p.Kind != podKind || len(p.Pod.Resources.Limits) == 0 {
		return false
	}
	if _, limited := p.Pod.Resources.Limits[name]; limited {
		return true
	}
	return slices.ContainsFunc(slices.Concat(p.Pod.InitContainers, p.Pod.Containers), func(c corev1.Container) bool {
		_, requests := c.Resources.Requests[name]
		_, limits := c.Resources.Limits[name]
		return requests || limits
	})
}
