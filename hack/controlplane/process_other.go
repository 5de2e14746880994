//go:build !linux

package controlplane

import "syscall"

// dieWithParent can promise nothing here. The process stays in our process group, so that at least Ctrl-C in a terminal
// ends it with us.
func dieWithParent() *syscall.SysProcAttr { return nil }
