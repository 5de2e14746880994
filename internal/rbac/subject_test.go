package rbac_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

func TestSubjectOf(t *testing.T) {
	for name, test := range map[string]struct {
		subject rbacv1.Subject
		want    string // empty: nobody
	}{
		"a ServiceAccount is itself":                            {account("shop", "api"), "ServiceAccount shop/api"},
		"a user is itself":                                      {user("jane"), "User jane"},
		"a group is itself":                                     {group("system:masters"), "Group system:masters"},
		"a user without an API group has RBAC's":                {rbacv1.Subject{Kind: "User", Name: "jane"}, "User jane"},
		"the namespace of a user means nothing":                 {rbacv1.Subject{Kind: "User", Namespace: "shop", Name: "jane"}, "User jane"},
		"a user called like a ServiceAccount is it":             {user("system:serviceaccount:shop:api"), "ServiceAccount shop/api"},
		"a group called like a ServiceAccount is a group":       {group("system:serviceaccount:shop:api"), "Group system:serviceaccount:shop:api"},
		"a user with only the beginning of such a name is none": {user("system:serviceaccount:shop"), "User system:serviceaccount:shop"},
		"a user with one part too many is none":                 {user("system:serviceaccount:a:b:c"), "User system:serviceaccount:a:b:c"},
		"a ServiceAccount that cannot be is a user of its name": {account("Not A Namespace", "api"), `User "system:serviceaccount:Not A Namespace:api"`},
		"a ServiceAccount without a namespace is nobody":        {account("", "api"), ""},
		"a ServiceAccount without a name is nobody":             {account("shop", ""), ""},
		"a user without a name is nobody":                       {user(""), ""},
		"a group without a name is nobody":                      {group(""), ""},
		"a ServiceAccount of a wrong API group is nobody":       {rbacv1.Subject{Kind: "ServiceAccount", APIGroup: "v1", Namespace: "shop", Name: "api"}, ""},
		"a user of a wrong API group is nobody":                 {rbacv1.Subject{Kind: "User", APIGroup: "apps", Name: "jane"}, ""},
		"a kind that RBAC does not know is nobody":              {rbacv1.Subject{Kind: "Pod", Name: "api"}, ""},
		"kinds are told with their case":                        {rbacv1.Subject{Kind: "user", Name: "jane"}, ""},
		"nothing is nobody":                                     {rbacv1.Subject{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := rbac.SubjectOf(test.subject)
			if ok != (test.want != "") || ok && got.String() != test.want {
				t.Errorf("got %q, %v, want %q", got, ok, test.want)
			}
			if again, found := rbac.SubjectFrom(got.Ref()); found != ok || ok && again != got {
				t.Errorf("the target %+v is %v, %v", got.Ref(), again, found)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	group := func(name string) rbac.Subject { return rbac.Subject{Kind: "Group", Name: name} }
	for name, test := range map[string]struct {
		subject rbac.Subject
		want    []rbac.Subject
	}{
		"a ServiceAccount is in the groups of its namespace and of all": {
			rbac.ServiceAccount("shop", "api"), []rbac.Subject{rbac.ServiceAccount("shop", "api"),
				group("system:serviceaccounts"), group("system:serviceaccounts:shop"), group("system:authenticated")},
		},
		"a user called like one as well": {
			rbac.Subject{Kind: "User", Name: "system:serviceaccount:shop:api"}, []rbac.Subject{rbac.ServiceAccount("shop", "api"),
				group("system:serviceaccounts"), group("system:serviceaccounts:shop"), group("system:authenticated")},
		},
		"a user is authenticated": {
			rbac.Subject{Kind: "User", Name: "jane"}, []rbac.Subject{{Kind: "User", Name: "jane"}, group("system:authenticated")},
		},
		"the anonymous user is not": {
			rbac.Subject{Kind: "User", Name: "system:anonymous"},
			[]rbac.Subject{{Kind: "User", Name: "system:anonymous"}, group("system:unauthenticated")},
		},
		"a group is in no group": {group("system:masters"), []rbac.Subject{group("system:masters")}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.subject.Keys()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSubjectFrom(t *testing.T) {
	for name, test := range map[string]struct {
		ref  workload.Ref
		want bool
	}{
		"a ServiceAccount is a subject":        {workload.Ref{Kind: "ServiceAccount", Namespace: "shop", Name: "api"}, true},
		"a user is a subject":                  {workload.Ref{Group: rbacv1.GroupName, Kind: "User", Name: "jane"}, true},
		"a group is a subject":                 {workload.Ref{Group: rbacv1.GroupName, Kind: "Group", Name: "dev"}, true},
		"a role is none":                       {workload.Ref{Group: rbacv1.GroupName, Kind: "Role", Namespace: "shop", Name: "api"}, false},
		"a user of somebody else's is none":    {workload.Ref{Group: "example.com", Kind: "User", Name: "jane"}, false},
		"a user in a namespace is none":        {workload.Ref{Group: rbacv1.GroupName, Kind: "User", Namespace: "shop", Name: "jane"}, false},
		"a ServiceAccount in none is none":     {workload.Ref{Kind: "ServiceAccount", Name: "api"}, false},
		"a ServiceAccount of RBAC is none":     {workload.Ref{Group: rbacv1.GroupName, Kind: "ServiceAccount", Namespace: "shop", Name: "api"}, false},
		"what has no name is none":             {workload.Ref{Group: rbacv1.GroupName, Kind: "User"}, false},
		"a workload of the same name is none":  {workload.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "api"}, false},
		"an empty reference is none of course": {workload.Ref{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := rbac.SubjectFrom(test.ref); ok != test.want || ok && got.Ref() != test.ref {
				t.Errorf("got %v, %v", got, ok)
			}
		})
	}
}
