package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	rangeMessage        = `min must not be greater than max`
	versionMessage      = `must be a version of Kubernetes such as v1.36, or latest`
	atLeastOneItem      = `should have at least 1 items`
	atLeastOneCharacter = `should be at least 1 chars long`
	pathMessage         = `must be a path from the root of the node, such as /var/log, without // and without . or .. in it`
	sysctlMessage       = `must be a kernel parameter as pods spell it, such as net.ipv4.tcp_rmem, with * for any run of characters`
	runtimeClassMessage = `must be the name of a RuntimeClass: lower case letters, digits, . and -, with * for any run of characters; or "" for none`
	registryMessage     = `must be the full name of images, with * for any run of characters and without scheme, tag and digest, ` +
		`such as registry.example.com/* or docker.io/library/nginx`
	resourceMessage = `must be a resource as pods spell it, such as memory, cpu, ephemeral-storage or example.com/gpu`
)

var refusedSecurityContexts = []refused{
	{
		name:  "a range of users upside down",
		is:    `{runAsUser: {ranges: [{min: 1, max: 2}, {min: 65535, max: 1000}]}}`,
		wants: []string{`spec.workloads.runAsUser.ranges[1]: Invalid value`, rangeMessage},
	},
	{
		name:  "a range of groups with a negative end",
		is:    `{fsGroup: {ranges: [{min: -1, max: 0}]}}`,
		wants: []string{`spec.workloads.fsGroup.ranges[0].min: Invalid value: -1`, `should be greater than or equal to 0`},
	},
	{
		name:  "a range of groups beyond what Kubernetes lets pods set",
		is:    `{supplementalGroups: {ranges: [{min: 0, max: 2147483648}]}}`,
		wants: []string{`spec.workloads.supplementalGroups.ranges[0].max: Invalid value: 2147483648`, `should be less than or equal to 2147483647`},
	},
	{
		name:  "a range without an end",
		is:    `{runAsGroup: {ranges: [{min: 1000}]}}`,
		wants: []string{`spec.workloads.runAsGroup.ranges[0].max: Required value`},
	},
	{
		name:  "a range without a beginning, which would let root in",
		is:    `{runAsUser: {ranges: [{max: 1000}]}}`,
		wants: []string{`spec.workloads.runAsUser.ranges[0].min: Required value`},
	},
	{
		name:  "users without ranges, so that nobody could run",
		is:    `{runAsUser: {ranges: []}}`,
		wants: []string{`spec.workloads.runAsUser.ranges`, atLeastOneItem},
	},
	{
		name:  "users without a list of ranges",
		is:    `{runAsUser: {}}`,
		wants: []string{`spec.workloads.runAsUser.ranges: Required value`},
	},
	{
		name:  "more ranges than a person reads",
		is:    `{runAsUser: {ranges: [` + strings.Repeat(`{min: 1, max: 2}, `, 33) + `]}}`,
		wants: []string{`spec.workloads.runAsUser.ranges: Too many: 33: must have at most 32 items`},
	},
	{
		name:  "a policy for supplemental groups that Kubernetes does not have",
		is:    `{supplementalGroupsPolicy: {allowed: [strict]}}`,
		wants: []string{`spec.workloads.supplementalGroupsPolicy.allowed[0]: Unsupported value: "strict": supported values: "Strict", "Merge"`},
	},
	{
		name:  "no policy for supplemental groups at all, though every pod has one",
		is:    `{supplementalGroupsPolicy: {allowed: []}}`,
		wants: []string{`spec.workloads.supplementalGroupsPolicy.allowed`, atLeastOneItem},
	},
	{
		name:  "an AppArmor profile as annotations spell it",
		is:    `{appArmorProfile: {allowed: [{type: runtime/default}]}}`,
		wants: []string{`spec.workloads.appArmorProfile.allowed[0].type: Unsupported value: "runtime/default": supported values: "RuntimeDefault", "Localhost", "Unconfined"`},
	},
	{
		name:  "a local AppArmor profile without its name",
		is:    `{appArmorProfile: {allowed: [{type: Localhost}]}}`,
		wants: []string{`spec.workloads.appArmorProfile.allowed[0]: Invalid value`, localhostMessage},
	},
	{
		name:  "the name of an AppArmor profile without the type that has one",
		is:    `{appArmorProfile: {allowed: [{type: RuntimeDefault, localhostProfile: k8s-nginx}]}}`,
		wants: []string{`spec.workloads.appArmorProfile.allowed[0]: Invalid value`, localhostMessage},
	},
	{
		name:  "an AppArmor profile that is required, without saying which",
		is:    `{appArmorProfile: {required: true}}`,
		wants: []string{`spec.workloads.appArmorProfile.allowed: Required value`},
	},
	{
		name:  "an AppArmor profile with an empty name",
		is:    `{appArmorProfile: {allowed: [{type: Localhost, localhostProfile: ""}]}}`,
		wants: []string{`spec.workloads.appArmorProfile.allowed[0].localhostProfile`, atLeastOneCharacter},
	},
	{
		name: "SELinux labels that declare nothing",
		is:   `{seLinux: {}}`,
		wants: []string{`spec.workloads.seLinux: Invalid value`,
			`must set allowedTypes, allowedUsers, allowedRoles or allowedLevels; an empty list allows none to be set`},
	},
	{
		name:  "an SELinux type that is empty, which passes anyway",
		is:    `{seLinux: {allowedTypes: [container_t, ""]}}`,
		wants: []string{`spec.workloads.seLinux.allowedTypes[1]`, atLeastOneCharacter},
	},
	{
		name:  "an SELinux level twice",
		is:    `{seLinux: {allowedLevels: ["s0:c1", "s0:c1"]}}`,
		wants: []string{`spec.workloads.seLinux.allowedLevels[1]: Duplicate value: "s0:c1"`},
	},
	{
		name:  "a view of /proc that Kubernetes does not have",
		is:    `{procMount: {allowed: [default]}}`,
		wants: []string{`spec.workloads.procMount.allowed[0]: Unsupported value: "default": supported values: "Default", "Unmasked"`},
	},
	{
		name:  "sysctls without a list, where an empty one forbids all",
		is:    `{sysctls: {}}`,
		wants: []string{`spec.workloads.sysctls.allowed: Required value`},
	},
	{
		name:  "a sysctl with its value",
		is:    `{sysctls: {allowed: ["net.core.somaxconn=1024"]}}`,
		wants: []string{`spec.workloads.sysctls.allowed[0]: Invalid value: "net.core.somaxconn=1024": ` + sysctlMessage},
	},
	{
		name:  "two sysctls in one",
		is:    `{sysctls: {allowed: ["kernel.shmall, kernel.shmmax"]}}`,
		wants: []string{`spec.workloads.sysctls.allowed[0]: Invalid value`, sysctlMessage},
	},
	{
		name:  "a sysctl twice",
		is:    `{sysctls: {allowed: [kernel.shm*, kernel.shm*]}}`,
		wants: []string{`spec.workloads.sysctls.allowed[1]: Duplicate value: "kernel.shm*"`},
	},
}

