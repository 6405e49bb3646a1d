import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { PATHS } from './boot/paths.ts';
import type { Cluster } from './cluster.ts';

const top = join(import.meta.dirname, '../..');

/** The image that the manifests say, and another name of it, for a rollout of a new image. */
export const SERVER_IMAGE = `localhost/berth-server:${packageJson.version}`;
export const NEXT_IMAGE = `${SERVER_IMAGE}-next`;

/**
 * Builds the image from the real Dockerfile, and brings it to the nodes under both names. To a cluster that is named people
 * bring them: scripts/build-images --image NAME.
 */
export function loadServerImages({ loadImage }: Cluster): void {
  if (!loadImage) {
    console.log(`its nodes have to have ${SERVER_IMAGE} and ${NEXT_IMAGE}: scripts/build-images --image NAME`);
    return;
  }
  execFileSync(join(top, 'test/images/build.sh'), { stdio: ['ignore', 'inherit', 'inherit'] });
  const archive = join(PATHS.cache, 'berth-server.tar');
  for (const name of [SERVER_IMAGE, NEXT_IMAGE]) {
    rmSync(archive, { force: true });
    const args = ['push', '--quiet', SERVER_IMAGE, `docker-archive:${archive}:${name}`];
    execFileSync(join(top, 'test/images/buildah.sh'), args);
    loadImage(archive);
  }
  rmSync(archive, { force: true });
}
