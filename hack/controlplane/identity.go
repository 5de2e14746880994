package controlplane

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// The users the API server knows by a token. admin and kwok may do everything; the other two have the roles that every
// cluster has for them.
const (
	admin             = "admin"
	kwokUser          = "kwok"
	controllerManager = "system:kube-controller-manager"
	scheduler         = "system:kube-scheduler"
)

var users = map[string]string{ // user to group
	admin:             "system:masters",
	kwokUser:          "system:masters",
	controllerManager: "plumbline:controlplane",
	scheduler:         "plumbline:controlplane",
}

// identity is what the API server proves itself with, and what its clients prove themselves with. It outlives a restart
// of the API server.
type identity struct {
	certFile, keyFile string // the server's certificate with its authority, and its key
	authority         []byte // the content of certFile, which clients trust
	tokensFile        string
	tokens            map[string]string // of each user
	serviceAccountKey string            // the file of the key that signs the tokens of ServiceAccounts
}

func newIdentity(dir string) (*identity, error) {
	id := &identity{
		certFile:          filepath.Join(dir, "apiserver.crt"),
		keyFile:           filepath.Join(dir, "apiserver.key"),
		tokensFile:        filepath.Join(dir, "tokens.csv"),
		serviceAccountKey: filepath.Join(dir, "service-account.key"),
		tokens:            map[string]string{},
	}
	var (
		key []byte
		err error
	)
	if id.authority, key, err = cert.GenerateSelfSignedCertKey("127.0.0.1", nil, []string{"localhost"}); err != nil {
		return nil, err
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signerPEM, err := keyutil.MarshalPrivateKeyToPEM(signer)
	if err != nil {
		return nil, err
	}
	var tokens bytes.Buffer
	for user, group := range users {
		id.tokens[user] = rand.Text()
		fmt.Fprintf(&tokens, "%s,%s,%s,%q\n", id.tokens[user], user, user, group)
	}
	for file, data := range map[string][]byte{
		id.certFile: id.authority, id.keyFile: key, id.serviceAccountKey: signerPEM, id.tokensFile: tokens.Bytes(),
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return nil, err
		}
	}
	return id, nil
}
