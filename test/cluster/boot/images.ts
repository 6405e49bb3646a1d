import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from './paths.ts';

const buildah = join(PATHS.sources, '../../images/buildah.sh');

/** The images that the cluster itself runs: made of its own binaries, from nothing. */
export const SYSTEM_IMAGES = { pause: 'berth.local/pause:1', 'add-ons': 'berth.local/add-ons:1' } as const;

const LINKS: Readonly<Record<keyof typeof SYSTEM_IMAGES, readonly string[]>> = {
  pause: [],
  'add-ons': ['coredns', 'metrics-server'],
};

/** The archives of the system images, beside the binaries they are made of. */
export function systemArchives(binaries: string): readonly string[] {
  return (Object.keys(SYSTEM_IMAGES) as (keyof typeof SYSTEM_IMAGES)[]).map((name) => {
    const archive = join(binaries, `${name}.tar`);
    if (!existsSync(archive)) makeArchive(name, join(binaries, name), archive);
    return archive;
  });
}

function makeArchive(name: keyof typeof SYSTEM_IMAGES, binary: string, archive: string): void {
  const context = mkdtempSync(join(tmpdir(), 'berth-image-'));
  try {
    const root = join(context, 'root');
    mkdirSync(root);
    copyFileSync(binary, join(root, name));
    for (const link of LINKS[name]) symlinkSync(name, join(root, link));
    writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nCOPY root/ /\nUSER 1000:1000\nENTRYPOINT ["/${name}"]\n`);
    run('bud', '--isolation', 'chroot', '--network', 'host', '--quiet', '--tag', SYSTEM_IMAGES[name], context);
    run('push', '--quiet', SYSTEM_IMAGES[name], `docker-archive:${archive}:${SYSTEM_IMAGES[name]}`);
  } finally {
    rmSync(context, { recursive: true });
  }
}

function run(...args: string[]): void {
  execFileSync(buildah, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
