import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSchema } from '@berth/chassis/config';
import { DEFAULT_CONFIG, type Manifest, type PlainConfig, plainManifests } from '@berth/core/objects';
import { problemsIn } from '@berth/core/schema';
import { SERVER_SETTINGS } from '@berth/serving';
import { Document, isMap, isScalar, parse } from 'yaml';
import packageJson from '../package.json' with { type: 'json' };

const configMap = join(import.meta.dirname, '../k8s/configmap.yaml');

/** The configuration in `k8s/configmap.yaml`: of the generated files the one that people change. */
export function presentConfig(): string {
  if (!existsSync(configMap)) return DEFAULT_CONFIG;
  const text: unknown = parse(readFileSync(configMap, 'utf8'))?.data?.['config.yaml'];
  return typeof text === 'string' ? text : DEFAULT_CONFIG;
}

/**
 * The files of `k8s/` with this configuration, by path.
 * @throws Error that names every setting in it that the server would refuse
 */
export function manifestTexts(configYaml: string): Readonly<Record<string, string>> {
  const config: PlainConfig = { yaml: configYaml, checksum: restartChecksum(configYaml) };
  const manifests = plainManifests(packageJson.version, config);
  return Object.fromEntries(manifests.map((manifest) => [`k8s/${manifest.file}`, manifestText(manifest)]));
}

/** Changes when a setting changes that running pods do not take over: then they have to be replaced. */
function restartChecksum(configYaml: string): string {
  const config: unknown = parse(configYaml) ?? {};
  const problems = problemsIn(fileSchema(SERVER_SETTINGS), config);
  if (problems.length > 0) {
    const lines = problems.map(({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`);
    throw new Error(`k8s/configmap.yaml, config.yaml: ${lines.join('; ')}`);
  }
  const reloads = (name: string) => 'reloads' in SERVER_SETTINGS[name as keyof typeof SERVER_SETTINGS];
  const lasting = Object.entries(config as object).filter(([name]) => !reloads(name));
  return createHash('sha256').update(JSON.stringify(lasting.sort())).digest('hex').slice(0, 16);
}

/** A manifest as YAML, each comment above the field that it speaks of. */
function manifestText({ object, comments }: Manifest): string {
  const document = new Document(object, { aliasDuplicateObjects: false });
  for (const [path, comment] of Object.entries(comments)) {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const parent = document.getIn(steps.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === steps.at(-1))
      : undefined;
    if (pair === undefined || !isScalar(pair.key)) throw new Error(`${object.kind} has no ${path} to comment on`);
    pair.key.commentBefore = ` ${comment}`;
  }
  return `# Made by npm run generate from core/src/objects; change it there.\n${document.toString({ lineWidth: 0 })}`;
}
