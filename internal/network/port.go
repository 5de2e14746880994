package network

import (
	"math"
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

// allows says whether the entry allows the port of the target, which is nil outside the cluster. A name stands for what the
// containers of the target call so; where none does, it allows nothing.
func (p *ports) allows(target *Pod, port Port) bool {
	if p.name == "" {
		return port == (Port{}) || p.protocol == port.Protocol && p.from <= port.Number && port.Number <= p.to
	}
	if target == nil {
		return false
	}
	for i := range target.Ports {
		named := &target.Ports[i]
		if named.Name == p.name && protocolOf(named.Protocol) == p.protocol &&
			(port == (Port{}) || port == Port{p.protocol, named.ContainerPort}) {
			return true
		}
	}
	return false
}

// protocolOf is the protocol of a port, where unset means TCP.
func protocolOf(protocol corev1.Protocol) corev1.Protocol {
	if protocol == "" {
		return corev1.ProtocolTCP
	}
	return protocol
}

func (r *rule) allowsPort(target *Pod, port Port) bool {
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

// everyPort says whether the rule allows all ports. All of TCP and all of UDP count as all: next to nothing speaks SCTP, and
// a rule that leaves only that out closes nothing.
func (r *rule) everyPort() bool {
	if len(r.ports) == 0 {
		return true
	}
	var tcp, udp bool
	for i := range r.ports {
		if p := &r.ports[i]; p.name == "" && p.from <= 1 && p.to == maxPort {
			tcp = tcp || p.protocol == corev1.ProtocolTCP
			udp = udp || p.protocol == corev1.ProtocolUDP
		}
	}
	return tcp && udp
}
