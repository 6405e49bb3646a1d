import { join } from 'node:path';
import type { writeNodeConfiguration } from './configuration.ts';
import { ADDRESSES, CONTROL, type Node, PATHS } from './paths.ts';
import { start } from './processes.ts';

/** How soon the HorizontalPodAutoscaler looks and believes: as Kubernetes has it, or so that tests need not wait. */
export const HPA_TIMINGS = {
  default: {},
  quick: {
    'horizontal-pod-autoscaler-sync-period': '5s',
    'horizontal-pod-autoscaler-cpu-initialization-period': '20s',
    'horizontal-pod-autoscaler-initial-readiness-delay': '5s',
  },
} as const;
export type HpaTimings = keyof typeof HPA_TIMINGS;

type NodeFiles = ReturnType<typeof writeNodeConfiguration>;

/** In the order in which they end: the API last. */
export const CONTROL_PROGRAMS = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'] as const;

/** In the order in which they end: whoever makes pods first. */
export const nodePrograms = ({ index }: Node) =>
  ['kubelet', 'kube-proxy', 'containerd'].map((name) => `${name}-${index}`);

const ETCD = 'http://127.0.0.1:2379';
const pki = (name: string) => join(PATHS.pki, name);
const flags = (values: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** The store and the API: what everything else waits for. */
export function startFoundation(bin: string): void {
  start(
    'etcd',
    join(bin, 'etcd'),
    flags({
      name: CONTROL.name,
      'data-dir': join(PATHS.state, 'etcd'),
      'listen-client-urls': ETCD,
      'advertise-client-urls': ETCD,
      'listen-peer-urls': 'http://127.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
      'initial-cluster': `${CONTROL.name}=http://127.0.0.1:2380`,
      // A test cluster that loses its power is booted anew.
      'unsafe-no-fsync': true,
      'log-level': 'warn',
    }),
  );
  start(
    'kube-apiserver',
    join(bin, 'kube-apiserver'),
    flags({
      'etcd-servers': ETCD,
      'bind-address': CONTROL.address,
      'advertise-address': CONTROL.address,
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

export function startControllers(bin: string, schedulerConfiguration: string, timings: HpaTimings): void {
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
      'leader-elect': false,
      profiling: false,
      ...HPA_TIMINGS[timings],
    }),
  );
  start(
    'kube-scheduler',
    join(bin, 'kube-scheduler'),
    flags({ config: schedulerConfiguration, 'bind-address': '127.0.0.1', profiling: false }),
  );
}

/** What runs containers on a node. The kubelet ends at once when it is not there. */
export function startContainerd(node: Node, bin: string, files: NodeFiles): void {
  startOn(node, bin, 'containerd', ['--config', files['containerd.toml']]);
}

/** What makes pods of a node's part, and the rules of Services. */
export function startAgents(node: Node, bin: string, files: NodeFiles): void {
  const { name, address, folder } = node;
  startOn(
    node,
    bin,
    'kubelet',
    flags({
      config: files['kubelet.json'],
      kubeconfig: pki(`${name}.kubeconfig`),
      'hostname-override': name,
      'node-ip': address,
      'root-dir': join(folder, 'kubelet'),
      'cert-dir': join(folder, 'kubelet-pki'),
      'housekeeping-interval': '5s',
    }),
  );
  startOn(node, bin, 'kube-proxy', flags({ config: files['proxy.json'] }));
}

/** In the node's network; the shim and the network plugins are found by the PATH. */
function startOn({ index, network }: Node, bin: string, program: string, args: readonly string[]): void {
  const command = [join(bin, program), ...args];
  const [first = '', ...others] = network ? ['nsenter', `--net=${network}`, '--', ...command] : command;
  start(`${program}-${index}`, first, others, { PATH: `${bin}:${process.env.PATH}` });
}
