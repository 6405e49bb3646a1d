/** What the container may use; `undefined` where there is no limit. */
export type ContainerLimits = { readonly cpuCores: number | undefined; readonly memoryBytes: number | undefined };

/** Reads a file of the kernel's, or gives `undefined` where it is not there. */
export type ReadFile = (path: string) => string | undefined;

const ROOT = '/sys/fs/cgroup';

/**
 * The limits that Linux control groups set on this process, version 2 or 1: the least of its own group and all groups
 * above it. https://docs.kernel.org/admin-guide/cgroup-v2.html ("cpu.max", "memory.max").
 */
export function readLimits(read: ReadFile): ContainerLimits {
  const groups = parseGroups(read('/proc/self/cgroup') ?? '');
  const cpu: (number | undefined)[] = [];
  const memory: (number | undefined)[] = [];
  for (const path of upwards(groups.get('') ?? '/')) {
    const [quota, period] = read(`${ROOT}${path}/cpu.max`)?.split(' ') ?? [];
    cpu.push(quotaOf(quota, period));
    memory.push(bytesOf(read(`${ROOT}${path}/memory.max`)));
  }
  for (const path of upwards(groups.get('cpu') ?? '/')) {
    const folder = `${ROOT}/cpu${path}`;
    cpu.push(quotaOf(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)));
  }
  for (const path of upwards(groups.get('memory') ?? '/')) {
    memory.push(bytesOf(read(`${ROOT}/memory${path}/memory.limit_in_bytes`)));
  }
  return { cpuCores: least(cpu), memoryBytes: least(memory) };
}

/** `/proc/self/cgroup`: `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1. */
function parseGroups(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const controller of controllers?.split(',') ?? []) groups.set(controller, path as string);
  }
  return groups;
}

/** `/a/b` → `/a/b`, `/a`, and the root. In a container the root is the container's own group. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, dropped) => {
    const kept = parts.slice(0, parts.length - dropped);
    return kept.length === 0 ? '' : `/${kept.join('/')}`;
  });
}

function quotaOf(quota: string | undefined, period: string | undefined): number | undefined {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : undefined;
}

function bytesOf(text: string | undefined): number | undefined {
  const bytes = Number(text?.trim() || Number.NaN);
  // Version 1 writes "no limit" as the largest multiple of a page.
  return Number.isFinite(bytes) && bytes < 2 ** 60 ? bytes : undefined;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const limits = values.filter((value) => value !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}
