package snapshot_test

import (
	"path/filepath"
	"strings"
	"testing"

	"plumbline.dev/plumbline/hack/controlplane"
)

// asReader returns the kubeconfig of somebody who may list a few kinds of one namespace.
func asReader(t *testing.T) string {
	t.Helper()
	onServer(t)
	config, err := started.ServiceAccountConfig(t.Context(), "odd", "reader")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(path, config); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAKindThatMayNotBeListedIsAnError(t *testing.T) {
	text, _, err := take(t, "--kubeconfig", asReader(t), "--namespace", "odd")
	if err == nil || text != "" {
		t.Fatalf("got error %v, and %s", err, text)
	}
	for _, kind := range []string{"roles.rbac.authorization.k8s.io in namespace odd", "networkpolicies.networking.k8s.io in namespace odd", "--skip-unreadable"} {
		if !strings.Contains(err.Error(), kind) {
			t.Errorf("it does not say %s: %v", kind, err)
		}
	}
	if strings.Contains(err.Error(), "deployments") {
		t.Errorf("what may be listed is named: %v", err)
	}
}

func TestAKindThatMayNotBeListedCanBeSkipped(t *testing.T) {
	text, _, err := take(t, "--kubeconfig", asReader(t), "--namespace", "odd", "--skip-unreadable")
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"# - Roles: whoever made the snapshot may not list roles.rbac.authorization.k8s.io in namespace odd.", "kind: StatefulSet\n",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("it does not say %q:\n%s", said, text)
		}
	}
	for _, unread := range []string{"kind: Role\n", "- Role\n", "- Namespace\n", "- NetworkPolicy\n"} {
		if strings.Contains(text, unread) {
			t.Errorf("it says %q:\n%s", unread, text)
		}
	}
	accepted(t, baselines(t, text))
}

// A kind that the API server does not serve is nothing that could not be read: there is nothing of it.
func TestAnOlderClusterIsWrittenDownWithoutTheKindsThatItDoesNotServe(t *testing.T) {
	older, err := controlplane.Start(t.Context(), controlplane.Options{APIServerFlags: []string{"--emulated-version=1.35"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := older.Stop(); err != nil {
			t.Error(err)
		}
	})
	text, _, err := take(t, "--kubeconfig", older.Kubeconfig(), "--all-namespaces")
	if err != nil {
		t.Fatal(err)
	}
	const unserved = "# - MutatingAdmissionPolicies: the cluster does not serve them in admissionregistration.k8s.io/v1."
	if !strings.Contains(text, unserved) {
		t.Errorf("it does not say %q:\n%s", unserved, text)
	}
	for kind, closed := range map[string]bool{"MutatingAdmissionPolicy": false, "MutatingAdmissionPolicyBinding": false, "ValidatingAdmissionPolicy": true} {
		if strings.Contains(text, "    - "+kind+"\n") != closed {
			t.Errorf("the list of %s is closed: %t\n%s", kind, !closed, text)
		}
	}
	accepted(t, baselines(t, text))
}

func TestTheSameClusterIsWrittenTheSame(t *testing.T) {
	first, _, err := take(t, "--all-namespaces")
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := take(t, "--all-namespaces")
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("got\n%s\nand\n%s", first, second)
	}
}

func TestANamespaceThatIsNotThereIsAnError(t *testing.T) {
	for _, name := range []string{"nowhere", "nowhere-*"} {
		text, _, err := take(t, "--namespace", "odd", "--namespace", name)
		if err == nil || !strings.Contains(err.Error(), name) || text != "" {
			t.Errorf("got error %v, and %s", err, text)
		}
	}
}
