package controlplane

import (
	"context"
	"fmt"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// config returns the configuration of a client of the given user.
func (c *ControlPlane) config(user string) *rest.Config {
	return &rest.Config{
		Host:            "https://" + address(c.port),
		TLSClientConfig: rest.TLSClientConfig{CAData: c.identity.authority},
		BearerToken:     c.identity.tokens[user],
		QPS:             -1,
	}
}

// kubeconfigName is the name of the file with the credentials of a user.
func kubeconfigName(user string) string {
	if user == admin {
		return "kubeconfig"
	}
	return strings.TrimPrefix(user, "system:") + ".kubeconfig"
}

// ServiceAccountConfig returns the configuration of a client that is the ServiceAccount, with a token for a day and the
// rights that RBAC gives it. It is an error if there is no such ServiceAccount.
func (c *ControlPlane) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	config := c.Config()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	seconds := int64((24 * time.Hour).Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no ServiceAccount %s/%s: apply its manifest first", namespace, name)
	}
	if err != nil {
		return nil, fmt.Errorf("requesting a token for the ServiceAccount %s/%s: %w", namespace, name, err)
	}
	config.BearerToken = answer.Status.Token
	return config, nil
}

// WriteKubeconfig writes a kubeconfig file with the server and the token of a configuration, as Config and
// ServiceAccountConfig return it, for kubectl or another process.
func WriteKubeconfig(path string, config *rest.Config) error {
	const name = "plumbline"
	kubeconfig := clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {Token: config.BearerToken}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}
	return clientcmd.WriteToFile(kubeconfig, path)
}
