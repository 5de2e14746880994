package main

import (
	"context"

	"plumbline.dev/plumbline/api/v1alpha1"
)

const (
	database = "database"

	openPatch = `[{"op": "replace", "path": "/spec/ingress/0/from/0", "value": {"namespaceSelector": {}}}]`
)

// undefended is act 8.
func (d *demo) undefended(ctx context.Context) error {
	d.title("Act 8: a namespace loses its default deny")
	d.say("The shop has a database now, and NetworkPolicies. A baseline declares that nothing comes into the namespace but what a\n" +
		"policy allows, and that the application alone reaches the database:\n")
	if err := d.declare(ctx, "network", 3); err != nil { // the Namespace and two Deployments
		return err
	}
	d.say("Something does not get through, and somebody tries whether that is because of the policies:\n")
	deleted, err := d.kubectl(ctx, "-n", shop, "delete", "networkpolicy/default-deny")
	if err != nil {
		return err
	}
	lost, err := d.reported(ctx, "Namespace", shop, isDrifted)
	if err != nil {
		return err
	}
	told, err := d.event(ctx, "Namespace", "", shop, v1alpha1.EventDriftDetected, "NetworkPolicy default-deny was deleted")
	if err != nil {
		return err
	}
	if err := d.show(ctx, "get driftreports -A"); err != nil {
		return err
	}
	for _, what := range []string{messages, history} {
		if _, err := d.kubectl(ctx, "get", "driftreport", lost.object.Name, "-n", shop, "-o", what); err != nil {
			return err
		}
	}
	d.say("Events on what is in no namespace stand in namespace default:\n")
	if err := d.show(ctx, "events -n default --for namespace/shop"); err != nil {
		return err
	}
	d.result("default deny lost", deleted.until(lost.at))
	d.result("Event on Namespace", deleted.until(told.at))
	return d.defend(ctx)
}

// defend puts the policies back.
func (d *demo) defend(ctx context.Context) error {
	d.say("\nThe policy comes back:\n")
	fixed, err := d.kubectl(ctx, "apply", "-f", "hack/demo/network.yaml")
	if err != nil {
		return err
	}
	resolved, err := d.reported(ctx, "Namespace", shop, isResolved)
	if err != nil {
		return err
	}
	d.result("default deny is back", fixed.until(resolved.at))
	return nil
}

// reach is act 9.
func (d *demo) reach(ctx context.Context) error {
	d.title("Act 9: a policy opens the database")
	d.say("Somebody widens the policy of the database, from the pods of the application to every namespace. The default deny is\n" +
		"still there, and the policy looks like many others:\n")
	opened, err := d.kubectl(ctx, "-n", shop, "patch", "networkpolicy", database, "--type=json", "-p", openPatch)
	if err != nil {
		return err
	}
	open, err := d.reported(ctx, "Deployment", database, isDrifted)
	if err != nil {
		return err
	}
	if _, err := d.kubectl(ctx, "get", "driftreport", open.object.Name, "-n", shop, "-o", messages); err != nil {
		return err
	}
	if _, err := d.event(ctx, "Deployment", shop, database, v1alpha1.EventDriftDetected, deployment); err != nil {
		return err
	}
	if err := d.show(ctx, "events -n shop --for deployment/database"); err != nil {
		return err
	}
	d.say("The firewall of the workshop reaches it, in another namespace. The policy is put right:\n")
	closed, err := d.kubectl(ctx, "apply", "-f", "hack/demo/network.yaml")
	if err != nil {
		return err
	}
	resolved, err := d.reported(ctx, "Deployment", database, isResolved)
	if err != nil {
		return err
	}
	if err := d.compliantAgain(ctx, "network"); err != nil {
		return err
	}
	if err := d.show(ctx, "get driftreports -A", "get securitybaselines"); err != nil {
		return err
	}
	d.result("database opened", opened.until(open.at))
	d.result("database closed", closed.until(resolved.at))
	return nil
}

func isDrifted(r *v1alpha1.DriftReport) bool { return r.Status.State == v1alpha1.StateDrifted }
