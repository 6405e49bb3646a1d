import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth/cluster');

/** Where everything of the cluster lies: outside the checkout, so that only the first run builds. */
export const PATHS = {
  cache,
  binaries: join(cache, 'bin'),
  /** What a running cluster writes; `cluster:down` deletes it. */
  state: join(cache, 'state'),
  pki: join(cache, 'state/pki'),
  kubeconfig: join(cache, 'state/pki/admin.kubeconfig'),
  containerdSocket: join(cache, 'state/run/containerd.sock'),
  sources: import.meta.dirname,
} as const;

/** Addresses of the cluster's own bridges; nothing in it leaves the machine. */
export const ADDRESSES = {
  node: '10.250.0.1',
  nodePrefix: 24,
  services: '10.96.0.0/16',
  kubernetesService: '10.96.0.1',
  dns: '10.96.0.10',
  pods: '10.244.0.0/16',
  nodePods: '10.244.0.0/24',
} as const;

export const NODE = 'berth-0';
