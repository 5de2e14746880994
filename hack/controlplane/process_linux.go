package controlplane

import "syscall"

// dieWithParent has the kernel end the process when this program ends, however it does. A process group of its own keeps
// Ctrl-C in a terminal from the process, so that Stop can end all in order.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
