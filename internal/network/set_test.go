package network

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// Sets are held against what they mean: for every address of two small ranges, one of each family, whether it is in.
func TestSetsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	all := universe()
	for range 200 {
		a, b := randomPrefixes(r), randomPrefixes(r)
		x, y := setOf(a...), setOf(b...)
		for _, addr := range all {
			inA, inB := among(a, addr), among(b, addr)
			for name, each := range map[string]struct {
				got  set
				want bool
			}{
				"itself":       {x, inA},
				"union":        {x.union(y), inA || inB},
				"difference":   {x.minus(y), inA && !inB},
				"intersection": {x.both(y), inA && inB},
			} {
				if got := each.got.holds(addr); got != each.want {
					t.Fatalf("%s of %v and %v: %s is in: %t, want %t", name, a, b, addr, got, each.want)
				}
				if got := among(each.got.prefixes(math.MaxInt), addr); got != each.want {
					t.Fatalf("%s of %v and %v: %s is in a prefix: %t, want %t", name, a, b, addr, got, each.want)
				}
			}
		}
		v4, v6 := x.size()
		if want := count(all, func(addr netip.Addr) bool { return among(a, addr) }); int(v4+v6) != want {
			t.Fatalf("the size of %v is %v and %v, want %d", a, v4, v6, want)
		}
		if got, want := x.covers(y), count(all, func(addr netip.Addr) bool { return among(b, addr) && !among(a, addr) }) == 0; got != want {
			t.Fatalf("%v covers %v: %t", a, b, got)
		}
	}
}

// universe is both ends of IPv4, and of IPv6, because sets end there.
func universe() []netip.Addr {
	var all []netip.Addr
	for _, text := range []string{"0.0.0.0/28", "255.255.255.240/28", "::/124", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124"} {
		for addr, p := prefix(text).Addr(), prefix(text); addr.IsValid() && p.Contains(addr); addr = addr.Next() {
			all = append(all, addr)
		}
	}
	return all
}

func randomPrefixes(r *rand.Rand) []netip.Prefix {
	all := universe()
	prefixes := make([]netip.Prefix, r.IntN(5))
	for i := range prefixes {
		addr := all[r.IntN(len(all))]
		prefixes[i] = netip.PrefixFrom(addr, addr.BitLen()-r.IntN(5))
	}
	return prefixes
}

func among(prefixes []netip.Prefix, addr netip.Addr) bool {
	return count(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) }) > 0
}

func (s set) holds(addr netip.Addr) bool {
	return count(s, func(each span) bool { return !addr.Less(each.from) && !each.to.Less(addr) }) > 0
}

func count[T any](all []T, is func(T) bool) int {
	n := 0
	for _, each := range all {
		if is(each) {
			n++
		}
	}
	return n
}

func TestWholeFamilies(t *testing.T) {
	v4, v6 := everyAddr.size()
	if v4 != math.Exp2(32) || v6 != math.Exp2(128) {
		t.Errorf("there are %v and %v addresses", v4, v6)
	}
	if got := len(everyAddr.prefixes(10)); got != 2 {
		t.Errorf("they make %d prefixes", got)
	}
	if rest := everyAddr.minus(everyAddr); len(rest) > 0 {
		t.Errorf("without themselves they leave %v", rest)
	}
	if large := public.large(); large < 16 {
		t.Errorf("the internet is %v times itself", large)
	}
}
