/** The part of an image's configuration that says how it runs. */
export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

export interface Confinement {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cgroup: string;
  readonly memoryBytes: number;
}

/**
 * The OCI runtime specification of an image under Kubernetes' restricted pod security: read-only root, no capability,
 * no way to gain one. The network is the machine's, so that a test reaches the ports without setting up a bridge.
 */
export function runtimeSpec(image: ImageConfig, { root, env, cgroup, memoryBytes }: Confinement): object {
  const [uid, gid] = image.User.split(':').map(Number);
  const none: readonly string[] = [];
  const safe = ['nosuid', 'noexec', 'nodev'];
  return {
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    process: {
      args: [...image.Entrypoint, ...image.Cmd],
      cwd: image.WorkingDir,
      env: [...image.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      user: { uid, gid },
      noNewPrivileges: true,
      capabilities: { bounding: none, effective: none, inheritable: none, permitted: none, ambient: none },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...safe, 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...safe, 'ro'] },
    ],
    linux: {
      cgroupsPath: cgroup,
      resources: { memory: { limit: memoryBytes } },
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
    },
  };
}
