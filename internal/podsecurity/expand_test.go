package podsecurity_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/podsecurity"
)

var newest = fmt.Sprintf("v1.%d", podsecurity.Newest)

// Whether each rule is the right one, test/conformance asks Pod Security admission.

func TestAVersionThatIsNotKnownIsRefusedWithThoseThatAre(t *testing.T) {
	next := fmt.Sprintf("v1.%d", podsecurity.Newest+1)
	for _, version := range []string{"", next, "v1.99999999999999999999", "v2.0", "v1.x", "v1", "v1.", "1.36", "v1.036", "v1.+1", "v1.-1", "v1.36.0", "Latest", "newest"} {
		_, err := podsecurity.Expand(v1alpha1.LevelBaseline, version)
		if err == nil {
			t.Errorf("%q: no error", version)
		} else if want := "v1.0 to " + newest + ", and latest"; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+version+`"`) {
			t.Errorf("%q: %q does not say %q", version, err, want)
		}
	}
}

func TestALevelThatIsNotKnownIsRefused(t *testing.T) {
	for _, level := range []v1alpha1.PodSecurityLevel{"", "privileged", "Restricted"} {
		if _, err := podsecurity.Expand(level, "v1.36"); err == nil || !strings.Contains(err.Error(), "baseline and restricted") {
			t.Errorf("%q: %v", level, err)
		}
	}
}

func TestEveryVersionFromTheFirstToTheNewestIsKnown(t *testing.T) {
	for _, version := range []string{"v1.0", "v1.9", "v1.10", newest, "latest"} {
		for _, level := range []v1alpha1.PodSecurityLevel{v1alpha1.LevelBaseline, v1alpha1.LevelRestricted} {
			if _, err := podsecurity.Expand(level, version); err != nil {
				t.Errorf("%s %s: %v", level, version, err)
			}
		}
	}
}

func TestLatestIsTheNewestVersion(t *testing.T) {
	if diff := cmp.Diff(expand(t, v1alpha1.LevelRestricted, newest), expand(t, v1alpha1.LevelRestricted, "latest")); diff != "" {
		t.Errorf("(-newest +latest):\n%s", diff)
	}
}

// An empty list allows nothing and an absent one judges nothing, and so it is with fields that are not set: what a level
// asks for must come through as what a baseline declares.
func TestWhatALevelAsksForIsWhatABaselineWouldDeclare(t *testing.T) {
	declared, err := json.Marshal(expand(t, v1alpha1.LevelBaseline, "v1.31").Workloads)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
		"privileged": "Forbidden", "hostPID": "Forbidden", "hostIPC": "Forbidden", "hostNetwork": "Forbidden", "hostProcess": "Forbidden",
		"capabilities": {"allowedAdd": ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
			"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]},
		"seccompProfile": {"allowed": [{"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "*"}]},
		"appArmorProfile": {"allowed": [{"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "*"}]},
		"seLinux": {"allowedTypes": ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"],
			"allowedUsers": [], "allowedRoles": []},
		"procMount": {"allowed": ["Default"]},
		"sysctls": {"allowed": ["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
			"net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
			"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"]},
		"hostPorts": {"allowedRanges": []},
		"volumes": {"allowedHostPaths": []}
	}`
	if diff := cmp.Diff(decoded(t, want), decoded(t, string(declared))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Restricted includes baseline. What it asks for itself may only be stricter, which is left to test/conformance.
func TestRestrictedAsksForAllThatBaselineAsksFor(t *testing.T) {
	baseline := reflect.ValueOf(expand(t, v1alpha1.LevelBaseline, "latest").Workloads)
	restricted := reflect.ValueOf(expand(t, v1alpha1.LevelRestricted, "latest").Workloads)
	for i := range baseline.NumField() {
		if !baseline.Field(i).IsZero() && restricted.Field(i).IsZero() {
			t.Errorf("%s is asked for by baseline alone", baseline.Type().Field(i).Name)
		}
	}
}

func TestWhatIsReturnedIsTheCallersToChange(t *testing.T) {
	for _, level := range []v1alpha1.PodSecurityLevel{v1alpha1.LevelBaseline, v1alpha1.LevelRestricted} {
		changed := expand(t, level, "latest").Workloads
		want := *changed.DeepCopy()
		for _, list := range [][]string{changed.Sysctls.Allowed, changed.SELinux.AllowedTypes} {
			list[0], list[len(list)-1] = "changed", "changed"
		}
		changed.Capabilities.AllowedAdd[0], changed.SeccompProfile.Allowed[0].Type = "changed", "changed"
		if diff := cmp.Diff(want, expand(t, level, "latest").Workloads); diff != "" {
			t.Errorf("%s (-before +after):\n%s", level, diff)
		}
	}
}

func expand(t *testing.T, level v1alpha1.PodSecurityLevel, version string) podsecurity.Rules {
	t.Helper()
	rules, err := podsecurity.Expand(level, version)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
