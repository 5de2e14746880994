package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

const (
	namespace  = "cfostest"
	deployment = "firewall"
	capability = "NET_ADMIN"

	field      = "/spec/template/spec/containers/0/securityContext/capabilities/add"
	driftPatch = `[{"op": "add", "path": "` + field + `/-", "value": "` + capability + `"}]`
	fixPatch   = `[{"op": "remove", "path": "` + field + `/1"}]`
)

// compliant is act 1.
func (d *demo) compliant(ctx context.Context) error {
	d.title("Act 1: what keeps to its baseline has no report")
	d.say("Two baselines are declared, and a workload for each: api in namespace shop, and a firewall in namespace\n"+
		"%s, which runs as root and may add the capability NET_RAW, but nothing more.\n", namespace)
	applied, err := d.kubectl(ctx, "apply", "-k", "config/samples")
	if err != nil {
		return err
	}
	var last time.Time
	for _, baseline := range []string{"production", namespace} {
		judged, err := d.judged(ctx, baseline, 1)
		if err != nil {
			return err
		}
		last = slices.MaxFunc([]time.Time{last, judged.at}, time.Time.Compare)
	}
	if err := errors.Join(d.rolledOut(ctx, "shop", "api"), d.rolledOut(ctx, namespace, deployment)); err != nil {
		return err
	}
	if err := d.show(ctx, "get deployments -A", "get securitybaselines", "get driftreports -A"); err != nil {
		return err
	}
	targets, err := d.targets(ctx)
	if err != nil || len(targets) > 0 {
		return errors.Join(fmt.Errorf("want no report, there are: %s", strings.Join(targets, ", ")), err)
	}
	d.say("Both Deployments were judged: each baseline says so under OBJECTS. Nothing has drifted, so there is no report.")
	d.result("judged", applied.until(last))
	return nil
}

// drift is act 2.
func (d *demo) drift(ctx context.Context) error {
	d.title("Act 2: drift is found")
	d.say("Somebody needs the firewall to do more, in a hurry, and gives it the capability %s by hand:\n", capability)
	var err error
	if d.patched, err = d.patch(ctx, driftPatch, true); err != nil {
		return err
	}
	d.found, err = d.reports.first(ctx, "a DriftReport on Deployment "+deployment, func(r *v1alpha1.DriftReport) bool {
		return onFirewall(r) && r.Status.State == v1alpha1.StateDrifted
	})
	if err != nil {
		return err
	}
	d.say("There is a report: %s.", d.found.object.Name)
	d.result("drift reported", d.patched.until(d.found.at))
	return nil
}

// report is act 3.
func (d *demo) report(ctx context.Context) error {
	d.title("Act 3: what has drifted, since when, and who did it")
	if err := d.show(ctx, "get driftreports -A"); err != nil {
		return err
	}
	out, _, err := d.run(ctx, "get", "driftreport", d.found.object.Name, "-n", namespace, "-o", "yaml")
	if err != nil {
		return err
	}
	_, status, _ := strings.Cut(out, "\nstatus:")
	d.output("[metadata and spec are not shown here]\nstatus:" + status)
	if err := d.explain(); err != nil {
		return err
	}
	return d.onlyOnTheDeployment(ctx)
}

// explain says the report in short sentences.
func (d *demo) explain() error {
	status := d.found.object.Status
	if len(status.Findings) != 1 || status.FirstDetected == nil {
		return fmt.Errorf("want one finding and the time it was detected, the report has: %+v", status)
	}
	f := status.Findings[0]
	if f.Value != capability || f.Expected == "" || f.Remediation == "" || f.LastChange == nil || f.LastChange.Manager != "kubectl-patch" {
		return fmt.Errorf("want %s changed by kubectl-patch, the finding is: %+v", capability, f)
	}
	d.say("What:     %s", f.Message)
	d.say("Expected: %s", f.Expected)
	d.say("Since:    %s", status.FirstDetected.UTC().Format(time.RFC3339))
	d.say("By:       %s, confidence %s", f.LastChange.Manager, f.LastChange.Confidence)
	d.say("To do:    %s", f.Remediation)
	d.say("\nThe report was written in one piece: all of this was there when it was first seen.")
	d.result("what, when, who", d.patched.until(d.found.at))
	return nil
}

