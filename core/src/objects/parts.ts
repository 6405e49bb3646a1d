import { makePodTemplate } from './pod-template.ts';
import { type CpuScaling, commonLabels, type KubeObject, type ServingWorkload, selectorLabels } from './workload.ts';

/** The pods' identity. It may do nothing, and its token is not even mounted. */
export function makeServiceAccount(workload: ServingWorkload): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    automountServiceAccountToken: false,
  };
}

export function makeConfigMap(workload: ServingWorkload, configYaml: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: workload.configMap, labels: commonLabels(workload) },
    data: { 'config.yaml': configYaml },
  };
}

/**
 * The Deployment, without `replicas`: those belong to whoever scales, and a manifest that named them would reset them at
 * every apply.
 */
export function makeDeployment(workload: ServingWorkload, configChecksum: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: 120,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selectorLabels(workload) },
      template: makePodTemplate(workload, configChecksum),
    },
  };
}

export function makeService(workload: ServingWorkload): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      selector: selectorLabels(workload),
      ports: workload.ports.map(({ name, servicePort }) => ({ name, port: servicePort, targetPort: name })),
    },
  };
}

/** Kubernetes' own autoscaler on CPU: growth at once, shrinking by one pod a minute. */
export function makeHorizontalPodAutoscaler(workload: ServingWorkload, scaling: CpuScaling): KubeObject {
  const { minReplicas, maxReplicas, targetPercent } = scaling;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetPercent } },
        },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 60,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
  };
}

/** Of the pods that run, an eviction (a drained node) takes one at a time; one that is not ready keeps no node. */
export function makePodDisruptionBudget(workload: ServingWorkload): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(workload) },
    },
  };
}

/** Predictions from anywhere, metrics to Prometheus, and, as no egress is listed, nothing out: the server asks nobody. */
export function makeNetworkPolicy(workload: ServingWorkload): KubeObject {
  const tcp = (port: string) => ({ protocol: 'TCP', port });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      podSelector: { matchLabels: selectorLabels(workload) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { ports: workload.ports.map(({ name }) => tcp(name)) },
        {
          from: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } }],
          ports: [tcp('metrics')],
        },
      ],
    },
  };
}

/** An example of the Secret with API keys: nobody can have the key of these zeros. */
export function makeKeysSecret(workload: ServingWorkload): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: workload.keysSecret, labels: commonLabels(workload) },
    stringData: { keys: `# name, hash of the key, models\nexample sha256:${'0'.repeat(64)} iris,digits\n` },
  };
}

/** The Service behind an Ingress, under a host name of one's own. */
export function makeIngress(workload: ServingWorkload, host: string): KubeObject {
  const [port] = workload.ports;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      rules: [
        {
          host,
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: workload.name, port: { name: port?.name } } },
              },
            ],
          },
        },
      ],
    },
  };
}

/** The Service behind a Gateway (https://gateway-api.sigs.k8s.io), under a host name of one's own. */
export function makeHttpRoute(workload: ServingWorkload, host: string, gateway: string): KubeObject {
  const [port] = workload.ports;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: workload.name, labels: commonLabels(workload) },
    spec: {
      parentRefs: [{ name: gateway }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: workload.name, port: port?.servicePort }] }],
    },
  };
}
