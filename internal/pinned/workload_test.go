package pinned_test

import (
	"fmt"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

// deployment is a Deployment with a pod spec, in YAML.
func deployment(pod string) string {
	return fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: api}, "+
		"spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: %s}}}", pod)
}

func podOf(spec string) string {
	return "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: api}, spec: " + spec + "}"
}

// app is a pod spec with a container that has these fields.
func app(fields string) string { return "{containers: [{name: app, image: nginx, " + fields + "}]}" }

func security(fields string) string { return app("securityContext: {" + fields + "}") }

const (
	inPod    = "spec.template.spec."
	inApp    = inPod + "containers[app]."
	ofApp    = inApp + "securityContext."
	onlyAnon = "{containers: [{name: app, image: nginx}]}"
)

func TestAWorkloadSpelledDifferentlyIsAsDeclared(t *testing.T) {
	for name, each := range map[string][2]string{
		"defaults that are written out": {onlyAnon, "{dnsPolicy: ClusterFirst, restartPolicy: Always, hostPID: false, hostUsers: true, " +
			"shareProcessNamespace: false, serviceAccountName: default, serviceAccount: default, securityContext: {}, os: {name: linux}, " +
			"containers: [{name: app, image: 'docker.io/library/nginx:latest', imagePullPolicy: Always, resources: {}, " +
			"securityContext: {privileged: false, allowPrivilegeEscalation: true, readOnlyRootFilesystem: false, procMount: Default}}]}"},
		"capabilities in another order and case": {
			security("capabilities: {add: [NET_RAW, SYS_TIME], drop: [ALL]}"),
			security("capabilities: {add: [CAP_sys_time, NET_RAW, NET_RAW], drop: [all, NET_ADMIN]}")},
		"containers in another order": {
			"{containers: [{name: a, image: a}, {name: b, image: b}]}", "{containers: [{name: b, image: b}, {name: a, image: a}]}"},
		"volumes in another order, one without a type": {
			"{containers: [], volumes: [{name: a}, {name: b, hostPath: {path: /var//log/}}]}",
			"{containers: [], volumes: [{name: b, hostPath: {path: /var/log, type: ''}}, {name: a, emptyDir: {}}]}"},
		"quantities": {
			app("resources: {limits: {memory: 1Gi, cpu: '1'}, requests: {cpu: 0.5}}"),
			app("resources: {limits: {memory: 1073741824, cpu: 1000m}, requests: {cpu: 500m}}")},
		"another tag beside the same digest": {
			strings.Replace(onlyAnon, "nginx", "nginx:1@sha256:"+strings.Repeat("a", 64), 1),
			strings.Replace(onlyAnon, "nginx", "nginx@sha256:"+strings.Repeat("a", 64), 1)},
		"what the pod sets, set by the container": {
			"{securityContext: {runAsNonRoot: true, runAsUser: 7, seccompProfile: {type: RuntimeDefault}}, containers: [{name: app, image: a}]}",
			"{securityContext: {runAsNonRoot: true, runAsUser: 7, seccompProfile: {type: RuntimeDefault}}, containers: [{name: app, image: a, " +
				"securityContext: {runAsNonRoot: true, runAsUser: 7, seccompProfile: {type: RuntimeDefault}}}]}"},
		"sysctls with slashes": {
			"{containers: [], securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]}}",
			"{containers: [], securityContext: {sysctls: [{name: net/ipv4/tcp_syncookies, value: '1'}]}}"},
		"ports on the network of the node": {
			"{hostNetwork: true, containers: [{name: app, image: a, ports: [{containerPort: 80}]}]}",
			"{hostNetwork: true, containers: [{name: app, image: a, ports: [{containerPort: 80, hostPort: 80, protocol: TCP}]}]}"},
		"what nobody judges": {onlyAnon, "{nodeName: node-1, tolerations: [{operator: Exists}], containers: [{name: app, image: nginx, " +
			"command: [sh], env: [{name: A, value: b}], ports: [{containerPort: 80, name: http}], volumeMounts: [{name: x, mountPath: /x}]}]}"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, []story{
				{name: "exactly", declared: deployment(each[0]), live: deployment(each[1])},
				{name: "the other way round", declared: deployment(each[1]), live: deployment(each[0])},
				{name: "contained", match: pinned.Contains, declared: deployment(each[0]), live: deployment(each[1])},
			})
		})
	}
}

// pair is what becomes of a pod spec. back is found where live becomes what was declared.
type pair struct {
	declared, live string
	want, back     []string
}

