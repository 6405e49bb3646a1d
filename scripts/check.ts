import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

// `npm run check`: what can be said of the sources without running them. Every finding is printed; the exit code is 1
// when there is one.
const top = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: top,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(top, file)));

const checks: readonly (readonly [name: string, run: () => readonly string[]])[] = [
  ['format and lint', () => tool('biome', ['ci', '--error-on-warnings', '--colors=off', '.'])],
  ['types', () => tool('tsc', ['--project', '.'])],
  ['dependency arrows', arrows],
  ['generated pages', () => tool('node', ['scripts/generate.ts', '--check'])],
  ['links in documents', links],
];

let findings = 0;
for (const [name, run] of checks) {
  const found = run();
  findings += found.length;
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const line of found) console.log(`     ${line.replaceAll('\n', '\n     ')}`);
}
process.exitCode = findings === 0 ? 0 : 1;

function tool(name: string, args: readonly string[]): readonly string[] {
  try {
    execFileSync(join(top, 'node_modules/.bin', name), args, { cwd: top, encoding: 'utf8', stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
    return [`${stdout ?? ''}${stderr ?? ''}`.trim() || message];
  }
}

/** The table of docs/architecture.md: which folder may import which, and which packages. */
function arrows(): readonly string[] {
  const ALLOWED: Readonly<Record<string, readonly string[]>> = {
    core: [],
    chassis: ['@berth/core', 'yaml'],
    serving: ['@berth/core', '@berth/chassis', 'onnxruntime-node'],
    cli: ['@berth/core', '@berth/chassis', '@berth/serving'],
  };
  return files
    .filter((file) => /^(core|chassis|serving|cli)\/.*\.ts$/.test(file))
    .flatMap((file) => {
      const room = file.split('/')[0] as string;
      const isTest = /\.test\.ts$|\/testing\b|\/conformance\.ts$|rest-client\.ts$/.test(file);
      return importsOf(readFileSync(join(top, file), 'utf8')).flatMap((specifier) => {
        if (specifier.startsWith('.')) {
          const target = relative(top, join(top, dirname(file), specifier));
          return target.startsWith(`${room}/`) ? [] : [`${file} imports ${target} by its path`];
        }
        if (specifier.startsWith('node:')) return room === 'core' && !isTest ? [`${file} imports ${specifier}`] : [];
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        const isAllowed = ALLOWED[room]?.includes(name) || (isTest && name === 'fast-check');
        return isAllowed ? [] : [`${file} imports ${specifier}, which ${room}/ may not`];
      });
    });
}

function importsOf(source: string): string[] {
  const matches = source.matchAll(
    /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|^import\s+['"]([^'"]+)['"]/gm,
  );
  return [...matches].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** Relative links of Markdown files lead to files that are there, and to headings that are there. */
function links(): readonly string[] {
  return files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const text = withoutCode(readFileSync(join(top, file), 'utf8'));
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
        if (link === undefined || /^[a-z]+:/.test(link)) return [];
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? join(top, file) : join(top, dirname(file), path);
        if (!existsSync(target)) return [`${file} links to ${link}, which is not there`];
        if (anchor === undefined || statSync(target).isDirectory()) return [];
        return headingsOf(target).includes(anchor) ? [] : [`${file} links to ${link}, which has no such heading`];
      });
    });
}

function headingsOf(file: string): string[] {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}
