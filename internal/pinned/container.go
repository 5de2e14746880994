package pinned

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"plumbline.dev/plumbline/internal/workload"
)

// addOwn adds a fact that a container cannot have from its pod.
func (p *pod) addOwn(c *workload.Container, f fact) {
	f.container = c.Name
	if f.under == nil {
		f.under = p.part
	} else {
		f.under = append(slices.Clone(p.part), f.under...)
	}
	p.add(f)
}

func (p *pod) readContainer(c *workload.Container) {
	whole := key{path: strings.TrimSuffix(c.Path(""), ".")}
	p.part = []key{whole}
	p.add(fact{key: whole, container: c.Name, value: "container " + c.Name, own: true, rule: always})
	p.addOwn(c, imageFact(c.Path("image"), c.Image))
	p.readContainerSecurity(c)
	p.readCapabilities(c)
	p.readContainerResources(c)
	p.readPorts(c)
	p.readProbes(c)
	p.readSecrets(c)
	p.readMounts(c)
}

func (p *pod) readContainerSecurity(c *workload.Container) {
	s, pods := c.Security(), p.Security()
	in := func(field string) string { return c.Path(securityContext + field) }
	p.addOwn(c, optionalFlag(in("privileged"), s.Privileged, false, true))
	p.addOwn(c, optionalFlag(in("allowPrivilegeEscalation"), s.AllowPrivilegeEscalation, true, true))
	p.addOwn(c, optionalFlag(in("readOnlyRootFilesystem"), s.ReadOnlyRootFilesystem, false, false))
	mount := fact{key: key{path: in("procMount")}, value: string(corev1.DefaultProcMount), rule: weaker}
	if s.ProcMount != nil {
		mount.value, mount.own = cmp.Or(string(*s.ProcMount), mount.value), true
	}
	if mount.value != string(corev1.DefaultProcMount) {
		mount.rank = 1
	}
	p.addOwn(c, mount)

	inherited := func(f fact, own bool) {
		f.own = own
		p.addOf(c, f, own)
	}
	inherited(optionalFlag(in("runAsNonRoot"), or(s.RunAsNonRoot, pods.RunAsNonRoot), false, false), s.RunAsNonRoot != nil)
	inherited(userFact(in("runAsUser"), or(s.RunAsUser, pods.RunAsUser)), s.RunAsUser != nil)
	inherited(userFact(in("runAsGroup"), or(s.RunAsGroup, pods.RunAsGroup)), s.RunAsGroup != nil)
	inherited(seccompFact(in("seccompProfile"), or(s.SeccompProfile, pods.SeccompProfile)), s.SeccompProfile != nil)
	profile := p.appArmorOf(c)
	inherited(appArmorFact(in("appArmorProfile"), or(profile, pods.AppArmorProfile)), profile != nil)
	p.seLinux(in("seLinuxOptions"), s.SELinuxOptions, c)
	p.windows(in("windowsOptions"), s.WindowsOptions, c)
}

const allCapabilities = "ALL"

// readCapabilities reads them as container runtimes do, which take any case. They take a name with CAP_ before it for
// what is added, but may not find it to drop it.
func (p *pod) readCapabilities(c *workload.Container) {
	capabilities := c.Security().Capabilities
	if capabilities == nil {
		return
	}
	all := func(_, by *fact) bool { return by.member == allCapabilities }
	for _, name := range capabilities.Add {
		member := strings.TrimPrefix(strings.ToUpper(string(name)), "CAP_")
		p.addOwn(c, fact{key: item(c.Path("securityContext.capabilities.add"), member), own: true, rule: adds, covered: all})
	}
	for _, name := range capabilities.Drop {
		member := strings.ToUpper(string(name))
		p.addOwn(c, fact{key: item(c.Path("securityContext.capabilities.drop"), member), own: true, rule: guards, covered: all})
	}
}

