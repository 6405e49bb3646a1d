import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_IMAGES } from './images.ts';
import { ADDRESSES, NODE, PATHS } from './paths.ts';

const pki = (name: string) => join(PATHS.pki, name);
const state = (name: string) => join(PATHS.state, name);

/** The configuration files of the programs, by name; all are JSON, which is YAML, but for containerd's TOML. */
export function writeConfiguration(binaries: string, runc: string): Readonly<Record<ConfigurationFile, string>> {
  const folder = state('etc');
  mkdirSync(join(folder, 'cni'), { recursive: true });
  const files: Record<ConfigurationFile, string> = {
    'cni/10-berth.conflist': JSON.stringify(CNI),
    'containerd.toml': containerd(binaries, runc),
    'kubelet.json': JSON.stringify(KUBELET),
    'proxy.json': JSON.stringify(PROXY),
    'scheduler.json': JSON.stringify(SCHEDULER),
    'resolv.conf': '# No name server: nothing in the cluster asks outside it.\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.fromEntries(Object.keys(files).map((name) => [name, join(folder, name)])) as typeof files;
}

type ConfigurationFile =
  | 'cni/10-berth.conflist'
  | 'containerd.toml'
  | 'kubelet.json'
  | 'proxy.json'
  | 'scheduler.json'
  | 'resolv.conf';

const CNI = {
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
        dataDir: state('run/cni-addresses'),
        ranges: [[{ subnet: ADDRESSES.nodePods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: ADDRESSES.node,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: pki('ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: pki('kubelet-server.crt'),
  tlsPrivateKeyFile: pki('kubelet-server.key'),
  cgroupDriver: 'cgroupfs',
  // Every pod is below one group of ours, so that `cluster:down` finds them all.
  cgroupRoot: `/${NODE}`,
  failCgroupV1: false,
  failSwapOn: false,
  containerRuntimeEndpoint: `unix://${PATHS.containerdSocket}`,
  clusterDNS: [ADDRESSES.dns],
  clusterDomain: 'cluster.local',
  resolvConf: state('etc/resolv.conf'),
  podLogsDir: state('logs'),
  volumePluginDir: state('kubelet/volume-plugins'),
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
};

const PROXY = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: pki('proxy.kubeconfig') },
  hostnameOverride: NODE,
  clusterCIDR: ADDRESSES.nodePods,
  detectLocalMode: 'ClusterCIDR',
  nodePortAddresses: [`${ADDRESSES.node}/32`],
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
  conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
};

const SCHEDULER = {
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  clientConnection: { kubeconfig: pki('scheduler.kubeconfig') },
  leaderElection: { leaderElect: false },
};

function containerd(binaries: string, runc: string): string {
  return `version = 3
root = "${state('containerd')}"
state = "${state('run/containerd')}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${PATHS.containerdSocket}"
[ttrpc]
  address = "${state('run/containerd.ttrpc.sock')}"
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
    conf_dir = "${state('etc/cni')}"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      runtime_path = "${join(binaries, 'containerd-shim-runc-v2')}"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "${runc}"
        SystemdCgroup = false
        Root = "${state('run/runc')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${state('containerd-opt')}"
`;
}
