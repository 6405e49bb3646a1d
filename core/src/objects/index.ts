export {
  makeConfigMap,
  makeDeployment,
  makeHorizontalPodAutoscaler,
  makeNetworkPolicy,
  makePodDisruptionBudget,
  makeService,
  makeServiceAccount,
} from './parts.ts';
export { type Manifest, plainManifests } from './plain-manifests.ts';
export { makePodTemplate } from './pod-template.ts';
export type { CpuScaling, KubeObject, Resources, ServingWorkload, WorkloadPort } from './workload.ts';
