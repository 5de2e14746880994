package rbac

import (
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestTheNamesOfServiceAccountsAreThoseThatTheAPIServerTakes(t *testing.T) {
	names := []string{
		"", "a", "-", "a-", "-a", "a-b", "a--b", ".", "a.", ".a", "a.b", "a..b", "a.-b", "a-.b", "A", "ä", "a\n", "a b", "0", "a_b", "\xff",
		strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 254), strings.Repeat("a.", 126) + "a",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range random.IntN(7) {
			b.WriteByte("ab0-.:A"[random.IntN(7)])
		}
		names = append(names, b.String())
	}
	yes := 0
	for _, name := range names {
		namespace, account := len(validation.IsDNS1123Label(name)) == 0, len(validation.IsDNS1123Subdomain(name)) == 0
		if isServiceAccount(name, "a") != namespace || isServiceAccount("a", name) != account {
			t.Errorf("%q is the name of a namespace: %v, of a ServiceAccount: %v", name, namespace, account)
		}
		if account {
			yes++
		}
	}
	if yes < 1000 || yes > len(names)-1000 {
		t.Errorf("%d of %d can be names", yes, len(names))
	}
}
