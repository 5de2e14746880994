package pinned_test

import (
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

func volume(source string) string { return with("volumes: [{name: a, " + source + "}]") }

func projection(sources string) string { return volume("projected: {sources: [" + sources + "]}") }

func TestVolumesThatHoldSomethingElseAreDifferent(t *testing.T) {
	const sources = "volumes[a].projected.sources: "
	for name, p := range map[string]pair{
		"another Secret":      {volume("secret: {secretName: app}"), volume("secret: {secretName: db-admin}"), found("volumes[a].secret.secretName: db-admin"), found("volumes[a].secret.secretName: app")},
		"all keys":            {volume("secret: {secretName: app, items: [{key: ca, path: x}]}"), volume("secret: {secretName: app}"), found("volumes[a].secret.items: every key"), tighter("volumes[a].secret.items: every key")},
		"another key":         {volume("secret: {secretName: app, items: [{key: ca, path: x}]}"), volume("secret: {secretName: app, items: [{key: ca, path: x}, {key: tls, path: z}]}"), found("volumes[a].secret.items: tls"), tighter("volumes[a].secret.items: tls")},
		"another ConfigMap":   {volume("configMap: {name: x}"), volume("configMap: {name: z}"), found("volumes[a].configMap.name: z"), found("volumes[a].configMap.name: x")},
		"another claim":       {volume("persistentVolumeClaim: {claimName: x}"), volume("persistentVolumeClaim: {claimName: z}"), found("volumes[a].persistentVolumeClaim.claimName: z"), found("volumes[a].persistentVolumeClaim.claimName: x")},
		"another driver":      {volume("csi: {driver: a}"), volume("csi: {driver: evil}"), found("volumes[a].csi.driver: evil"), found("volumes[a].csi.driver: a")},
		"more of a driver":    {volume("csi: {driver: a, volumeAttributes: {secretProviderClass: app}}"), volume("csi: {driver: a, volumeAttributes: {secretProviderClass: db}}"), found("volumes[a].csi.volumeAttributes[secretProviderClass]: db"), found("volumes[a].csi.volumeAttributes[secretProviderClass]: app")},
		"a Secret for one":    {volume("csi: {driver: a}"), volume("csi: {driver: a, nodePublishSecretRef: {name: x}}"), found("volumes[a].csi.nodePublishSecretRef: x"), found("volumes[a].csi.nodePublishSecretRef: missing")},
		"another server":      {volume("nfs: {server: a, path: /x}"), volume("nfs: {server: b, path: /x}"), found("volumes[a].nfs.server: b"), found("volumes[a].nfs.server: a")},
		"another disk":        {volume("iscsi: {targetPortal: a, iqn: b, lun: 0}"), volume("iscsi: {targetPortal: a, iqn: b, lun: 1}"), found("volumes[a].iscsi.lun: 1"), found("volumes[a].iscsi.lun: missing")},
		"a copy of a claim":   {volume("ephemeral: {volumeClaimTemplate: {spec: {}}}"), volume("ephemeral: {volumeClaimTemplate: {spec: {dataSource: {kind: PersistentVolumeClaim, name: db}}}}"), found("volumes[a].ephemeral.volumeClaimTemplate.spec.dataSource: PersistentVolumeClaim db"), found("volumes[a].ephemeral.volumeClaimTemplate.spec.dataSource: missing")},
		"a projected Secret":  {projection("{configMap: {name: x}}"), projection("{configMap: {name: x}}, {secret: {name: db}}"), found(sources + "Secret db"), tighter(sources + "Secret db")},
		"a projected token":   {projection("{configMap: {name: x}}"), projection("{configMap: {name: x}}, {serviceAccountToken: {path: token}}"), found(sources + "serviceAccountToken"), tighter(sources + "serviceAccountToken")},
		"for somebody else":   {projection("{serviceAccountToken: {path: t, audience: vault}}"), projection("{serviceAccountToken: {path: t}}"), []string{inPod + sources + "serviceAccountToken", "~" + inPod + sources + "serviceAccountToken for vault"}, nil},
		"all projected keys":  {projection("{secret: {name: db, items: [{key: ca, path: x}]}}"), projection("{secret: {name: db}}"), found(sources + "Secret db"), tighter(sources + "Secret db")},
		"another certificate": {projection("{podCertificate: {signerName: a/b}}"), projection("{podCertificate: {signerName: a/c}}"), []string{"~" + inPod + sources + "podCertificate of a/b", inPod + sources + "podCertificate of a/c"}, nil},
		"other authorities":   {projection("{clusterTrustBundle: {signerName: a/b, labelSelector: {matchLabels: {c: d}}, path: x}}"), projection("{clusterTrustBundle: {signerName: a/b, labelSelector: {}, path: x}}"), []string{"~" + inPod + sources + "clusterTrustBundle of signer a/b with labels c=d", inPod + sources + "clusterTrustBundle of signer a/b with labels everything"}, nil},
		"another type":        {volume("secret: {secretName: x}"), volume("configMap: {name: z}"), found("volumes[a]: configMap"), found("volumes[a]: secret")},
	} {
		t.Run(name, p.run)
	}
}

func TestVolumesThatHoldTheSameAreAsDeclared(t *testing.T) {
	for name, each := range map[string][2]string{
		"another mode":      {volume("secret: {secretName: x, defaultMode: 0400, optional: true}"), volume("secret: {secretName: x, defaultMode: 0644}")},
		"defaults":          {volume("rbd: {monitors: [a, b], image: x}"), volume("rbd: {monitors: [b, a], image: x, pool: rbd, user: admin, keyring: /etc/ceph/keyring}")},
		"both spellings":    {volume("ephemeral: {volumeClaimTemplate: {spec: {dataSource: {kind: A, name: b}}}}"), volume("ephemeral: {volumeClaimTemplate: {spec: {dataSource: {kind: A, name: b}, dataSourceRef: {kind: A, name: b}}}}")},
		"another order":     {projection("{configMap: {name: x}}, {secret: {name: z}}"), projection("{secret: {name: z}}, {configMap: {name: x}}")},
		"a shorter life":    {projection("{serviceAccountToken: {path: t}}"), projection("{serviceAccountToken: {path: u, expirationSeconds: 600}}")},
		"keys elsewhere":    {volume("secret: {secretName: x, items: [{key: a, path: b}, {key: c, path: d}]}"), volume("secret: {secretName: x, items: [{key: c, path: e}, {key: a, path: f}]}")},
		"a key and the all": {projection("{secret: {name: x}}, {secret: {name: x, items: [{key: w, path: z}]}}"), projection("{secret: {name: x}}")},
	} {
		run(t, []story{
			{name: name, declared: deployment(each[0]), live: deployment(each[1])},
			{name: name + ", the other way round", declared: deployment(each[1]), live: deployment(each[0])},
		})
	}
	run(t, []story{{
		name: "what is absent is free", match: pinned.Contains, declared: deployment(volume("secret: {}")), live: deployment(volume("secret: {secretName: x}")),
	}})
}

func TestOnlyTheTokenOfTheAPIServerIsPassedOver(t *testing.T) {
	const (
		token     = "{serviceAccountToken: {path: token, expirationSeconds: 3607}}"
		authority = "{configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}}"
		namespace = "{downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]}}"
		usually   = token + ", " + authority + ", " + namespace
		whole     = "spec.volumes[kube-api-access-x7k2p]: projected"
	)
	pod := func(mounts, sources string) string {
		return podOf("{automountServiceAccountToken: " + mounts + ", volumes: [{name: kube-api-access-x7k2p, projected: {sources: [" + sources +
			"]}}], containers: [{name: app, image: nginx}]}")
	}
	declared := func(mounts string) string {
		return podOf("{automountServiceAccountToken: " + mounts + ", containers: [{name: app, image: nginx}]}")
	}
	run(t, []story{
		{name: "what the API server adds", declared: declared("null"), live: pod("null", usually)},
		{name: "what that of OpenShift adds", declared: declared("true"), live: pod("true", usually+", {configMap: {name: openshift-service-ca.crt}}")},
		{name: "a token that the pod refuses", declared: declared("false"), live: pod("false", usually), want: []string{whole}},
		{name: "a Secret beside it", declared: declared("null"), live: pod("null", usually+", {secret: {name: db}}"), want: []string{whole}},
		{name: "a token for somebody else", declared: declared("null"), live: pod("null", "{serviceAccountToken: {path: token, audience: vault}}"), want: []string{whole}},
		{name: "another ConfigMap", declared: declared("null"), live: pod("null", token+", {configMap: {name: db}}"), want: []string{whole}},
	})
}

func TestWhatAClaimOfAStatefulSetIsFilledWith(t *testing.T) {
	set := func(spec string) string {
		return "{apiVersion: apps/v1, kind: StatefulSet, metadata: {namespace: shop, name: db}, spec: {template: {spec: {containers: []}}, " +
			"volumeClaimTemplates: [{metadata: {name: data}, spec: {" + spec + "}}]}}"
	}
	run(t, []story{
		{name: "its size", declared: set(""), live: set("resources: {requests: {storage: 1Gi}}, accessModes: [ReadWriteOnce], volumeMode: Filesystem")},
		{name: "a volume that is there", declared: set(""), live: set("volumeName: other"), want: []string{"spec.volumeClaimTemplates[data].spec.volumeName: other"}},
		{
			name: "a copy", declared: set(""), live: set("dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: a, namespace: b}"),
			want: []string{"spec.volumeClaimTemplates[data].spec.dataSource: VolumeSnapshot.snapshot.storage.k8s.io a in b"},
		},
	})
}