var refusedPods = []refused{
	{
		name:  "a level of the Pod Security Standards without a version",
		is:    `{podSecurityStandard: {level: restricted}}`,
		wants: []string{`spec.workloads.podSecurityStandard.version: Required value`},
	},
	{
		name:  "a version of the Pod Security Standards without a level",
		is:    `{podSecurityStandard: {version: latest}}`,
		wants: []string{`spec.workloads.podSecurityStandard.level: Required value`},
	},
	{
		name:  "the level that asks for nothing",
		is:    `{podSecurityStandard: {level: privileged, version: v1.36}}`,
		wants: []string{`spec.workloads.podSecurityStandard.level: Unsupported value: "privileged": supported values: "baseline", "restricted"`},
	},
	{
		name:  "a range of ports upside down",
		is:    `{hostPorts: {allowedRanges: [{min: 9000, max: 8000}]}}`,
		wants: []string{`spec.workloads.hostPorts.allowedRanges[0]: Invalid value`, rangeMessage},
	},
	{
		name:  "port 0, which means that there is none",
		is:    `{hostPorts: {allowedRanges: [{min: 0, max: 80}]}}`,
		wants: []string{`spec.workloads.hostPorts.allowedRanges[0].min: Invalid value: 0`, `should be greater than or equal to 1`},
	},
	{
		name:  "a port beyond the last",
		is:    `{hostPorts: {allowedRanges: [{min: 1, max: 65536}]}}`,
		wants: []string{`spec.workloads.hostPorts.allowedRanges[0].max: Invalid value: 65536`, `should be less than or equal to 65535`},
	},
	{
		name:  "ports without a list, where an empty one forbids all",
		is:    `{hostPorts: {}}`,
		wants: []string{`spec.workloads.hostPorts.allowedRanges: Required value`},
	},
	{
		name: "volumes that declare nothing",
		is:   `{volumes: {}}`,
		wants: []string{`spec.workloads.volumes: Invalid value`,
			`must set allowedTypes, allowedHostPaths or both; allowedHostPaths: [] allows no path of the node`},
	},
	{
		name:  "a type of volume in another spelling",
		is:    `{volumes: {allowedTypes: [configmap]}}`,
		wants: []string{`spec.workloads.volumes.allowedTypes[0]: Unsupported value: "configmap": supported values: `, `"configMap"`},
	},
	{
		name:  "a type of volume twice",
		is:    `{volumes: {allowedTypes: [secret, secret]}}`,
		wants: []string{`spec.workloads.volumes.allowedTypes[1]: Duplicate value: "secret"`},
	},
	{
		name:  "a path of the node without the path",
		is:    `{volumes: {allowedHostPaths: [{readOnly: true}]}}`,
		wants: []string{`spec.workloads.volumes.allowedHostPaths[0].pathPrefix: Required value`},
	},
	{
		name:  "a RuntimeClass in upper case",
		is:    `{runtimeClasses: {allowed: [gVisor]}}`,
		wants: []string{`spec.workloads.runtimeClasses.allowed[0]: Invalid value: "gVisor": ` + runtimeClassMessage},
	},
	{
		name:  "no RuntimeClass and not the default either, so that nothing could run",
		is:    `{runtimeClasses: {allowed: []}}`,
		wants: []string{`spec.workloads.runtimeClasses.allowed`, atLeastOneItem},
	},
	{
		name:  "images of which nothing is said",
		is:    `{images: {}}`,
		wants: []string{`spec.workloads.images: Invalid value`, `must set allowedRegistries, latestTag or digest`},
	},
	{
		name:  "no registry at all, so that nothing could run",
		is:    `{images: {allowedRegistries: []}}`,
		wants: []string{`spec.workloads.images.allowedRegistries`, atLeastOneItem},
	},
	{
		name:  "a tag that is required",
		is:    `{images: {latestTag: Required}}`,
		wants: []string{`spec.workloads.images.latestTag: Unsupported value: "Required": supported values: "Forbidden"`},
	},
	{
		name:  "resources of which nothing is said",
		is:    `{resources: {}}`,
		wants: []string{`spec.workloads.resources: Invalid value`, `must set limits, requests or both`},
	},
	{
		name:  "an empty list of resources to limit",
		is:    `{resources: {limits: []}}`,
		wants: []string{`spec.workloads.resources.limits`, atLeastOneItem},
	},
	{
		name:  "a resource with a quantity",
		is:    `{resources: {limits: ["memory: 1Gi"]}}`,
		wants: []string{`spec.workloads.resources.limits[0]: Invalid value: "memory: 1Gi": ` + resourceMessage},
	},
	{
		name:  "a resource of a domain in upper case",
		is:    `{resources: {requests: [Example.com/gpu]}}`,
		wants: []string{`spec.workloads.resources.requests[0]: Invalid value: "Example.com/gpu": ` + resourceMessage},
	},
	{
		name:  "a resource twice",
		is:    `{resources: {requests: [cpu, memory, cpu]}}`,
		wants: []string{`spec.workloads.resources.requests[2]: Duplicate value: "cpu"`},
	},
}

