package authorization_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/rbac"
)

// Files hold aggregated ClusterRoles without the rules that a controller of the cluster gives them, or with old ones.
func TestAggregationFromFilesIsThatOfTheCluster(t *testing.T) {
	o := onServer(t)
	files := o.world.deepCopy()
	for i := range files.clusterRoles {
		if r := &files.clusterRoles[i]; r.AggregationRule != nil {
			r.Rules = nil
			if r.Name == stale().Name {
				r.Rules = stale().Rules
			}
		}
	}
	fromFiles, live := files.graph(), o.world.graph()
	var roles []*rbac.Role
	for _, r := range fromFiles.roles {
		roles = append(roles, r)
	}
	rbac.Aggregate(roles)
	compared := 0
	for ref, r := range live.roles {
		if r.Aggregation == nil {
			continue
		}
		compared++
		got := fromFiles.roles[ref].Rules
		gained, lost := rbac.Compare(r.Rules, got)
		if len(gained) > 0 || len(lost) > 0 || !rbac.SameRules(r.Rules, got) {
			t.Errorf("%s has other rules from files than in the cluster, where it has not %v, and has %v", ref, gained, lost)
		}
		if len(r.Rules) > 0 && rbac.SameRules(r.Rules, nil) {
			t.Errorf("%s has rules, which are said to be the same as none", ref)
		}
	}
	if t.Logf("%d aggregated roles", compared); compared < len(aggregates()) {
		t.Errorf("only %d aggregated roles were compared", compared)
	}
}