func TestAChangedWorkloadIsDifferent(t *testing.T) {
	for name, p := range map[string]pair{
		"network of the node": {onlyAnon, "{hostNetwork: true, containers: [{name: app, image: nginx, ports: [{containerPort: 80}]}]}",
			[]string{inPod + "hostNetwork: true"}, []string{"~" + inPod + "hostNetwork: false"}},
		"processes of the node":       single("hostPID: true", "hostPID: true"),
		"IPC of the node":             single("hostIPC: true", "hostIPC: true"),
		"a user namespace":            {with("hostUsers: false"), onlyAnon, found("hostUsers: true"), tighter("hostUsers: false")},
		"shared processes":            single("shareProcessNamespace: true", "shareProcessNamespace: true"),
		"another ServiceAccount":      either("serviceAccountName: admin", "serviceAccountName: admin", "serviceAccountName: default"),
		"a runtime class":             either("runtimeClassName: kata", "runtimeClassName: RuntimeClass kata", "runtimeClassName: unset"),
		"a token that was refused":    {with("automountServiceAccountToken: false"), onlyAnon, found("automountServiceAccountToken: unset, which leaves it to the ServiceAccount"), tighter("automountServiceAccountToken: false")},
		"a token that is asked for":   {onlyAnon, with("automountServiceAccountToken: true"), found("automountServiceAccountToken: true"), tighter("automountServiceAccountToken: unset, which leaves it to the ServiceAccount")},
		"root":                        {with("securityContext: {runAsUser: 1000}"), with("securityContext: {runAsUser: 0}"), found("securityContext.runAsUser: 0"), tighter("securityContext.runAsUser: 1000")},
		"another user":                {with("securityContext: {runAsUser: 1000}"), with("securityContext: {runAsUser: 1001}"), found("securityContext.runAsUser: 1001"), found("securityContext.runAsUser: 1000")},
		"groups":                      single("securityContext: {supplementalGroups: [5]}", "securityContext.supplementalGroups: 5"),
		"a group of files":            {onlyAnon, with("securityContext: {fsGroup: 5}"), found("securityContext.fsGroup: 5"), tighter("securityContext.fsGroup: missing")},
		"a sysctl":                    single("securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '0'}]}", "securityContext.sysctls: kernel.shm_rmid_forced"),
		"groups of the image":         {with("securityContext: {supplementalGroupsPolicy: Strict}"), onlyAnon, found("securityContext.supplementalGroupsPolicy: Merge"), tighter("securityContext.supplementalGroupsPolicy: Strict")},
		"no seccomp":                  {with("securityContext: {seccompProfile: {type: RuntimeDefault}}"), onlyAnon, found("securityContext.seccompProfile: unset"), tighter("securityContext.seccompProfile: RuntimeDefault")},
		"a profile of the node":       {with("securityContext: {seccompProfile: {type: Localhost, localhostProfile: a}}"), with("securityContext: {seccompProfile: {type: RuntimeDefault}}"), found("securityContext.seccompProfile: RuntimeDefault"), found("securityContext.seccompProfile: Localhost/a")},
		"an SELinux type":             either("securityContext: {seLinuxOptions: {type: spc_t}}", "securityContext.seLinuxOptions.type: spc_t", "securityContext.seLinuxOptions.type: unset"),
		"a process of the node":       single("securityContext: {windowsOptions: {hostProcess: true}}", "securityContext.windowsOptions.hostProcess: true"),
		"a container":                 {onlyAnon, "{containers: [{name: app, image: nginx}, {name: debug, image: busybox, securityContext: {privileged: true}}]}", found("containers[debug]: container debug"), found("containers[debug]: missing")},
		"a volume":                    {onlyAnon, "{volumes: [{name: root, hostPath: {path: /}}], containers: [{name: app, image: nginx, volumeMounts: [{name: root, mountPath: /host}]}]}", found("volumes[root]: hostPath"), tighter("volumes[root]: missing")},
		"a volume of another type":    {with("volumes: [{name: a}]"), with("volumes: [{name: a, hostPath: {path: /}}]"), found("volumes[a]: hostPath"), found("volumes[a]: emptyDir")},
		"a path nearer to the root":   {with("volumes: [{name: a, hostPath: {path: /var/log}}]"), with("volumes: [{name: a, hostPath: {path: /var}}]"), found("volumes[a].hostPath.path: /var"), tighter("volumes[a].hostPath.path: /var/log")},
		"a path beside":               {with("volumes: [{name: a, hostPath: {path: /var/log}}]"), with("volumes: [{name: a, hostPath: {path: /var/logs}}]"), found("volumes[a].hostPath.path: /var/logs"), found("volumes[a].hostPath.path: /var/log")},
		"what is below /proc":         {with("volumes: [{name: a, hostPath: {path: /}}]"), with("volumes: [{name: a, hostPath: {path: /proc/1/root}}]"), found("volumes[a].hostPath.path: /proc/1/root"), found("volumes[a].hostPath.path: /")},
		"an image volume":             {with("volumes: [{name: a, image: {reference: tools}}]"), with("volumes: [{name: a, image: {reference: 'tools:2'}}]"), found("volumes[a].image.reference: tools:2"), found("volumes[a].image.reference: tools")},
		"memory for all containers":   {with("resources: {limits: {memory: 1Gi}}"), with("resources: {limits: {memory: 2Gi}}"), found("resources.limits.memory: 2147483648"), tighter("resources.limits.memory: 1073741824")},
		"another operating system":    either("os: {name: windows}", "os.name: windows", "os.name: linux"),
		"an init container of a name": {onlyAnon, "{initContainers: [{name: app, image: nginx}], containers: [{name: app, image: nginx}]}", found("initContainers[app]: container app"), found("initContainers[app]: missing")},
	} {
		t.Run(name, p.run)
	}
}

