package controlplane

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
)

// Ports are taken below those that Linux and macOS give to outgoing connections: while the API server is stopped in a
// test, no client's connection may take its port.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePort returns a port on which nothing listens.
func freePort() (int, error) {
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := net.Listen("tcp", address(port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1 between %d and %d: end what listens there", firstPort, lastPort)
}

// onFreePorts calls start, which chooses its ports, and again if another program was faster to take one of them.
func onFreePorts(start func() error) error {
	var errs []error
	for range 3 {
		err := start()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return errors.Join(errs...)
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
