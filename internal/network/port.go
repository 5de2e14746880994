package network

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Port is a port of a pod. The zero Port stands for any: a rule that allows some port allows it.
type Port struct {
	Protocol corev1.Protocol
	Number   int32
}

// String returns the port as people write it, such as "5432/TCP".
func (p Port) String() string {
	if p == (Port{}) {
		return "any port"
	}
	return strconv.Itoa(int(p.Number)) + "/" + string(p.Protocol)
}

// maxPort is the highest there is.
const maxPort = math.MaxUint16

// ports is one entry of ports: a range of numbers, or a name.
type ports struct {
	protocol corev1.Protocol
	from, to int32
	name     string
}

// names are the ports of a pod by what its containers call them. The number 0 stands for any.
type names map[named]bool

type named struct {
	name string
	port Port
}

// namesOf returns the names of the ports of a pod, which is nil outside the cluster: nothing has a name there. It is asked once
// for all rules, because a pod may have as many names as a policy has rules.
func namesOf(pod *Pod) names {
	if pod == nil {
		return nil
	}
	var all names
	for i := range pod.Ports {
		port := &pod.Ports[i]
		if port.Name == "" {
			continue
		}
		if all == nil {
			all = names{}
		}
		protocol := protocolOf(port.Protocol)
		all[named{port.Name, Port{protocol, port.ContainerPort}}] = true
		all[named{port.Name, Port{protocol, 0}}] = true
	}
	return all
}

// allows says whether the entry allows the port of a target that has these names. A name stands for what the containers of the
// target call so; where none does, it allows nothing.
func (p *ports) allows(target names, port Port) bool {
	switch {
	case p.name == "":
		return port == (Port{}) || p.protocol == port.Protocol && p.from <= port.Number && port.Number <= p.to
	case port == Port{}:
		return target[named{p.name, Port{p.protocol, 0}}]
	}
	return p.protocol == port.Protocol && target[named{p.name, port}]
}

// protocolOf is the protocol of a port, where unset means TCP.
func protocolOf(protocol corev1.Protocol) corev1.Protocol {
	if protocol == "" {
		return corev1.ProtocolTCP
	}
	return protocol
}

func (r *rule) allowsPort(target names, port Port) bool {
	if len(r.ports) == 0 {
		return true
	}
	for i := range r.ports {
		if r.ports[i].allows(target, port) {
			return true
		}
	}
	return false
}

// portRange is a run of ports, both ends included.
type portRange struct{ from, to int32 }

// openPorts returns the ports of a protocol that the rule allows by their numbers, in order, none twice.
func (r *rule) openPorts(protocol corev1.Protocol) []portRange {
	if len(r.ports) == 0 {
		return []portRange{{1, maxPort}}
	}
	var open []portRange
	for i := range r.ports {
		if p := &r.ports[i]; p.name == "" && p.protocol == protocol {
			open = append(open, portRange{max(1, p.from), p.to})
		}
	}
	slices.SortFunc(open, func(a, b portRange) int { return cmp.Compare(a.from, b.from) })
	var joined []portRange
	for _, next := range open {
		if last := len(joined) - 1; last >= 0 && next.from <= joined[last].to+1 {
			joined[last].to = max(joined[last].to, next.to)
		} else {
			joined = append(joined, next)
		}
	}
	return joined
}

// portsIn counts the ports of ranges that do not overlap.
func portsIn(ranges []portRange) int32 {
	n := int32(0)
	for _, each := range ranges {
		n += each.to - each.from + 1
	}
	return n
}

// words returns the entry as people write it, such as "80/TCP", "1-1023/UDP" and "every port of TCP".
func (p *ports) words() string {
	protocol := string(p.protocol)
	switch {
	case p.name != "":
		return p.name + "/" + protocol
	case p.from <= 1 && p.to == maxPort:
		return "every port of " + protocol
	case p.from == p.to:
		return Port{p.protocol, p.from}.String()
	}
	return strconv.Itoa(int(p.from)) + "-" + strconv.Itoa(int(p.to)) + "/" + protocol
}