func TestAChangedContainerIsDifferent(t *testing.T) {
	c := "containers[app]."
	sc := c + "securityContext."
	mount := func(fields string) string {
		return "{volumes: [{name: a, hostPath: {path: /var/log}}], containers: [{name: app, image: nginx, volumeMounts: [{name: a, mountPath: /log" + fields + "}]}]}"
	}
	for name, p := range map[string]pair{
		"privileged":                    {onlyAnon, security("privileged: true"), found(sc + "privileged: true"), tighter(sc + "privileged: false")},
		"privilege escalation":          {security("allowPrivilegeEscalation: false"), onlyAnon, found(sc + "allowPrivilegeEscalation: true"), tighter(sc + "allowPrivilegeEscalation: false")},
		"a writable root":               {security("readOnlyRootFilesystem: true"), onlyAnon, found(sc + "readOnlyRootFilesystem: false"), tighter(sc + "readOnlyRootFilesystem: true")},
		"an unmasked /proc":             {onlyAnon, security("procMount: Unmasked"), found(sc + "procMount: Unmasked"), tighter(sc + "procMount: Default")},
		"a capability more":             {security("capabilities: {add: [NET_RAW]}"), security("capabilities: {add: [NET_RAW, NET_ADMIN]}"), found(sc + "capabilities.add: NET_ADMIN"), tighter(sc + "capabilities.add: NET_ADMIN")},
		"all capabilities":              {security("capabilities: {add: [NET_RAW]}"), security("capabilities: {add: [ALL]}"), found(sc + "capabilities.add: ALL"), []string{"~" + inPod + sc + "capabilities.add: ALL"}},
		"a capability dropped less":     {security("capabilities: {drop: [NET_RAW, MKNOD]}"), security("capabilities: {drop: [MKNOD]}"), found(sc + "capabilities.drop: NET_RAW"), tighter(sc + "capabilities.drop: NET_RAW")},
		"not all capabilities dropped":  {security("capabilities: {drop: [ALL]}"), security("capabilities: {drop: [NET_RAW]}"), found(sc + "capabilities.drop: ALL"), tighter(sc + "capabilities.drop: ALL")},
		"root against the pod":          {with("securityContext: {runAsNonRoot: true}"), "{securityContext: {runAsNonRoot: true}, containers: [{name: app, image: nginx, securityContext: {runAsNonRoot: false}}]}", found(sc + "runAsNonRoot: false"), tighter(sc + "runAsNonRoot: true")},
		"an AppArmor profile":           {security("appArmorProfile: {type: RuntimeDefault}"), security("appArmorProfile: {type: Unconfined}"), found(sc + "appArmorProfile: Unconfined"), tighter(sc + "appArmorProfile: RuntimeDefault")},
		"a part of SELinux of the pod":  {"{securityContext: {seLinuxOptions: {level: 's0:c1'}}, containers: [{name: app, image: nginx}]}", "{securityContext: {seLinuxOptions: {level: 's0:c1'}}, containers: [{name: app, image: nginx, securityContext: {seLinuxOptions: {}}}]}", found(sc + "seLinuxOptions.level: unset"), found(sc + "seLinuxOptions.level: s0:c1")},
		"another image":                 {onlyAnon, strings.Replace(onlyAnon, "nginx", "evil/nginx", 1), found(c + "image: evil/nginx"), found(c + "image: nginx")},
		"another tag":                   {strings.Replace(onlyAnon, "nginx", "'nginx:1'", 1), strings.Replace(onlyAnon, "nginx", "'nginx:2'", 1), found(c + "image: nginx:2"), found(c + "image: nginx:1")},
		"a limit":                       {app("resources: {limits: {memory: 1Gi}}"), onlyAnon, found(c + "resources.limits.memory: missing"), tighter(c + "resources.limits.memory: 1073741824")},
		"a limit of nothing":            {app("resources: {limits: {cpu: 1}}"), app("resources: {limits: {cpu: 0}}"), found(c + "resources.limits.cpu: missing"), tighter(c + "resources.limits.cpu: 1")},
		"a request":                     {app("resources: {requests: {cpu: 1}}"), onlyAnon, found(c + "resources.requests.cpu: missing"), tighter(c + "resources.requests.cpu: set")},
		"a port of the node":            {app("ports: [{containerPort: 80}]"), app("ports: [{containerPort: 80, hostPort: 8080}]"), found(c + "ports[80/TCP].hostPort: 8080"), tighter(c + "ports[80/TCP].hostPort: 8080")},
		"a port of one address":         {app("ports: [{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}]"), app("ports: [{containerPort: 80, hostPort: 80, hostIP: 0.0.0.0}]"), []string{inApp + "ports[80/TCP].hostPort: 80", "~" + inApp + "ports[80/TCP].hostPort: 80 of 127.0.0.1"}, nil},
		"a probe of another host":       {app("livenessProbe: {httpGet: {port: 80}}"), app("livenessProbe: {httpGet: {port: 80, host: 169.254.169.254}}"), found(c + "livenessProbe.httpGet.host: 169.254.169.254"), tighter(c + "livenessProbe.httpGet.host: missing")},
		"a hook to another host":        {onlyAnon, app("lifecycle: {preStop: {tcpSocket: {port: 80, host: example.com}}}"), found(c + "lifecycle.preStop.tcpSocket.host: example.com"), tighter(c + "lifecycle.preStop.tcpSocket.host: missing")},
		"a Secret in a variable":        {onlyAnon, app("env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: p}}}]"), found(c + "env[P].valueFrom.secretKeyRef: key p of Secret db"), tighter(c + "env[P].valueFrom.secretKeyRef: key p of Secret db")},
		"a Secret in all variables":     {onlyAnon, app("envFrom: [{secretRef: {name: db}}]"), found(c + "envFrom: Secret db"), tighter(c + "envFrom: Secret db")},
		"a mount that became writable":  {mount(", readOnly: true"), mount(""), found(c + "volumeMounts[/log].readOnly: false"), tighter(c + "volumeMounts[/log].readOnly: true")},
		"a mount of more of the volume": {mount(", subPath: app"), mount(""), found(c + "volumeMounts[/log]: volume a"), found(c + "volumeMounts[/log]: volume a, path app")},
		"mounts that spread":            {mount(""), mount(", mountPropagation: Bidirectional"), found(c + "volumeMounts[/log].mountPropagation: Bidirectional"), tighter(c + "volumeMounts[/log].mountPropagation: None")},
	} {
		t.Run(name, p.run)
	}
}

