package main

import "syscall"

// ofItsOwn keeps Ctrl-C in a terminal from a process, so that the demo ends all in order, and has the kernel end it
// should the demo be killed.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
