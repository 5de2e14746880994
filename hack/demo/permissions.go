package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
)

const (
	shop = "shop"
	api  = "api"

	// messages and history are what kubectl shows of a report.
	messages = `jsonpath={range .status.findings[*]}{.severity} {.check}: {.message}{"\n"}{end}`
	history  = `jsonpath={range .status.history[*]}{.time} {.type} {.check}: {.message}{"\n"}{end}`
)

// gain is act 6.
func (d *demo) gain(ctx context.Context) error {
	d.title("Act 6: an application gains a permission")
	d.say("The application api of namespace shop runs as ServiceAccount api, which may read ConfigMaps there. A baseline declares\n" +
		"that it holds no more than that, and that nobody enters pods:\n")
	if err := d.declare(ctx, "permissions", 5); err != nil { // the Deployment, Role, RoleBinding and two ServiceAccounts
		return err
	}
	d.say("Somebody debugs it in a hurry, and gives it the right to enter pods:\n")
	if _, err := d.kubectl(ctx, "-n", shop, "create", "role", "debug", "--verb=create", "--resource=pods/exec"); err != nil {
		return err
	}
	bound, err := d.kubectl(ctx, "-n", shop, "create", "rolebinding", "debug", "--role=debug", "--serviceaccount=shop:api")
	if err != nil {
		return err
	}
	held, err := d.reported(ctx, "ServiceAccount", api, gained)
	if err != nil {
		return err
	}
	runs, err := d.reported(ctx, "Deployment", api, gained)
	if err != nil {
		return err
	}
	if err := d.explainPermissions(ctx, held.object, runs.object); err != nil {
		return err
	}
	d.result("permission gained", bound.until(held.at))
	d.result("and by its pods", bound.until(runs.at))
	return nil
}

// gained says whether a report tells of the debug binding, by both rules of the baseline.
func gained(r *v1alpha1.DriftReport) bool {
	const words = "create pods/exec in namespace shop, through RoleBinding debug and Role debug"
	var checks []string
	for i := range r.Status.Findings {
		if f := &r.Status.Findings[i]; f.Origin == v1alpha1.OriginPermissions && f.Actual == words {
			checks = append(checks, f.Check)
		}
	}
	return slices.Equal(checks, []string{"permission-ceiling", "rbac-pod-exec"})
}

func (d *demo) explainPermissions(ctx context.Context, account, deployment *v1alpha1.DriftReport) error {
	d.say("There are reports on all that this touches: the role, the ServiceAccount, and the Deployment whose pods run as it.\n")
	if err := d.show(ctx, "get driftreports -A"); err != nil {
		return err
	}
	out, _, err := d.run(ctx, "get", "driftreport", account.Name, "-n", shop, "-o", "yaml")
	if err != nil {
		return err
	}
	_, status, _ := strings.Cut(out, "\nstatus:")
	d.output("[metadata and spec are not shown here]\nstatus:" + status)
	d.say("The Deployment has not changed, but what its pods may do has:\n")
	if _, err := d.kubectl(ctx, "get", "driftreport", deployment.Name, "-n", shop, "-o", messages); err != nil {
		return err
	}
	for _, kind := range []string{"ServiceAccount", "Deployment"} {
		if _, err := d.event(ctx, kind, shop, api, v1alpha1.EventDriftDetected, "GAINED"); err != nil {
			return err
		}
	}
	return d.show(ctx, "events -n shop --for serviceaccount/api", "events -n shop --for deployment/api")
}

// lose is act 7.
func (d *demo) lose(ctx context.Context) error {
	d.title("Act 7: the permission goes with its binding")
	unbound, err := d.kubectl(ctx, "-n", shop, "delete", "rolebinding/debug")
	if err != nil {
		return err
	}
	held, err := d.reported(ctx, "ServiceAccount", api, isResolved)
	if err != nil {
		return err
	}
	runs, err := d.reported(ctx, "Deployment", api, isResolved)
	if err != nil {
		return err
	}
	if _, err := d.event(ctx, "ServiceAccount", shop, api, v1alpha1.EventDriftResolved, "LOST"); err != nil {
		return err
	}
	d.say("Nobody holds it any more. The role that allows it is still there, and bound to nobody, which makes it less bad:\n")
	if err := d.show(ctx, "get driftreports -n shop", "events -n shop --for serviceaccount/api"); err != nil {
		return err
	}
	d.say("The history of the report says what the application could do, and from when to when:\n")
	if _, err := d.kubectl(ctx, "get", "driftreport", held.object.Name, "-n", shop, "-o", history); err != nil {
		return err
	}
	if _, err := d.kubectl(ctx, "-n", shop, "delete", "role/debug"); err != nil {
		return err
	}
	d.result("permission lost", unbound.until(held.at))
	d.result("and by its pods", unbound.until(runs.at))
	return nil
}

// declare applies a file beside this one, which holds a baseline, and waits until that has judged so many objects.
func (d *demo) declare(ctx context.Context, baseline string, objects int32) error {
	if _, err := d.kubectl(ctx, "apply", "-f", "hack/demo/"+baseline+".yaml"); err != nil {
		return err
	}
	if _, err := d.judged(ctx, baseline, objects); err != nil {
		return err
	}
	return d.show(ctx, "get securitybaseline "+baseline)
}

// reported waits for the report on an object of the shop to be as it should be.
func (d *demo) reported(ctx context.Context, kind, name string, is func(*v1alpha1.DriftReport) bool) (sighting[*v1alpha1.DriftReport], error) {
	return d.reports.first(ctx, "the DriftReport of "+kind+" "+name, func(r *v1alpha1.DriftReport) bool {
		return r.Namespace == shop && r.Spec.Target.Kind == kind && r.Spec.Target.Name == name && is(r)
	})
}

func isResolved(r *v1alpha1.DriftReport) bool { return r.Status.State == v1alpha1.StateResolved }

// event waits for an Event on an object whose note holds a text.
func (d *demo) event(ctx context.Context, kind, namespace, name, reason, text string) (sighting[*corev1.Event], error) {
	what := fmt.Sprintf("an Event %s on %s %s that says %q", reason, kind, name, text)
	return d.told.first(ctx, what, func(e *corev1.Event) bool {
		on := e.InvolvedObject
		return e.Reason == reason && on.Kind == kind && on.Namespace == namespace && on.Name == name && strings.Contains(e.Message, text)
	})
}
