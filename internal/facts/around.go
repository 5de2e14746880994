package facts

import (
	"context"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// around reads what is known around workloads. Those around which there is nothing to know are not in it.
func (c *Cluster) around(ctx context.Context, workloads []workload.Workload) (map[workload.Ref]judgement.Facts, error) {
	var around map[workload.Ref]judgement.Facts
	for i := range workloads {
		facts, known, err := c.aroundOne(ctx, &workloads[i])
		if err != nil {
			return nil, err
		}
		if !known {
			continue
		}
		if around == nil {
			around = map[workload.Ref]judgement.Facts{}
		}
		around[workloads[i].Ref] = facts
	}
	return around, nil
}

// aroundOne reads what is known around one workload, and says whether there is anything.
func (c *Cluster) aroundOne(ctx context.Context, w *workload.Workload) (facts judgement.Facts, known bool, err error) {
	if AsksServiceAccount(*w) {
		known = true
		if facts, err = c.serviceAccount(ctx, *w); err != nil {
			return facts, known, err
		}
	}
	if c.needs(engine.NeedRBAC) {
		known = true
		if err = c.addGrants(ctx, w, &facts); err != nil {
			return facts, known, err
		}
	}
	if c.needs(engine.NeedNetwork) {
		known = true
		err = c.addNetwork(ctx, w, &facts)
	}
	return facts, known, err
}

// needs says whether a baseline looks at a fact.
func (c *Cluster) needs(need engine.Need) bool { return c.Needs != nil && c.Needs(need) }

// miss takes down that a fact could not be read.
func miss(unreadable *map[engine.Need]string, need engine.Need, why string) {
	if *unreadable == nil {
		*unreadable = map[engine.Need]string{}
	}
	(*unreadable)[need] = why
}

// addGrants adds what gives the ServiceAccount of a workload permissions. A static pod runs as none, and so as nobody.
func (c *Cluster) addGrants(ctx context.Context, w *workload.Workload, facts *judgement.Facts) error {
	if blind := c.rbacBlind(); blind != "" {
		miss(&facts.Unreadable, engine.NeedRBAC, blind)
		return nil
	}
	account := w.ServiceAccount()
	if account == "" {
		return nil
	}
	var err error
	facts.Grants, err = c.Grants(ctx, rbac.ServiceAccount(w.Namespace, account))
	return err
}
