import {
  makeConfigMap,
  makeDeployment,
  makeHorizontalPodAutoscaler,
  makeHttpRoute,
  makeIngress,
  makeKeysSecret,
  makeNetworkPolicy,
  makePodDisruptionBudget,
  makeService,
  makeServiceAccount,
} from './parts.ts';
import type { CpuScaling, KubeObject, ServingWorkload, Spread } from './workload.ts';

/** A file of `k8s/`: its name, its object, and why its numbers are what they are, by path in the object. */
export type Manifest = {
  readonly file: string;
  readonly object: KubeObject;
  readonly comments: Readonly<Record<string, string>>;
};

const SCALING: CpuScaling = { minReplicas: 2, maxReplicas: 10, targetPercent: 70 };

/** What the plain manifests serve: the image's own example models. */
export function plainWorkload(version: string): ServingWorkload {
  return {
    name: 'model-serving',
    image: `localhost/berth-server:${version}`,
    ports: [{ name: 'http', servicePort: 80, containerPort: 8000 }],
    metricsPort: 8002,
    configMap: 'model-serving-config',
    keysSecret: 'model-serving-keys',
    spread: [{ topologyKey: 'kubernetes.io/hostname', otherwise: 'anywhere' }],
    resources: { requests: { cpuMillis: 250, memoryMib: 192 }, limits: { memoryMib: 512 } },
    serverGraceSeconds: 25,
  };
}

/** The configuration as it is before anyone changed it. */
export const DEFAULT_CONFIG = `# Taken over by running pods within a minute or two: logLevel and the limits. The rest takes effect when pods start:
# npm run generate, then kubectl apply -f k8s/. Every setting: docs/reference/configuration.md
logLevel: info
`;

/** The configuration file of the pods, and a digest of those settings in it that take effect when pods start. */
export type PlainConfig = { readonly yaml: string; readonly checksum: string };

/**
 * The manifests of `k8s/`, which need no operator and no resource definition, and those in folders beside, which are for
 * some clusters only.
 */
export function plainManifests(version: string, config: PlainConfig): readonly Manifest[] {
  const workload = plainWorkload(version);
  const container = 'spec.template.spec.containers.0';
  return [
    // kubectl applies a folder by the names of its files, and no pod is made before its account is there.
    { file: 'account.yaml', object: makeServiceAccount(workload), comments: {} },
    {
      file: 'configmap.yaml',
      object: makeConfigMap(workload, config.yaml),
      comments: { data: 'Yours to change: npm run generate keeps it, and has the pods replaced when they must be.' },
    },
    {
      file: 'deployment.yaml',
      object: makeDeployment(workload, config.checksum),
      comments: {
        spec: 'No replicas here: they belong to the HorizontalPodAutoscaler, and naming them would reset them at every apply.',
        'spec.progressDeadlineSeconds':
          'A pod is ready within seconds; a rollout that is not after two minutes has failed.',
        'spec.strategy.rollingUpdate': 'First a new pod is ready, then an old one goes: the capacity never falls.',
        'spec.template.spec.terminationGracePeriodSeconds':
          'The server ends within 25 s of SIGTERM; 5 s more for the kubelet.',
        'spec.template.spec.volumes.1.secret':
          'API keys (docs/guides/api-keys.md). Pods take the Secret over within a minute or two of its being made.',
        [`${container}.startupProbe`]: 'Loading large models takes minutes; until it is over nothing else is asked.',
        [`${container}.livenessProbe.terminationGracePeriodSeconds`]:
          'A server that hangs does not end in good order, however long it is given.',
        [`${container}.resources.requests`]:
          'Measured with the three example models: 147 MB resident under load. Five pods fit on a node of 2 CPUs.',
        [`${container}.resources.limits`]:
          'Measured: eight bodies of 3.6 MB at once took 381 MB. No CPU limit: throttled pods answer late.',
      },
    },
    { file: 'service.yaml', object: makeService(workload), comments: {} },
    {
      file: 'hpa.yaml',
      object: makeHorizontalPodAutoscaler(workload, SCALING),
      comments: {
        'spec.minReplicas': 'Two, so that one can fail or move while the other serves.',
        'spec.maxReplicas':
          'Ten, so that a mistake in the load does not fill the cluster; raise it to what yours can hold.',
        'spec.metrics':
          'Of the 250m that each pod requests: 70 % leaves room for the half minute that a new pod takes.',
        'spec.behavior.scaleUp': 'Growth at once: doubling, or four pods, every 15 s.',
        'spec.behavior.scaleDown': 'At most one pod a minute, and not below what the last minute needed.',
      },
    },
    { file: 'pdb.yaml', object: makePodDisruptionBudget(workload), comments: {} },
    {
      file: 'networkpolicy.yaml',
      object: makeNetworkPolicy(workload),
      comments: {
        'spec.policyTypes': 'No egress is listed below, so none is allowed: the server asks nobody, not even DNS.',
        'spec.ingress': 'Predictions from anywhere; metrics for pods named prometheus, in any namespace.',
      },
    },
    {
      file: 'keys/secret.yaml',
      object: makeKeysSecret(workload),
      comments: {
        'stringData.keys':
          'An example whose key nobody has: make yours with berth keys new. With this Secret no request is answered without a key.',
      },
    },
    {
      file: 'ingress/ingress.yaml',
      object: makeIngress(workload, HOST),
      comments: {
        spec: 'Where the cluster has several Ingress controllers, name yours: ingressClassName.',
        'spec.rules': `Your own host name instead of ${HOST}; add tls where it is reached from outside.`,
      },
    },
    {
      file: 'gateway/httproute.yaml',
      object: makeHttpRoute(workload, HOST, 'gateway'),
      comments: {
        'spec.parentRefs': 'The Gateway of your cluster, in this namespace or with a namespace beside its name.',
        'spec.hostnames': `Your own host name instead of ${HOST}.`,
      },
    },
    {
      file: 'zones/deployment.yaml',
      object: makeDeployment({ ...workload, spread: [...ZONES, ...workload.spread] }, config.checksum),
      comments: {
        'spec.template.spec.topologySpreadConstraints':
          'As ../deployment.yaml, and no zone has two pods more than another: a pod that would break that waits.',
      },
    },
  ];
}

const HOST = 'models.example.com';
const ZONES: readonly Spread[] = [{ topologyKey: 'topology.kubernetes.io/zone', otherwise: 'wait' }];
