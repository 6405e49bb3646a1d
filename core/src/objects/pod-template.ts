import { commonLabels, type ServingWorkload, selectorLabels } from './workload.ts';

/** The user and group of the image: nobody's, without a name on any node. */
const USER = 65532;

/**
 * The pods of a workload: one container, admitted under the restricted Pod Security Standard
 * (https://kubernetes.io/docs/concepts/security/pod-security-standards/). `configChecksum` rolls the pods when a setting
 * changes that takes effect at restart.
 */
export function makePodTemplate(workload: ServingWorkload, configChecksum: string) {
  return {
    metadata: {
      labels: commonLabels(workload),
      annotations: { 'berth.dev/config-checksum': configChecksum },
    },
    spec: {
      serviceAccountName: workload.name,
      automountServiceAccountToken: false,
      // Variables of Services that begin with BERTH_ would be taken for settings.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: workload.serverGraceSeconds + 5,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      topologySpreadConstraints: workload.spread.map(({ topologyKey, otherwise }) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: otherwise === 'wait' ? 'DoNotSchedule' : 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorLabels(workload) },
        // Of each revision by itself: otherwise the pods that a rollout takes away would push the new ones aside.
        matchLabelKeys: ['pod-template-hash'],
      })),
      containers: [makeContainer(workload)],
      volumes: [
        { name: 'config', configMap: { name: workload.configMap } },
        { name: 'keys', secret: { secretName: workload.keysSecret, optional: true } },
      ],
    },
  };
}

function makeContainer({ image, ports, metricsPort, resources }: ServingWorkload) {
  const { requests, limits } = resources;
  return {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [
      ...ports.map(({ name, containerPort }) => ({ name, containerPort })),
      { name: 'metrics', containerPort: metricsPort },
    ],
    ...probes(),
    resources: {
      requests: { cpu: `${requests.cpuMillis}m`, memory: `${requests.memoryMib}Mi` },
      limits: { memory: `${limits.memoryMib}Mi` },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/berth', readOnly: true },
      // The kubelet makes the folder for it inside the other volume.
      { name: 'keys', mountPath: '/etc/berth/keys', readOnly: true },
    ],
  };
}

/**
 * | probe     | asks       | gives up after   | and then                                        |
 * | startup   | every s    | 10 min           | the container is started again                  |
 * | readiness | every 2 s  | 2 misses, 4 s    | no requests until it answers yes                |
 * | liveness  | every 10 s | 3 misses, 30 s   | the container is started again                  |
 *
 * The server fails liveness itself when a run stands still for 30 s; the misses are for a loop that does not turn.
 */
function probes() {
  const ask = (path: string) => ({ httpGet: { path, port: 'metrics' } });
  return {
    startupProbe: { ...ask('/startupz'), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 600 },
    readinessProbe: { ...ask('/readyz'), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    livenessProbe: {
      ...ask('/livez'),
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
      terminationGracePeriodSeconds: 10,
    },
  };
}
