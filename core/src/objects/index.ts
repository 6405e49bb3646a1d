export {
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
export { DEFAULT_CONFIG, type Manifest, type PlainConfig, plainManifests } from './plain-manifests.ts';
export { makePodTemplate } from './pod-template.ts';
export type { CpuScaling, KubeObject, Resources, ServingWorkload, Spread, WorkloadPort } from './workload.ts';
