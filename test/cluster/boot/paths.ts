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
  sources: import.meta.dirname,
} as const;

/** Addresses of the cluster's own bridges; nothing in it leaves the machine. */
export const ADDRESSES = {
  services: '10.96.0.0/16',
  kubernetesService: '10.96.0.1',
  dns: '10.96.0.10',
  pods: '10.244.0.0/16',
} as const;

/** A node: where it is, and where it writes. */
export type Node = {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  /** The addresses of its pods. */
  readonly pods: string;
  readonly folder: string;
  readonly containerdSocket: string;
  /** Its own network; the first node lives in the machine's. */
  readonly network: string | undefined;
};

export function nodeOf(index: number): Node {
  const folder = join(PATHS.state, `node-${index}`);
  return {
    index,
    name: `berth-${index}`,
    address: `10.250.0.${index + 1}`,
    pods: `10.244.${index}.0/24`,
    folder,
    containerdSocket: join(folder, 'containerd.sock'),
    network: index === 0 ? undefined : join(folder, 'network'),
  };
}

/** The first node, which has the control plane too. */
export const CONTROL = nodeOf(0);
