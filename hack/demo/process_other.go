//go:build !linux

package main

import "syscall"

// ofItsOwn can promise nothing here: a process stays in the group of the demo, so that Ctrl-C ends it too.
func ofItsOwn() *syscall.SysProcAttr { return nil }
