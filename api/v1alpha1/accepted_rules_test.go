package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/podsecurity"
)

func TestARuleIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, workloads := range map[string]string{
		"of the first version of a level":               `{podSecurityStandard: {level: baseline, version: v1.0}}`,
		"of a version to come":                          `{podSecurityStandard: {level: restricted, version: v1.100}}`,
		"of the newest version":                         `{podSecurityStandard: {level: restricted, version: latest}}`,
		"for one user, who is root":                     `{runAsUser: {ranges: [{min: 0, max: 0}]}}`,
		"for every user but root":                       `{runAsUser: {ranges: [{min: 1, max: 2147483647}]}}`,
		"for users in several ranges":                   `{runAsUser: {ranges: [{min: 1000, max: 1999}, {min: 65534, max: 65534}]}}`,
		"for either policy for groups":                  `{supplementalGroupsPolicy: {allowed: [Strict, Merge]}}`,
		"for AppArmor profiles that may be missing":     `{appArmorProfile: {allowed: [{type: RuntimeDefault}], required: false}}`,
		"for every AppArmor profile":                    `{appArmorProfile: {allowed: [{type: RuntimeDefault}, {type: Localhost, localhostProfile: "*"}, {type: Unconfined}]}}`,
		"for the SELinux types of the standards":        `{seLinux: {allowedTypes: [container_t, container_init_t, container_kvm_t, container_engine_t]}}`,
		"for an SELinux level with categories":          `{seLinux: {allowedLevels: ["s0:c123,c456", "s0-s0:c0.c1023"]}}`,
		"for no SELinux user and no SELinux role":       `{seLinux: {allowedUsers: [], allowedRoles: []}}`,
		"for all of /proc":                              `{procMount: {allowed: [Default, Unmasked]}}`,
		"for no sysctl":                                 `{sysctls: {allowed: []}}`,
		"for sysctls in either spelling and by pattern": `{sysctls: {allowed: [net.ipv4.tcp_rmem, net/ipv4/tcp_wmem, "kernel.shm*", net.ipv4.conf.eth0-1/100.rp_filter]}}`,
		"for no port of the node":                       `{hostPorts: {allowedRanges: []}}`,
		"for ports of the node":                         `{hostPorts: {allowedRanges: [{min: 1, max: 65535}, {min: 53, max: 53}]}}`,
		"for no type of volume":                         `{volumes: {allowedTypes: []}}`,
		"for no path of the node":                       `{volumes: {allowedHostPaths: []}}`,
		"for paths of the node": `{volumes: {allowedHostPaths: [{pathPrefix: /}, {pathPrefix: /var/log/, readOnly: true},
			{pathPrefix: /..data}, {pathPrefix: "/srv/with blank"}, {pathPrefix: /dev/..., readOnly: false}]}}`,
		"for the default RuntimeClass and others": `{runtimeClasses: {allowed: ["", gvisor, "kata-*", runc.v2]}}`,
		"for images from anywhere":                `{images: {allowedRegistries: ["*"]}}`,
		"for images from registries": `{images: {allowedRegistries: ["registry.example.com/*", "docker.io/library/nginx", "*.example.com/shop/*",
			"registry.example.com:5000/*", "localhost:*/app", "[2001:db8::1]:5000/*", "123456789012.dkr.ecr.*.amazonaws.com/*", "Registry.example.com/a__b/c--d"]}}`,
		"for digests alone":            `{images: {digest: Required}}`,
		"for resources of every sort":  `{resources: {limits: [cpu, memory, ephemeral-storage, hugepages-2Mi, example.com/gpu], requests: [cpu]}}`,
		"with every list of its bound": `{runAsUser: {ranges: [` + strings.Repeat(`{min: 1, max: 2}, `, 32) + `]}, sysctls: {allowed: [` + numbered("a%d", 128) + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", "{workloads: "+workloads+"}"), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatALevelAsksForCanBeDeclaredByHand(t *testing.T) {
	c := newClient(t)
	for _, level := range []v1alpha1.PodSecurityLevel{v1alpha1.LevelBaseline, v1alpha1.LevelRestricted} {
		for minor := range podsecurity.Newest + 1 {
			rules, err := podsecurity.Expand(level, fmt.Sprintf("v1.%d", minor))
			if err != nil {
				t.Fatal(err)
			}
			// Any user but 0, also those that no API server lets a pod have.
			rules.RunAsUser = v1alpha1.IDRanges{}
			sent := &v1alpha1.SecurityBaseline{
				ObjectMeta: metav1.ObjectMeta{Name: "by-hand"}, Spec: v1alpha1.SecurityBaselineSpec{Workloads: rules.Workloads},
			}
			if err := c.Create(t.Context(), sent, client.DryRunAll); err != nil {
				t.Errorf("%s v1.%d: %v", level, minor, err)
			}
		}
	}
}

func TestASeverityASwitchOrAnExceptionIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, spec := range map[string]string{
		"none of each":                    `{severities: [], disabledChecks: [], exceptions: []}`,
		"a check of a level switched off": `{workloads: {podSecurityStandard: {level: baseline, version: latest}}, disabledChecks: [host-port]}`,
		"a severity of a check":           `{severities: [{check: host-port, severity: Low}, {check: host-pid, severity: Critical}]}`,
		"an end that is required":         `{exceptionPolicy: {requireExpiry: true}}`,
		"the shortest and the least":      `{exceptions: [{name: e, reason: r, checks: [privileged]}]}`,
		"an exception for all namespaces": `{exceptions: [{name: e, reason: r, checks: [privileged], targets: [{namespaces: ["*"]}]}]}`,
		"an exception for a custom kind":  `{exceptions: [{name: e, reason: r, checks: [privileged], targets: [{kinds: [Rollout, "Kafka*"], names: ["a.b*"]}]}]}`,
		"an exception by image alone":     `{exceptions: [{name: e, reason: r, checks: [privileged], containers: [{image: "registry.example.com/cfos@sha256:*"}]}]}`,
		"an exception for any value":      `{exceptions: [{name: e, reason: r, checks: [seccomp-profile], values: ["Localhost/profiles/a b.json", "*"]}]}`,
		"an end in another zone":          `{exceptions: [{name: e, reason: r, checks: [privileged], expires: "2027-01-31T00:00:00+01:00"}]}`,
		"the last end there is":           `{exceptions: [{name: e, reason: r, checks: [privileged], expires: "9999-12-31T23:59:59Z"}]}`,
		"an end that has passed":          `{exceptions: [{name: e, reason: r, checks: [privileged], expires: "2001-01-31T00:00:00Z"}]}`,
		"as many exceptions as there may be": `{exceptions: [` + numbered(`{name: e-%d, reason: r, checks: [privileged],
			targets: [{namespaces: [shop], kinds: [Deployment], names: [api]}], containers: [{name: app, image: "registry.example.com/app:*"}]}`, 128) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMaxDurationMeansWhatGoTakesItFor(t *testing.T) {
	c := newClient(t)
	for is, want := range map[string]time.Duration{
		"1s": time.Second, "2160h": 90 * 24 * time.Hour, "720h30m": 720*time.Hour + 30*time.Minute,
		"87600h": 3650 * 24 * time.Hour, "5256000m": 3650 * 24 * time.Hour, "315360000s": 3650 * 24 * time.Hour,
	} {
		t.Run(is, func(t *testing.T) {
			obj := baseline(t, "max-duration", "{exceptionPolicy: {maxDuration: "+is+"}}")
			create(t, c, obj)
			var got v1alpha1.SecurityBaseline
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), &got); err != nil {
				t.Fatal(err)
			}
			if got.Spec.ExceptionPolicy.MaxDuration.Duration != want {
				t.Errorf("got %v, want %v", got.Spec.ExceptionPolicy.MaxDuration.Duration, want)
			}
		})
	}
}

// An empty list allows nothing; an absent one judges nothing. Go clients must not lose the difference.
func TestEveryEmptyListThatMeansNoneArrives(t *testing.T) {
	for name, workloads := range map[string]v1alpha1.Workloads{
		"no sysctl":                 {Sysctls: v1alpha1.Sysctls{Allowed: []string{}}},
		"no port of the node":       {HostPorts: v1alpha1.HostPorts{AllowedRanges: []v1alpha1.PortRange{}}},
		"no path of the node":       {Volumes: v1alpha1.Volumes{AllowedHostPaths: []v1alpha1.HostPath{}}},
		"no type of volume":         {Volumes: v1alpha1.Volumes{AllowedTypes: []v1alpha1.VolumeType{}}},
		"no SELinux type":           {SELinux: v1alpha1.SELinuxLabels{AllowedTypes: []string{}}},
		"no SELinux user":           {SELinux: v1alpha1.SELinuxLabels{AllowedUsers: []string{}}},
		"no SELinux role, no level": {SELinux: v1alpha1.SELinuxLabels{AllowedRoles: []string{}, AllowedLevels: []string{}}},
		"root and nobody else":      {RunAsUser: v1alpha1.IDRanges{Ranges: []v1alpha1.IDRange{{Min: 0, Max: 0}}}},
		"no RuntimeClass":           {RuntimeClasses: v1alpha1.RuntimeClasses{Allowed: []string{""}}},
	} {
		t.Run(name, func(t *testing.T) { expectWhole(t, v1alpha1.SecurityBaselineSpec{Workloads: workloads}) })
	}
}

func TestAnExceptionArrivesWhole(t *testing.T) {
	expires := metav1.Date(2027, time.January, 31, 0, 0, 0, 0, time.UTC)
	expires.Time = expires.Local()
	expectWhole(t, v1alpha1.SecurityBaselineSpec{
		Workloads:       v1alpha1.Workloads{PodSecurityStandard: v1alpha1.PodSecurityStandard{Level: v1alpha1.LevelRestricted, Version: "v1.36"}},
		Severities:      []v1alpha1.SeverityOverride{{Check: "added-capability", Severity: v1alpha1.SeverityCritical}},
		DisabledChecks:  []v1alpha1.CheckID{"host-port"},
		ExceptionPolicy: v1alpha1.ExceptionPolicy{MaxDuration: &metav1.Duration{Duration: 2160 * time.Hour}, RequireExpiry: true},
		Exceptions: []v1alpha1.Exception{{
			Name: "cfos-firewall", Reason: "container firewall needs raw sockets", Ticket: "SEC-1234", Owner: "network-team",
			Expires: &expires, Checks: []v1alpha1.CheckID{"added-capability", "run-as-user"},
			Targets:    []v1alpha1.ExceptionTarget{{Namespaces: []string{"cfostest"}, Kinds: []string{"Deployment"}, Names: []string{"cfos*"}}},
			Containers: []v1alpha1.ExceptionContainer{{Name: "cfos*", Image: "registry.example.com/cfos:*"}},
			Values:     []string{"NET_RAW"},
		}},
	})
}

// expectWhole sends the spec and expects it back as it is.
func expectWhole(t *testing.T, spec v1alpha1.SecurityBaselineSpec) {
	t.Helper()
	c := newClient(t)
	sent := &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "whole"}, Spec: spec}
	create(t, c, sent)
	var got v1alpha1.SecurityBaseline
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(sent), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(spec, got.Spec); diff != "" {
		t.Errorf("spec (-sent +got):\n%s", diff)
	}
}
