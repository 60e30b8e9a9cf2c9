package kubetest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// token is that of an administrator; the server listens on the loopback interface.
const token = "kubetest-administrator"

// A cluster is an API server with its store.
type cluster struct {
	config     *rest.Config
	client     *kubernetes.Clientset
	kubeconfig string // for Helm
}

// started is the one cluster of all tests: it takes some seconds to come up.
var started *cluster

func TestMain(m *testing.M) {
	code, err := withCluster(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withCluster(run func() int) (code int, err error) {
	for _, name := range []string{"HELM", "ETCD", "KUBE_APISERVER"} {
		if os.Getenv(name) == "" {
			return 0, fmt.Errorf("%s is not set: `make test-k8s` builds what these tests need, and runs them", name)
		}
	}
	dir, err := os.MkdirTemp("", "kubetest-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	etcd, peer, api := "http://"+freeAddress(), "http://"+freeAddress(), freeAddress()
	stopStore, err := start(dir, "etcd", os.Getenv("ETCD"), "--data-dir", filepath.Join(dir, "etcd"),
		"--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--unsafe-no-fsync")
	if err != nil {
		return 0, err
	}
	defer stopStore()
	key, tokens := filepath.Join(dir, "key.pem"), filepath.Join(dir, "tokens")
	if err := errors.Join(writeKey(key), os.WriteFile(tokens, []byte(token+",admin,admin,system:masters\n"), 0o600)); err != nil {
		return 0, err
	}
	_, port, _ := net.SplitHostPort(api)
	stopServer, err := start(dir, "kube-apiserver", os.Getenv("KUBE_APISERVER"), "--etcd-servers", etcd,
		"--bind-address", "127.0.0.1", "--secure-port", port, "--cert-dir", filepath.Join(dir, "certs"),
		"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", key,
		"--service-account-signing-key-file", key, "--token-auth-file", tokens, "--authorization-mode", "RBAC",
		"--service-cluster-ip-range", "10.0.0.0/24")
	if err != nil {
		return 0, err
	}
	defer stopServer()
	if started, err = connect(dir, "https://"+api); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "kube-apiserver.log"))
		return 0, fmt.Errorf("%w; the end of its log:\n%s", err, log[max(0, len(log)-4000):])
	}
	return run(), nil
}

// start starts a program; stop ends it and waits.
func start(dir, name, path string, args ...string) (stop func(), err error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = log.Close()
	}, nil
}

// freeAddress is one on which nobody listens now.
func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func writeKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

// connect waits for the server at address to be ready.
func connect(dir, address string) (*cluster, error) {
	config := &rest.Config{Host: address, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}, QPS: 200, Burst: 400}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		var status int
		client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status)
		if status == http.StatusOK {
			break
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("the API server did not become ready in two minutes")
		case <-time.After(200 * time.Millisecond):
		}
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: test,
contexts: [{name: test, context: {cluster: test, user: admin}}],
clusters: [{name: test, cluster: {server: %q, insecure-skip-tls-verify: true}}],
users: [{name: admin, user: {token: %s}}]}`, address, token)
	return &cluster{config, client, kubeconfig}, os.WriteFile(kubeconfig, []byte(text), 0o600)
}

// helm runs Helm against the cluster and answers what it prints.
func helm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tryHelm(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryHelm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Getenv("HELM"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+started.kubeconfig,
		"HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		return string(out) + talk.String(), err
	}
	return string(out), nil
}