// run tells the story forth and back.
func (p pair) run(t *testing.T) {
	stories := []story{{name: "forth", declared: deployment(p.declared), live: deployment(p.live), want: p.want}}
	if p.back != nil {
		stories = append(stories, story{name: "back", declared: deployment(p.live), live: deployment(p.declared), want: p.back})
	}
	run(t, stories)
}

func with(field string) string { return "{" + field + ", containers: [{name: app, image: nginx}]}" }

func found(path string) []string { return []string{inPod + path} }

func tighter(path string) []string { return []string{"~" + inPod + path} }

// single is a field that weakens by being set.
func single(field, path string) pair {
	back := path
	if cut, isTrue := strings.CutSuffix(path, "true"); isTrue {
		back = cut + "false"
	}
	return pair{onlyAnon, with(field), found(path), tighter(back)}
}

// either is a field of which nobody can tell.
func either(field, forth, back string) pair {
	return pair{onlyAnon, with(field), found(forth), found(back)}
}

func TestOnlyWhatIsDeclaredIsContained(t *testing.T) {
	const hardened = "{hostPID: true, automountServiceAccountToken: true, volumes: [{name: a, hostPath: {path: /}}], containers: [" +
		"{name: app, image: other, securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}}, {name: b, image: b}]}"
	run(t, []story{
		{
			name: "fields that are absent are free", match: pinned.Contains,
			declared: deployment("{containers: [{name: app}]}"), live: deployment(hardened),
		},
		{
			name: "an explicit default is declared", match: pinned.Contains,
			declared: deployment("{hostPID: false, containers: [{name: app, securityContext: {privileged: false}}]}"), live: deployment(hardened),
			want: []string{inPod + "hostPID: true", ofApp + "privileged: true"},
		},
		{
			name: "each item of a list has to be there", match: pinned.Contains,
			declared: deployment("{containers: [{name: app, securityContext: {capabilities: {add: [NET_RAW], drop: [ALL]}}}, {name: proxy}]}"),
			live:     deployment(hardened),
			want:     []string{"~" + ofApp + "capabilities.add: NET_RAW", ofApp + "capabilities.drop: ALL", inPod + "containers[proxy]: missing"},
		},
	})
}