// onlyOnTheDeployment shows that what a Deployment makes has no reports of its own.
func (d *demo) onlyOnTheDeployment(ctx context.Context) error {
	d.say("\nThe Deployment has rolled the change out. Its ReplicaSets and pods say the same as it does:\n")
	if err := d.rolledOut(ctx, namespace, deployment); err != nil {
		return err
	}
	if err := d.show(ctx, "get deployments,replicasets,pods -n "+namespace); err != nil {
		return err
	}
	var replicaSets appsv1.ReplicaSetList
	if err := d.client.List(ctx, &replicaSets, client.InNamespace(namespace)); err != nil {
		return err
	}
	if len(replicaSets.Items) != 2 {
		return fmt.Errorf("want the ReplicaSets of both revisions, there are %d", len(replicaSets.Items))
	}
	targets, err := d.targets(ctx)
	if want := []string{"Deployment " + namespace + "/" + deployment}; err != nil || !slices.Equal(targets, want) {
		return errors.Join(fmt.Errorf("want one report, on %s, there are: %s", want[0], strings.Join(targets, ", ")), err)
	}
	d.say("There is one report, on the Deployment, and none on its ReplicaSets and pods.")
	return nil
}

// events is act 4.
func (d *demo) events(ctx context.Context) error {
	d.title("Act 4: the Deployment itself says so")
	seen, err := d.event(ctx, "Deployment", namespace, deployment, v1alpha1.EventDriftDetected, capability)
	if err != nil {
		return err
	}
	if err := d.show(ctx, "events -n "+namespace+" --for deployment/"+deployment); err != nil {
		return err
	}
	d.result("Event DriftDetected", d.patched.until(seen.at))
	return nil
}

// fix is act 5.
func (d *demo) fix(ctx context.Context) error {
	d.title("Act 5: the fix")
	fixed, err := d.patch(ctx, fixPatch, false)
	if err != nil {
		return err
	}
	resolved, err := d.reports.first(ctx, "the resolved DriftReport", func(r *v1alpha1.DriftReport) bool {
		return onFirewall(r) && r.Status.State == v1alpha1.StateResolved && r.Status.ResolvedAt != nil
	})
	if err != nil {
		return err
	}
	told, err := d.event(ctx, "Deployment", namespace, deployment, v1alpha1.EventDriftResolved, capability)
	if err != nil {
		return err
	}
	if err := d.compliantAgain(ctx, namespace); err != nil {
		return err
	}
	err = d.show(ctx, "get driftreports -A", "events -n "+namespace+" --for deployment/"+deployment, "get securitybaselines")
	if err != nil {
		return err
	}
	d.say("The report stays for a day, so that nobody has to wonder what happened.")
	d.result("report resolved", fixed.until(resolved.at))
	d.result("Event DriftResolved", fixed.until(told.at))
	return nil
}

// patched is a change of the firewall: the command that made it, and when a watch saw it on the Deployment.
type patched struct {
	ran
	seen time.Time
}

// until says how long after the change something was seen.
func (p patched) until(seen time.Time) string {
	return fmt.Sprintf("%s after the Deployment changed (%s)", seconds(max(0, seen.Sub(p.seen))), p.ran.until(seen))
}

// patch changes the firewall so that it has the capability, or has it no more.
func (d *demo) patch(ctx context.Context, patch string, has bool) (patched, error) {
	before, err := d.generation(ctx)
	if err != nil {
		return patched{}, err
	}
	ran, err := d.kubectl(ctx, "-n", namespace, "patch", "deployment", deployment, "--type=json", "-p", patch)
	if err != nil {
		return patched{}, err
	}
	changed, err := d.workloads.first(ctx, "the patched Deployment", func(w *appsv1.Deployment) bool {
		if w.Namespace != namespace || w.Name != deployment || w.Generation <= before {
			return false
		}
		return slices.Contains(w.Spec.Template.Spec.Containers[0].SecurityContext.Capabilities.Add, capability) == has
	})
	return patched{ran, changed.at}, err
}

func (d *demo) generation(ctx context.Context) (int64, error) {
	var firewall appsv1.Deployment
	err := d.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: deployment}, &firewall)
	return firewall.Generation, err
}

// show runs commands that only read.
func (d *demo) show(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		if _, err := d.kubectl(ctx, strings.Fields(command)...); err != nil {
			return err
		}
	}
	return nil
}

func onFirewall(r *v1alpha1.DriftReport) bool {
	target := r.Spec.Target
	return target.Kind == "Deployment" && target.Namespace == namespace && target.Name == deployment
}

// result tells when something was seen, and keeps it for the end.
func (d *demo) result(name, when string) {
	d.measured("%s: %s", name, when)
	d.results = append(d.results, fmt.Sprintf("%-20s %s", name, when))
}

// summary tells everything that was measured.
func (d *demo) summary() {
	d.title("What was measured")
	for _, line := range d.results {
		d.say("%s", line)
	}
}
