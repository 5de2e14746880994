package manifest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/manifest"
)

// deployment returns one of many Deployments of two containers each, as people write them; some are hardened.
func deployment(i int) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[1]d
  namespace: shop-%[2]d
  labels:
    app.kubernetes.io/name: app-%[1]d
    team: "shop" # who is called
spec:
  replicas: 2
  selector:
    matchLabels: {app: app-%[1]d}
  template:
    metadata:
      labels: {app: app-%[1]d, team: shop}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: %[3]t
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: registry.example.com/shop/app:1.4.%[1]d
        args: ["--port", "8080"]
        ports:
        - containerPort: 8080
          name: http
        env:
        - {name: LOG_LEVEL, value: info}
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: database, key: password}
        resources:
          limits: {memory: 128Mi}
          requests:
            cpu: 100m
            memory: 64Mi
        livenessProbe:
          httpGet: {path: /healthz, port: 8080}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
        volumeMounts:
        - {name: tmp, mountPath: /tmp}
      - name: sidecar
        image: registry.example.com/shop/sidecar:2.0.0
        resources:
          limits: {memory: 64Mi}
        securityContext:
          privileged: %[4]t
          capabilities:
            add: [NET_ADMIN]
      volumes:
      - name: tmp
        emptyDir: {}
`, i, i%10, i%2 == 0, i%2 == 1)
}

const deployments = 1000 // of a benchmark

// worlds writes the same Deployments in several ways, and returns the paths.
func worlds(t testing.TB, deployments int) map[string]string {
	t.Helper()
	dir := t.TempDir()
	paths := map[string]string{"one-yaml-file": dir + "/all.yaml", "a-yaml-file-each": dir + "/each", "one-json-list": dir + "/list.json"}
	var all, items []string
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(paths["a-yaml-file-each"], 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range deployments {
		text := deployment(i)
		all = append(all, text)
		write(filepath.Join(paths["a-yaml-file-each"], fmt.Sprintf("%04d.yaml", i)), text)
		data, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, string(data))
	}
	write(paths["one-yaml-file"], strings.Join(all, "---\n"))
	write(paths["one-json-list"], `{"apiVersion":"v1","kind":"List","items":[`+strings.Join(items, ",\n")+"]}")
	return paths
}

func BenchmarkLoad(b *testing.B) {
	for name, path := range worlds(b, deployments) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l, n := load(b, path); n != deployments {
					b.Fatalf("%d objects, %+v", n, l.Stats())
				}
			}
		})
	}
}

// BenchmarkLines finds a line of each object, as is done for each that has findings.
func BenchmarkLines(b *testing.B) {
	for name, path := range worlds(b, deployments) {
		b.Run(name, func(b *testing.B) {
			l := manifest.New(nil, manifest.Options{})
			var sources []manifest.Source
			for object, problem := range l.Load(context.Background(), []string{path}) {
				if problem != nil {
					b.Fatal(problem)
				}
				sources = append(sources, object.Source)
			}
			for b.Loop() {
				for _, source := range sources {
					for _, field := range []string{"add", "drop", "missing"} {
						l.Line(source, "spec.template.spec.containers[sidecar].securityContext.capabilities."+field)
					}
				}
			}
		})
	}
}

func load(t testing.TB, paths ...string) (*manifest.Loader, int) {
	t.Helper()
	l, n := manifest.New(nil, manifest.Options{}), 0
	for object, problem := range l.Load(context.Background(), paths) {
		if problem != nil {
			t.Fatal(problem)
		}
		runtime.KeepAlive(object)
		n++
	}
	return l, n
}
