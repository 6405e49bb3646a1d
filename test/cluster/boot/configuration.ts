import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_IMAGES } from './images.ts';
import { ADDRESSES, type Node, PATHS } from './paths.ts';

const pki = (name: string) => join(PATHS.pki, name);

/** The configuration file of the scheduler. Like all but containerd's it is JSON, which is YAML. */
export function writeSchedulerConfiguration(): string {
  const file = join(PATHS.state, 'scheduler.json');
  writeFileSync(file, JSON.stringify(SCHEDULER));
  return file;
}

/** The configuration files of a node's programs, by name. */
export function writeNodeConfiguration(node: Node, binaries: string, runc: string): Readonly<Record<NodeFile, string>> {
  const folder = join(node.folder, 'etc');
  mkdirSync(join(folder, 'cni'), { recursive: true });
  const files: Record<NodeFile, string> = {
    'cni/10-berth.conflist': JSON.stringify(cni(node)),
    'containerd.toml': containerd(node, binaries, runc),
    'kubelet.json': JSON.stringify(kubelet(node)),
    'proxy.json': JSON.stringify(proxy(node)),
    'resolv.conf': '# No name server: nothing in the cluster asks outside it.\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.fromEntries(Object.keys(files).map((name) => [name, join(folder, name)])) as typeof files;
}

type NodeFile = 'cni/10-berth.conflist' | 'containerd.toml' | 'kubelet.json' | 'proxy.json' | 'resolv.conf';

const cni = ({ pods, folder }: Node) => ({
  cniVersion: '1.0.0',
  name: 'berth',
  plugins: [
    {
      type: 'bridge',
      bridge: 'berth-pods',
      isGateway: true,
      hairpinMode: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: join(folder, 'run/addresses'),
        ranges: [[{ subnet: pods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

const kubelet = ({ name, address, folder, containerdSocket }: Node) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: pki('ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: pki(`${name}-server.crt`),
  tlsPrivateKeyFile: pki(`${name}-server.key`),
  cgroupDriver: 'cgroupfs',
  // Every pod is below one group of ours, so that `cluster:down` finds them all.
  cgroupRoot: `/${name}`,
  failCgroupV1: false,
  failSwapOn: false,
  containerRuntimeEndpoint: `unix://${containerdSocket}`,
  clusterDNS: [ADDRESSES.dns],
  clusterDomain: 'cluster.local',
  resolvConf: join(folder, 'etc/resolv.conf'),
  podLogsDir: join(folder, 'logs'),
  volumePluginDir: join(folder, 'kubelet/volume-plugins'),
  healthzBindAddress: '127.0.0.1',
  // The disk is shared with everything else on the machine: how full it is says nothing about this cluster.
  imageGCHighThresholdPercent: 100,
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1%',
    'imagefs.available': '1%',
    'nodefs.inodesFree': '1%',
  },
  // Lowering the score of a process needs a capability that containers and some machines do not have.
  oomScoreAdj: 0,
  maxPods: 110,
  serializeImagePulls: false,
  nodeStatusUpdateFrequency: '5s',
});

const proxy = ({ name, address }: Node) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: pki('proxy.kubeconfig') },
  hostnameOverride: name,
  clusterCIDR: ADDRESSES.pods,
  detectLocalMode: 'ClusterCIDR',
  nodePortAddresses: [`${address}/32`],
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
  conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});

const SCHEDULER = {
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  clientConnection: { kubeconfig: pki('scheduler.kubeconfig') },
  leaderElection: { leaderElect: false },
};

function containerd({ folder, containerdSocket }: Node, binaries: string, runc: string): string {
  const at = (name: string) => join(folder, name);
  return `version = 3
root = "${at('containerd')}"
state = "${at('run/containerd')}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${containerdSocket}"
[ttrpc]
  address = "${at('run/containerd.ttrpc.sock')}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${SYSTEM_IMAGES.pause}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  # Under /run/netns a later mount could hide the pods' namespaces.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${binaries}"]
    conf_dir = "${at('etc/cni')}"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      runtime_path = "${join(binaries, 'containerd-shim-runc-v2')}"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "${runc}"
        SystemdCgroup = false
        Root = "${at('run/runc')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${at('containerd-opt')}"
`;
}
