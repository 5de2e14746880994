package pinned

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ports is a set of ports. Those of a protocol are a stretch of one line of numbers, so that a set is spans of it.
type ports struct {
	every bool     // every port of every protocol
	spans []span   // sorted; they neither overlap nor touch
	names []string // sorted: "http/TCP", which pods resolve
}

// span is a run of numbers, both ends included.
type span struct{ from, to int }

const maxPort = math.MaxUint16

// protocols are those that rules may name, in the order of the line.
var protocols = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}

// portsOf returns the ports of a rule, which are all where it names none.
func portsOf(list []networkingv1.NetworkPolicyPort) ports {
	if len(list) == 0 {
		return ports{every: true}
	}
	var p ports
	for i := range list {
		p.addPort(&list[i])
	}
	return ports{spans: joined(p.spans), names: slices.Compact(slices.Sorted(slices.Values(p.names)))}
}

func (p *ports) addPort(port *networkingv1.NetworkPolicyPort) {
	protocol := corev1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	offset := slices.Index(protocols, protocol) * (maxPort + 1)
	switch {
	case port.Port == nil:
		p.spans = append(p.spans, span{offset + 1, offset + maxPort})
	case port.Port.Type == intstr.String:
		p.names = append(p.names, port.Port.StrVal+"/"+string(protocol))
	default:
		from, to := int(port.Port.IntVal), int(port.Port.IntVal)
		if port.EndPort != nil {
			to = int(*port.EndPort)
		}
		p.spans = append(p.spans, span{offset + from, offset + to})
	}
}

// joined sorts spans and makes one of those that overlap or touch.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var all []span
	for _, next := range spans {
		if last := len(all) - 1; last >= 0 && next.from <= all[last].to+1 {
			all[last].to = max(all[last].to, next.to)
			continue
		}
		all = append(all, next)
	}
	return all
}

func (p ports) empty() bool { return !p.every && len(p.spans) == 0 && len(p.names) == 0 }

func (p ports) union(o ports) ports {
	switch {
	case p.every || o.empty():
		return p
	case o.every || p.empty():
		return o
	}
	return ports{
		spans: joined(slices.Concat(p.spans, o.spans)),
		names: slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.names, o.names)))),
	}
}

// minus returns the ports that are not among others. A name is some port of its protocol.
func (p ports) minus(o ports) ports {
	if o.every {
		return ports{}
	}
	if p.every {
		return p
	}
	var rest ports
	for _, s := range p.spans {
		rest.spans = s.minus(o.spans, rest.spans)
	}
	for _, name := range p.names {
		if !slices.Contains(o.names, name) && !o.allOf(name) {
			rest.names = append(rest.names, name)
		}
	}
	return rest
}

// allOf says whether all ports of the protocol of a named port are in the set.
func (p ports) allOf(name string) bool {
	protocol := name[strings.LastIndexByte(name, '/')+1:]
	offset := slices.Index(protocols, corev1.Protocol(protocol)) * (maxPort + 1)
	return slices.ContainsFunc(p.spans, func(s span) bool { return s.from <= offset+1 && offset+maxPort <= s.to })
}

// minus appends what of the span is in none of the others, which are sorted.
func (s span) minus(others, rest []span) []span {
	for _, o := range others {
		if o.to < s.from || s.to < o.from {
			continue
		}
		if s.from < o.from {
			rest = append(rest, span{s.from, o.from - 1})
		}
		if s.from = o.to + 1; s.from > s.to {
			return rest
		}
	}
	return append(rest, s)
}

func (p ports) equal(o ports) bool {
	return p.every == o.every && slices.Equal(p.spans, o.spans) && slices.Equal(p.names, o.names)
}

// String returns the ports as people write them, such as "80/TCP, 8000-8080/TCP, http/TCP".
func (p ports) String() string {
	if p.every {
		return "every port"
	}
	var words []string
	for _, s := range p.spans {
		protocol := string(protocols[s.from/(maxPort+1)])
		from, to := s.from%(maxPort+1), s.to%(maxPort+1)
		switch {
		case from == 1 && to == maxPort:
			words = append(words, "every port of "+protocol)
		case from == to:
			words = append(words, strconv.Itoa(from)+"/"+protocol)
		default:
			words = append(words, strconv.Itoa(from)+"-"+strconv.Itoa(to)+"/"+protocol)
		}
	}
	return strings.Join(append(words, p.names...), ", ")
}