func TestARuleOnSecurityContextsIsRefused(t *testing.T) {
	expectRulesRefused(t, refusedSecurityContexts)
}

func TestARuleOnPodsIsRefused(t *testing.T) {
	expectRulesRefused(t, refusedPods)
}

// expectRulesRefused tries cases that hold only what stands under workloads.
func expectRulesRefused(t *testing.T, cases []refused) {
	c := newClient(t)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			expectRefused(t, c, baseline(t, "refused", "{workloads: "+tt.is+"}"), tt.wants)
		})
	}
}

func TestAVersionOfThePodSecurityStandardsIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"without the v":        `"1.36"`,
		"with a patch":         `v1.36.3`,
		"with a letter for it": `v1.x`,
		"with a leading zero":  `v1.036`,
		"without a minor":      `v1`,
		"of another major":     `v2.0`,
		"in upper case":        `Latest`,
		"with a blank":         `"v1.36 "`,
		"with a line break":    `"v1.36\n"`,
		"that is empty":        `""`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{workloads: {podSecurityStandard: {level: baseline, version: %s}}}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.workloads.podSecurityStandard.version: Invalid value: `, versionMessage})
		})
	}
}

func TestAPathOfTheNodeIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"that is relative":         `var/log`,
		"that climbs":              `/var/log/../lib`,
		"that climbs at its end":   `/var/..`,
		"that goes nowhere":        `/var/./log`,
		"with an empty step":       `/var//log`,
		"of Windows":               `C:\logs`,
		"that is empty":            `""`,
		"that begins with a blank": `" /var"`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{workloads: {volumes: {allowedHostPaths: [{pathPrefix: %s}]}}}", is)
			expectRefused(t, c, baseline(t, "refused", spec),
				[]string{`spec.workloads.volumes.allowedHostPaths[0].pathPrefix: Invalid value: `, pathMessage})
		})
	}
}

