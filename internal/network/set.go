package network

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"
)

// span is a run of addresses of one family, both ends included.
type span struct{ from, to netip.Addr }

// set is a set of addresses of both families: spans in order, IPv4 first, that neither overlap nor touch. Sets are exact.
type set []span

func spanOf(prefix netip.Prefix) span {
	from := prefix.Masked().Addr()
	last := from.AsSlice()
	for i := prefix.Bits(); i < from.BitLen(); i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	to, _ := netip.AddrFromSlice(last)
	return span{from, to}
}

func setOf(prefixes ...netip.Prefix) set {
	spans := make([]span, len(prefixes))
	for i, prefix := range prefixes {
		spans[i] = spanOf(prefix)
	}
	return joined(spans)
}

// joined makes a set of spans in any order. The spans are reordered.
func joined(spans []span) set {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var all set
	for _, next := range spans {
		last := len(all) - 1
		switch {
		case last < 0 || !all[last].touches(next):
			all = append(all, next)
		case all[last].to.Less(next.to):
			all[last].to = next.to
		}
	}
	return all
}

// touches says whether a span that begins no earlier overlaps this one or follows it without a gap.
func (s span) touches(later span) bool {
	if s.from.BitLen() != later.from.BitLen() {
		return false
	}
	return !s.to.Less(later.from) || s.to.Next() == later.from
}

func (s set) union(other set) set {
	if len(other) == 0 {
		return s
	}
	return joined(slices.Concat(s, other))
}

// minus returns what is in s and not in other.
func (s set) minus(other set) set {
	var rest set
	for _, left := range s {
		for len(other) > 0 && other[0].to.Less(left.from) {
			other = other[1:]
		}
		rest = left.minus(other, rest)
	}
	return rest
}

// minus appends to rest what is in the span and not in the set, which holds nothing before the span.
func (s span) minus(taken set, rest set) set {
	for _, each := range taken {
		if s.to.Less(each.from) {
			break
		}
		if s.from.Less(each.from) {
			rest = append(rest, span{s.from, each.from.Prev()})
		}
		if !each.to.Less(s.to) {
			return rest
		}
		s.from = each.to.Next()
	}
	return append(rest, s)
}

// both returns what is in s and in other.
func (s set) both(other set) set { return s.minus(s.minus(other)) }

// covers says whether all of other is in s.
func (s set) covers(other set) bool { return len(other.minus(s)) == 0 }

// size counts the addresses of each family. Sums of powers of two come out exact, which is what prefixes are.
func (s set) size() (v4, v6 float64) {
	for _, each := range s {
		if n := each.size(); each.from.Is4() {
			v4 += n
		} else {
			v6 += n
		}
	}
	return v4, v6
}

func (s span) size() float64 {
	from, to := s.from.As16(), s.to.As16()
	low, borrow := bits.Sub64(binary.BigEndian.Uint64(to[8:]), binary.BigEndian.Uint64(from[8:]), 0)
	high, _ := bits.Sub64(binary.BigEndian.Uint64(to[:8]), binary.BigEndian.Uint64(from[:8]), borrow)
	return float64(high)*math.Exp2(64) + float64(low) + 1
}

// digest tells the set from others, also from those that somebody makes for it.
func (s set) digest() string {
	hash := sha256.New()
	for _, each := range s {
		fmt.Fprintln(hash, each.from, each.to)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// prefixes returns the set as the fewest prefixes, at most so many of them.
func (s set) prefixes(most int) []netip.Prefix {
	var all []netip.Prefix
	for _, left := range s {
		for left.from.IsValid() && !left.to.Less(left.from) && len(all) < most {
			next := left.first()
			all = append(all, next)
			left.from = spanOf(next).to.Next()
		}
	}
	return all
}

// first is the largest prefix that begins where the span begins and does not go beyond it.
func (s span) first() netip.Prefix {
	for n := 0; ; n++ {
		prefix := netip.PrefixFrom(s.from, n)
		if prefix.Masked().Addr() == s.from && !s.to.Less(spanOf(prefix).to) {
			return prefix
		}
	}
}