func TestEveryKindOfWorkload(t *testing.T) {
	templates := map[string]string{
		"Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1",
		"ReplicationController": "v1", "Job": "batch/v1",
	}
	for kind, version := range templates {
		format := "{apiVersion: " + version + ", kind: " + kind + ", metadata: {namespace: shop, name: api}, spec: {template: {spec: %s}}}"
		run(t, []story{{
			name: kind, declared: fmt.Sprintf(format, onlyAnon), live: fmt.Sprintf(format, security("privileged: true")),
			want: []string{ofApp + "privileged: true"},
		}})
	}
	const cron = "{apiVersion: batch/v1, kind: CronJob, metadata: {namespace: shop, name: api}, " +
		"spec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: %s}}}}}"
	run(t, []story{
		{
			name: "CronJob", declared: fmt.Sprintf(cron, onlyAnon), live: fmt.Sprintf(cron, security("privileged: true")),
			want: []string{"spec.jobTemplate.spec.template.spec.containers[app].securityContext.privileged: true"},
		},
		{
			name: "Pod", declared: podOf(onlyAnon), live: podOf(security("privileged: true")),
			want: []string{"spec.containers[app].securityContext.privileged: true"},
		},
		{
			name: "a Pod as the API server completes it", declared: podOf(app("resources: {limits: {cpu: 1}}")),
			live: podOf("{serviceAccountName: default, volumes: [{name: kube-api-access-x7k2p, projected: {sources: []}}], containers: " +
				"[{name: app, image: nginx, resources: {limits: {cpu: 1}, requests: {cpu: 1}}, " +
				"volumeMounts: [{name: kube-api-access-x7k2p, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]}"),
		},
		{
			name: "a debug container", declared: podOf(onlyAnon),
			live: podOf("{containers: [{name: app, image: nginx}], ephemeralContainers: [{name: debug, image: busybox}]}"),
			want: []string{"spec.ephemeralContainers[debug]: container debug"},
		},
		{
			name:     "a claim of a StatefulSet",
			declared: "{apiVersion: apps/v1, kind: StatefulSet, metadata: {namespace: shop, name: db}, spec: {template: {spec: {containers: []}}}}",
			live: "{apiVersion: apps/v1, kind: StatefulSet, metadata: {namespace: shop, name: db}, spec: {template: {spec: {containers: []}}, " +
				"volumeClaimTemplates: [{metadata: {name: data}}]}}",
			want: []string{"spec.volumeClaimTemplates[data]: persistentVolumeClaim"},
		},
		{
			name:     "a Pod that a controller took over",
			declared: podOf(onlyAnon),
			live: "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: api, ownerReferences: " +
				"[{apiVersion: apps/v1, kind: ReplicaSet, name: api-1, uid: a, controller: true}]}, spec: " + onlyAnon + "}",
			want: []string{"metadata.ownerReferences: ReplicaSet shop/api-1"},
		},
	})
}

func TestAppArmorIsReadFromAnnotationsToo(t *testing.T) {
	const format = "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: api, annotations: {%s}}, spec: %s}"
	const annotated = "container.apparmor.security.beta.kubernetes.io/app: %s"
	run(t, []story{
		{
			name:     "an annotation that became a field",
			declared: fmt.Sprintf(format, fmt.Sprintf(annotated, "runtime/default"), onlyAnon),
			live:     fmt.Sprintf(format, "", security("appArmorProfile: {type: RuntimeDefault}")),
		},
		{
			name:     "an annotation that takes the profile away",
			declared: fmt.Sprintf(format, "", onlyAnon),
			live:     fmt.Sprintf(format, fmt.Sprintf(annotated, "unconfined"), onlyAnon),
			want:     []string{"spec.containers[app].securityContext.appArmorProfile: Unconfined"},
		},
	})
}