// readContainerResources reads the limits, and which resources are requested: how much is requested changes nothing for
// anybody else. The API server requests for pods what they limit. A limit of nothing is none.
func (p *pod) readContainerResources(c *workload.Container) {
	for name, quantity := range c.Resources.Limits {
		if quantity.Sign() > 0 {
			p.addOwn(c, limitFact(child(c.Path("resources.limits"), string(name)), quantity))
		}
	}
	requests := map[corev1.ResourceName]bool{}
	if p.Kind == podKind && c.List != ephemeralContainers {
		for name, quantity := range c.Resources.Limits {
			requests[name] = quantity.Sign() > 0
		}
	}
	for name, quantity := range c.Resources.Requests {
		requests[name] = quantity.Sign() > 0
	}
	for name, set := range requests {
		if set {
			p.addOwn(c, fact{key: key{path: child(c.Path("resources.requests"), string(name))}, value: "set", own: true, rule: guards})
		}
	}
}

const ephemeralContainers = "ephemeralContainers"

// limitFact is a limit, however its quantity is spelled. The API server rounds up to a thousandth.
func limitFact(path string, quantity resource.Quantity) fact {
	amount := quantity.DeepCopy()
	amount.RoundUp(resource.Milli)
	amount = *resource.NewDecimalQuantity(*amount.AsDec(), resource.DecimalSI)
	return fact{key: key{path: path}, value: amount.String(), shown: quantity.String(), own: true, rule: limits, size: &measure{amount: amount}}
}

// readPorts reads the ports of the node that a container takes. On the network of the node, all of its ports are; the API
// server writes so into pods, but not into templates.
func (p *pod) readPorts(c *workload.Container) {
	for i := range c.Ports {
		port := &c.Ports[i]
		taken := port.HostPort
		if taken == 0 && p.Pod.HostNetwork {
			taken = port.ContainerPort
		}
		if taken == 0 {
			continue
		}
		member := strconv.Itoa(int(taken))
		if port.HostIP != "" && port.HostIP != "0.0.0.0" {
			member += " of " + port.HostIP
		}
		of := strconv.Itoa(int(port.ContainerPort)) + "/" + cmp.Or(string(port.Protocol), string(corev1.ProtocolTCP))
		f := fact{key: item(c.Path("ports["+of+"].hostPort"), member), own: true, rule: adds}
		if taken == port.ContainerPort && p.Pod.HostNetwork {
			// Of a pod that came to the network of the node these are the consequence, and not a difference of their own.
			f.under = []key{{path: p.Path("hostNetwork")}}
		}
		p.addOwn(c, f)
	}
}

// readProbes reads the hosts that probes and hooks name.
func (p *pod) readProbes(c *workload.Container) {
	named := func(field, host string) {
		if host != "" {
			p.addOwn(c, fact{key: key{path: c.Path(field + ".host")}, value: host, own: true, rule: adds})
		}
	}
	hosts := func(field string, get *corev1.HTTPGetAction, socket *corev1.TCPSocketAction) {
		if get != nil {
			named(field+".httpGet", get.Host)
		}
		if socket != nil {
			named(field+".tcpSocket", socket.Host)
		}
	}
	for field, probe := range map[string]*corev1.Probe{
		"livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe, "startupProbe": c.StartupProbe,
	} {
		if probe != nil {
			hosts(field, probe.HTTPGet, probe.TCPSocket)
		}
	}
	if c.Lifecycle == nil {
		return
	}
	if hook := c.Lifecycle.PostStart; hook != nil {
		hosts("lifecycle.postStart", hook.HTTPGet, hook.TCPSocket)
	}
	if hook := c.Lifecycle.PreStop; hook != nil {
		hosts("lifecycle.preStop", hook.HTTPGet, hook.TCPSocket)
	}
}

// readSecrets reads which variables come from Secrets.
func (p *pod) readSecrets(c *workload.Container) {
	for i := range c.Env {
		source := c.Env[i].ValueFrom
		if source == nil || source.SecretKeyRef == nil {
			continue
		}
		secret := "key " + source.SecretKeyRef.Key + " of Secret " + source.SecretKeyRef.Name
		p.addOwn(c, fact{key: item(c.Path("env["+c.Env[i].Name+"].valueFrom.secretKeyRef"), secret), own: true, rule: adds})
	}
	for i := range c.EnvFrom {
		source := &c.EnvFrom[i]
		if source.SecretRef == nil {
			continue
		}
		secret := "Secret " + source.SecretRef.Name
		if source.Prefix != "" {
			secret += " with prefix " + source.Prefix
		}
		p.addOwn(c, fact{key: item(c.Path("envFrom"), secret), own: true, rule: adds})
	}
}
