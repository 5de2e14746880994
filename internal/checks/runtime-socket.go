package checks

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:    "runtime-socket",
	Title: "Socket of a container runtime mounted",
	Description: "Whoever can connect to the socket of a container runtime starts any container on the node, privileged and with all of " +
		"its files, and gets into every other container there: the node is his. A read-only mount does not prevent it, and a " +
		"directory above the socket, such as /run, is as good as the socket. Sockets are known by the paths at which Docker, " +
		"containerd (also of k3s, RKE2, MicroK8s, k0s and Bottlerocket), CRI-O, cri-dockerd, Podman and others put them unless told " +
		"otherwise.",
	Remediation: "Remove the volume, or narrow its hostPath.path until no socket of a container runtime is at it or below it.",
	Severity:    v1alpha1.SeverityCritical,
	Controls: []engine.Control{
		podSecurity("Baseline: HostPath Volumes"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.RuntimeSockets == v1alpha1.RuleForbidden
	},
	Run: runRuntimeSocket,
})

// runtimeSockets are the paths of sockets, as the documentation of the runtimes and of Kubernetes gives them. A * stands
// for one element, and what is below /run is also below /var/run.
var runtimeSockets = withVarRun([]string{
	"/run/docker.sock",
	"/run/docker/containerd/containerd.sock",
	"/run/dockershim.sock",                          // Docker before Kubernetes 1.24, and containerd on Bottlerocket
	"/run/host-containerd/containerd.sock",          // Bottlerocket
	"/run/containerd/containerd.sock",               //
	"/run/containerd/s/*",                           // the sockets of containerd's shims, one for each pod
	"/run/k3s/containerd/containerd.sock",           // k3s and RKE2
	"/run/k3s/cri-dockerd/cri-dockerd.sock",         // k3s with Docker
	"/run/k0s/containerd.sock",                      // k0s
	"/var/snap/microk8s/common/run/containerd.sock", // MicroK8s
	"/run/crio/crio.sock",
	"/run/cri-dockerd.sock",
	"/run/cri-dockerd-mke.sock",              // Mirantis Kubernetes Engine
	"/system/run/containerd/containerd.sock", // Talos
	"/run/podman/podman.sock",
	"/run/user/*/docker.sock",        // of the user who runs Docker
	"/run/user/*/podman/podman.sock", // of the user who runs Podman
	"/run/nri/nri.sock",              // plugins of containerd and CRI-O, which change any container
	"/run/isulad.sock",
	"/run/frakti.sock",
	"/run/pouchcri.sock",
	"/run/pouchd.sock",
})

// runtimePipes are the named pipes that take the place of sockets on Windows.
var runtimePipes = []string{"docker_engine", "containerd-containerd", "cri-dockerd", "dockershim"}

func withVarRun(sockets []string) []string {
	for _, socket := range slices.Clone(sockets) {
		if strings.HasPrefix(socket, "/run/") {
			sockets = append(sockets, "/var"+socket)
		}
	}
	return sockets
}

func runRuntimeSocket(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for i := range in.Workload.Pod.Volumes {
		volume := &in.Workload.Pod.Volumes[i]
		if volume.HostPath == nil || !reachesRuntime(volume.HostPath.Path) {
			continue
		}
		findings = append(findings, runtimeMounted(in, volume))
		if len(findings) > maxFound {
			break
		}
	}
	return boundVolumes(in, findings)
}

// reachesRuntime says whether a path of the node is that of a socket, or of a directory above one. A path that does not
// begin with a slash is taken from the root, where runtimes stand.
func reachesRuntime(p string) bool {
	if p == "" { // the API server refuses it, and no node could mount it
		return false
	}
	if stepsBack(p) {
		p = path.Clean("/" + p)
	}
	p, _ = pastProc(p)
	for _, socket := range runtimeSockets {
		if leadsTo(p, socket) {
			return true
		}
	}
	return isRuntimePipe(p)
}

// leadsTo says whether the path is that of the socket or of a directory above it. containerd has a second socket of most
// names, for ttrpc, which gives as much.
func leadsTo(p, socket string) bool {
	for {
		var got, want string
		if got, p = step(p); got == "" {
			return true
		}
		want, socket = step(socket)
		if got != want && strings.TrimSuffix(got, ".ttrpc") != want && want != "*" {
			return false
		}
	}
}

// isRuntimePipe knows the pipes in either spelling: \\.\pipe\docker_engine and //./pipe/docker_engine. Windows does not
// tell upper case from lower.
func isRuntimePipe(p string) bool {
	end := strings.LastIndexAny(p, `/\`)
	if end < 0 || !strings.HasPrefix(p, `\\`) && !strings.HasPrefix(p, "//") {
		return false
	}
	directory, name := p[:end], p[end+1:]
	directory = directory[strings.LastIndexAny(directory, `/\`)+1:]
	return strings.EqualFold(directory, "pipe") && slices.ContainsFunc(runtimePipes, func(pipe string) bool {
		return strings.EqualFold(pipe, name)
	})
}

func runtimeMounted(in *engine.Input, volume *corev1.Volume) engine.Finding {
	mounted := nodePath(volume.HostPath.Path)
	return engine.Finding{
		Path:     volumePath(in, volume.Name, ".hostPath.path"),
		Value:    mounted,
		Expected: "no socket of a container runtime, and no directory above one",
		Actual:   volume.HostPath.Path,
		Message: "Volume " + volume.Name + " opens a way to the socket of a container runtime, through " + mounted +
			" of the node, which baseline " + in.Baseline + " forbids.",
	}
}
