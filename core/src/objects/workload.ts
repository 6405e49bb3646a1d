/** A port of a workload: what clients of the Service use, and where the container listens. */
export type WorkloadPort = { readonly name: string; readonly servicePort: number; readonly containerPort: number };

/** CPU in thousandths of a core, memory in MiB. */
export type Resources = {
  readonly requests: { readonly cpuMillis: number; readonly memoryMib: number };
  /** No limit on CPU: a pod that is throttled answers late, and the request already divides the node. */
  readonly limits: { readonly memoryMib: number };
};

/** A node label whose values share the pods evenly: where that cannot be, a pod waits, or goes anywhere. */
export type Spread = { readonly topologyKey: string; readonly otherwise: 'wait' | 'anywhere' };

/**
 * Pods that serve models, whoever asked for them: what the builders of Kubernetes objects need to know. Plain manifests
 * make theirs from constants.
 */
export type ServingWorkload = {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly WorkloadPort[];
  /** Where probes and Prometheus ask. */
  readonly metricsPort: number;
  readonly configMap: string;
  /** The Secret with the files of API keys. While it is not there, none are asked for. */
  readonly keysSecret: string;
  /** Over what the pods are spread, the most important first. */
  readonly spread: readonly Spread[];
  readonly resources: Resources;
  /** How long the server takes after SIGTERM at the most, in seconds; the pod's grace period is longer. */
  readonly serverGraceSeconds: number;
};

/** How many pods there are, and the load at which there should be more. */
export type CpuScaling = {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Mean use of the CPU that the pods request, in percent. */
  readonly targetPercent: number;
};

/** An object as Kubernetes' API takes it. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** The labels that pick a workload's pods. They never change: a Deployment's selector cannot. */
export function selectorLabels({ name }: Pick<ServingWorkload, 'name'>): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name };
}

/** The labels of everything that belongs to a workload. */
export function commonLabels(workload: Pick<ServingWorkload, 'name'>): Readonly<Record<string, string>> {
  return { ...selectorLabels(workload), 'app.kubernetes.io/part-of': 'berth' };
}
