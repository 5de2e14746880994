package authorization_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// shown bounds how many disagreements are printed.
const shown = 5

// exchange is a question and what the API server answered.
type exchange struct {
	number uint64
	question
	verdict
}

// askAll asks the API server all questions, no question twice, and makes sure that the world was the same at the end.
func askAll() ([]exchange, error) {
	o, err := server()
	if err != nil {
		return nil, err
	}
	var all []exchange
	seen := map[question]bool{}
	for number := uint64(0); len(all) < *questions; number++ {
		if q := ask(*seed, number, o.world); !seen[q] {
			seen[q] = true
			all = append(all, exchange{number: number, question: q})
		}
	}
	if *only >= 0 {
		number := uint64(*only)
		all = []exchange{{number: number, question: ask(*seed, number, o.world)}}
	}
	ctx := context.Background()
	if err := inParallel(len(all), func(i int) (err error) {
		all[i].verdict, err = o.review(ctx, all[i].question)
		return err
	}); err != nil {
		return nil, err
	}
	now, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	return all, now.unchanged(o.world)
}

// asker holds a world against answers of the API server, as internal/rbac knows it. One is used by one goroutine.
type asker struct {
	*graph
	held map[rbac.Subject][]rbac.Grant
}

func newAsker(w world) *asker {
	return &asker{w.graph(), map[rbac.Subject][]rbac.Grant{}}
}

// grants are those of whoever asks.
func (a *asker) grants(who rbacv1.Subject) []rbac.Grant {
	subject, ok := rbac.SubjectOf(who)
	if !ok {
		return nil
	}
	if grants, known := a.held[subject]; known {
		return grants
	}
	a.held[subject], _ = rbac.Grants(subject, a.naming, a.role)
	return a.held[subject]
}

// disagreement says in words how the API server's answer differs from ours, or "".
func (a *asker) disagreement(e exchange) string {
	grants := a.grants(e.who)
	grant, allowed := rbac.Allows(grants, e.Request)
	switch {
	case allowed != e.allowed && allowed:
		return fmt.Sprintf("the API server denies, we allow it through %s (%s, via %s)", grant.Words(), grant.Path(), grant.Via)
	case allowed != e.allowed:
		return fmt.Sprintf("the API server allows (%s), we deny", e.reason)
	case !allowed:
		return ""
	}
	if _, alone := rbac.Allows([]rbac.Grant{grant}, e.Request); !alone {
		return fmt.Sprintf("both allow, we through %s (%s), which alone does not allow it", grant.Words(), grant.Path())
	}
	if through, named := bindingOf(e.reason); named && !allowedThrough(through, grants, e.Request) {
		return fmt.Sprintf("both allow, but through %s we do not, and the API server does: %s", through, e.reason)
	}
	return ""
}

func allowedThrough(through workload.Ref, grants []rbac.Grant, r rbac.Request) bool {
	for _, grant := range grants {
		if grant.Binding.Ref != through {
			continue
		}
		if _, allowed := rbac.Allows([]rbac.Grant{grant}, r); allowed {
			return true
		}
	}
	return false
}

var reasonOfRBAC = regexp.MustCompile(`^RBAC: allowed by (RoleBinding|ClusterRoleBinding) "([^"]*)" of `)

// bindingOf returns the binding through which the API server says that it allows. There is none for system:masters, whom
// it allows everything before it asks RBAC.
func bindingOf(reason string) (workload.Ref, bool) {
	parts := reasonOfRBAC.FindStringSubmatch(reason)
	if parts == nil {
		return workload.Ref{}, false
	}
	name, namespace, _ := strings.Cut(parts[2], "/")
	return workload.Ref{Group: rbacv1.GroupName, Kind: parts[1], Namespace: namespace, Name: name}, true
}

func TestTheAnswerIsThatOfTheAPIServer(t *testing.T) {
	o := onServer(t)
	exchanges, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(o.world)
	allowed, named, disagreements := 0, 0, 0
	for _, e := range exchanges {
		if e.allowed {
			allowed++
		}
		if _, found := bindingOf(e.reason); found {
			named++
		}
		said := a.disagreement(e)
		if said == "" {
			continue
		}
		if disagreements++; disagreements <= shown {
			t.Errorf("%s\n\t%s\n\tagain: go test ./test/authorization -run Answer -v -args -seed %d -question %d",
				e.question, said, *seed, e.number)
		}
	}
	t.Logf("%d roles, %d bindings; %d questions of seed %d: %d allowed (%d through a binding that the API server names), %d denied; disagreements: %d",
		len(a.roles), len(a.bindings), len(exchanges), *seed, allowed, named, len(exchanges)-allowed, disagreements)
	if disagreements > shown {
		t.Errorf("and %d disagreements more", disagreements-shown)
	}
	if *only < 0 {
		expectBothOften(t, allowed, len(exchanges))
	}
}

// Questions that are all allowed, or all denied, ask nothing.
func expectBothOften(t *testing.T, allowed, all int) {
	t.Helper()
	if denied := all - allowed; allowed*3 < all || denied*3 < all {
		t.Errorf("of %d questions, %d are allowed and %d denied: the generator must ask a third of each", all, allowed, denied)
	}
}