// No pod can set it, so that every container would drift.
func TestAResourceIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"in upper case": `Memory`, "in short": `mem`, "that only quotas know": `pods`, "that only claims know": `storage`, "of no size": `hugepages-`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{workloads: {resources: {limits: [%s]}}}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.workloads.resources.limits[0]: Invalid value: `, "must be a resource as pods spell it"})
		})
	}
}

// A pattern that no name of an image can match would let every image drift, and nobody would see why.
func TestARegistryIsRefused(t *testing.T) {
	c := newClient(t)
	for name, is := range map[string]string{
		"with a scheme":                  `"https://registry.example.com/*"`,
		"without what is in it":          `registry.example.com`,
		"with its port and nothing else": `"registry.example.com:5000"`,
		"with a tag":                     `"registry.example.com/app:1.2"`,
		"with any tag":                   `"registry.example.com/app:*"`,
		"with a digest":                  `"registry.example.com/app@sha256:*"`,
		"by a short name":                `nginx`,
		"by a name short of docker.io":   `"bitnami/*"`,
		"short of library":               `docker.io/nginx`,
		"by another name of Docker Hub":  `"index.docker.io/*"`,
		"that has no end":                `"registry.example.com*"`,
		"with a blank":                   `"registry.example.com/* "`,
		"that is empty":                  `""`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := fmt.Sprintf("{workloads: {images: {allowedRegistries: [%s]}}}", is)
			expectRefused(t, c, baseline(t, "refused", spec), []string{`spec.workloads.images.allowedRegistries[0]: Invalid value: `, registryMessage})
		})
	}
}
