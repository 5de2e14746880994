package pinned_test

import (
	"runtime"
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

const usual = "{serviceAccountName: api, automountServiceAccountToken: false, securityContext: {runAsNonRoot: true, runAsUser: 1000, " +
	"seccompProfile: {type: RuntimeDefault}}, volumes: [{name: tmp, emptyDir: {}}, {name: config, configMap: {name: api}}], containers: [" +
	"{name: app, image: 'registry.example.com/api:1.2.3', ports: [{containerPort: 8080}], resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m, memory: 1Gi}}, " +
	"securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}, " +
	"{name: proxy, image: 'registry.example.com/proxy:1.2.3', securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"

func BenchmarkDifferences(b *testing.B) {
	for name, text := range map[string]string{
		"Deployment": deployment(usual), "Role": role("[" + getPods + "," + secrets + "]"), "RoleBinding": roleBinding(toReader, "["+anAccount+"]"),
		"NetworkPolicy": ingress("{from: [" + block("10.0.0.0/8") + "], ports: [{port: 80}]}"),
	} {
		b.Run(name, func(b *testing.B) {
			pin, live := compile(b, text, pinned.Options{}), object(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if pin.Differences(live) != nil {
					b.Fatal("it is not as declared")
				}
			}
		})
	}
}

// BenchmarkPins says what a declared object costs while nobody compares it.
func BenchmarkPins(b *testing.B) {
	const many = 1000
	for name, text := range map[string]string{"Deployment": deployment(usual), "RoleBinding": roleBinding(toReader, "["+anAccount+"]")} {
		b.Run(name, func(b *testing.B) {
			data := asJSON(b, text)
			for b.Loop() {
				before := heap()
				pins := make([]*pinned.Pin, many)
				for i := range pins {
					var err error
					if pins[i], err = pinned.Compile(data, pinned.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(heap()-before)/many, "B/pin")
				runtime.KeepAlive(pins)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
