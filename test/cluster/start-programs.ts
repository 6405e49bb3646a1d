import { join } from 'node:path';
import type { writeConfiguration } from './configuration.ts';
import { ADDRESSES, NODE, PATHS } from './paths.ts';
import { start } from './processes.ts';

type Files = ReturnType<typeof writeConfiguration>;

/** In the order in which they end: whoever makes pods first, the API last. */
export const PROGRAMS = [
  'kubelet',
  'kube-scheduler',
  'kube-controller-manager',
  'kube-proxy',
  'containerd',
  'kube-apiserver',
  'etcd',
] as const;

const ETCD = 'http://127.0.0.1:2379';
const pki = (name: string) => join(PATHS.pki, name);
const flags = (values: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** The store, the API and the container runtime: what everything else waits for. */
export function startFoundation(bin: string, files: Files): void {
  start(
    'etcd',
    join(bin, 'etcd'),
    flags({
      name: NODE,
      'data-dir': join(PATHS.state, 'etcd'),
      'listen-client-urls': ETCD,
      'advertise-client-urls': ETCD,
      'listen-peer-urls': 'http://127.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
      'initial-cluster': `${NODE}=http://127.0.0.1:2380`,
      // A test cluster that loses its power is booted anew.
      'unsafe-no-fsync': true,
      'log-level': 'warn',
    }),
  );
  // It finds its shim and the network plugins by the PATH.
  start('containerd', join(bin, 'containerd'), ['--config', files['containerd.toml']], {
    PATH: `${bin}:${process.env.PATH}`,
  });
  start(
    'kube-apiserver',
    join(bin, 'kube-apiserver'),
    flags({
      'etcd-servers': ETCD,
      'bind-address': ADDRESSES.node,
      'advertise-address': ADDRESSES.node,
      'secure-port': 6443,
      'service-cluster-ip-range': ADDRESSES.services,
      'allow-privileged': true,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'tls-cert-file': pki('apiserver.crt'),
      'tls-private-key-file': pki('apiserver.key'),
      'client-ca-file': pki('ca.crt'),
      'kubelet-client-certificate': pki('apiserver-kubelet.crt'),
      'kubelet-client-key': pki('apiserver-kubelet.key'),
      'kubelet-certificate-authority': pki('ca.crt'),
      'kubelet-preferred-address-types': 'InternalIP',
      'requestheader-client-ca-file': pki('front.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      'proxy-client-cert-file': pki('front-client.crt'),
      'proxy-client-key-file': pki('front-client.key'),
      'enable-aggregator-routing': true,
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': pki('sa.pub'),
      'service-account-signing-key-file': pki('sa.key'),
      profiling: false,
    }),
  );
}

/** Controllers, scheduler and the node's agents. */
export function startAgents(bin: string, files: Files): void {
  start(
    'kube-controller-manager',
    join(bin, 'kube-controller-manager'),
    flags({
      kubeconfig: pki('controller-manager.kubeconfig'),
      'authentication-kubeconfig': pki('controller-manager.kubeconfig'),
      'authorization-kubeconfig': pki('controller-manager.kubeconfig'),
      'bind-address': '127.0.0.1',
      'service-account-private-key-file': pki('sa.key'),
      'root-ca-file': pki('ca.crt'),
      'cluster-signing-cert-file': pki('ca.crt'),
      'cluster-signing-key-file': pki('ca.key'),
      'use-service-account-credentials': true,
      'service-cluster-ip-range': ADDRESSES.services,
      'cluster-cidr': ADDRESSES.pods,
      'allocate-node-cidrs': true,
      'node-cidr-mask-size': 24,
      'leader-elect': false,
      profiling: false,
    }),
  );
  start(
    'kube-scheduler',
    join(bin, 'kube-scheduler'),
    flags({ config: files['scheduler.json'], 'bind-address': '127.0.0.1', profiling: false }),
  );
  start(
    'kubelet',
    join(bin, 'kubelet'),
    flags({
      config: files['kubelet.json'],
      kubeconfig: pki('kubelet.kubeconfig'),
      'hostname-override': NODE,
      'node-ip': ADDRESSES.node,
      'root-dir': join(PATHS.state, 'kubelet'),
      'cert-dir': pki('kubelet-dynamic'),
      'housekeeping-interval': '5s',
    }),
    { PATH: `${bin}:${process.env.PATH}` },
  );
  start('kube-proxy', join(bin, 'kube-proxy'), flags({ config: files['proxy.json'] }));
}
