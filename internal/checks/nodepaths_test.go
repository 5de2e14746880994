package checks

import (
	"path"
	"strings"
	"testing"
)

// The plain way to say what within says, at the price of allocations.
func withinPlainly(directory, p string) bool {
	directory, p = path.Clean(directory), path.Clean(p)
	return directory == "/" || p == directory || strings.HasPrefix(p, directory+"/")
}

func FuzzWithin(f *testing.F) {
	for _, p := range []string{
		"/", "/var", "/var/", "//var", "/var/log", "/var//log/./pods/", "/var/logs", "/va", "/var/.log", "/var/...", "/.", "/var/log ",
		"/var/log/../../etc", "/var/log/..", `/var\log`, `/var/log\..\..\x`, "/proc/1/root/var", "/proc/1/rooty", "var/log", "", ".", "..",
	} {
		for _, directory := range []string{"/", "/var", "/var/log", "/var/log/", "/proc"} {
			f.Add(directory, p)
		}
	}
	f.Fuzz(func(t *testing.T, directory, p string) {
		if !strings.HasPrefix(directory, "/") || strings.Contains(directory, "..") {
			t.Skip("baselines hold no such directory")
		}
		want := withinPlainly(directory, p)
		if _, elsewhere := pastProc(p); path.Clean(directory) != "/" && (elsewhere || stepsBack(p) || !strings.HasPrefix(p, "/")) || p == "" {
			want = false
		}
		if got := within(directory, p); got != want {
			t.Errorf("within(%q, %q) = %v", directory, p, got)
		}
	})
}

func TestPathsThatLeadToARuntime(t *testing.T) {
	for p, want := range map[string]bool{
		"/": true, "//": true, "/.": true, "/var": true, "/var/run": true, "/run/.": true, "run": true, "/run/user": true,
		"/run/docker.sock": true, "/var/run/docker.sock/": true, "/run/user/0/docker.sock": true, "/tmp/../run": true, "..": true,
		"/proc/1/root": true, "/proc/1/task/1/root/run": true, "/proc/1/root/proc/1/cwd": true,
		"": false, "/runs": false, "/ru": false, "/RUN": false, "/var/lib": false, "/run/docker.sock.old": false, "/run/docker.sock/x": false,
		"/proc": false, "/proc/1": false, "/proc/1/root/etc": false, "/root/run": false, "/run/user/1000/bus": false, "/run/docker": true,
		`\\.\pipe\docker_engine`: true, `//./pipe/Containerd-Containerd`: true, `\\.\pipe\`: false, `C:\pipe\docker_engine`: false,
	} {
		if got := reachesRuntime(p); got != want {
			t.Errorf("reachesRuntime(%q) = %v", p, got)
		}
	}
}

func TestOnePathHasOneSpelling(t *testing.T) {
	for p, want := range map[string]string{
		"": "unset", "/": "/", "/var/log/": "/var/log", "/var//./log": "/var/log", "var/log/": "var/log/", "/var/../etc": "/var/../etc",
		`\\.\pipe\x`: `\\.\pipe\x`, "//./pipe/x": "//./pipe/x", `C:\x\..\y`: `C:\x\..\y`,
	} {
		if got := nodePath(p); got != want {
			t.Errorf("nodePath(%q) = %q, want %q", p, got, want)
		}
	}
}
