import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asTyped } from '../docs/typed.ts';
import { OUTPUT, type Scene, top } from './scenario.ts';

const LONGEST_MS = 300_000;

export type Terminal = ReturnType<typeof openTerminal>;

/** A terminal at a checkout, whose kubectl means the scene's namespace; what is typed and shown is written down. */
export function openTerminal(scene: Scene, checkout = top) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-terminal-'));
  const kubeconfig = join(folder, 'kubeconfig');
  copyFileSync(process.env.KUBECONFIG ?? join(process.env.HOME ?? '', '.kube/config'), kubeconfig);
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const context = ['config', 'set-context', scene.context, `--namespace=${scene.namespace}`];
  execFileSync('kubectl', context, { env });
  execFileSync('kubectl', ['config', 'use-context', scene.context], { env });
  mkdirSync(OUTPUT, { recursive: true });
  const transcript: string[] = [];
  const note = (command: string, shown: string) => {
    // What is typed again stands there once.
    if (transcript.at(-1)?.startsWith(`$ ${command}\n`)) transcript.pop();
    transcript.push(`$ ${command}\n${shown.trimEnd()}\n`);
    writeFileSync(join(OUTPUT, `${scene.namespace}.txt`), transcript.join('\n'));
  };
  return {
    /** @throws Error with what was shown, when a command fails */
    type: (command: string): string => {
      try {
        const shown = execFileSync('bash', asTyped(command), {
          cwd: checkout,
          env,
          encoding: 'utf8',
          timeout: LONGEST_MS,
        });
        note(command, shown);
        return shown;
      } catch (error) {
        const { stdout } = error as { stdout?: string };
        note(command, stdout ?? '');
        throw new Error(`"${command}" failed:\n${stdout}`, { cause: error });
      }
    },
    /** Types a command that goes on by itself, until it has shown what it should; gives what ends it. */
    watch: async (command: string, isEnough: (shown: string) => boolean, afterwards: 'end' | 'go on' = 'end') => {
      const child = spawn('bash', ['-c', `exec ${command}`], {
        cwd: checkout,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
      });
      const end = async () => {
        if (child.exitCode === null && child.kill('SIGINT')) await once(child, 'exit');
      };
      try {
        await scene.until(`${command} has shown enough`, async () => isEnough(shown), 120);
      } catch (error) {
        await end();
        throw new Error(`${(error as Error).message}; it showed:\n${shown}`);
      }
      note(command, shown);
      if (afterwards === 'end') await end();
      return end;
    },
    end: () => {
      for (const line of transcript.join('\n').split('\n')) scene.say(line);
      rmSync(folder, { recursive: true });
    },
  };
}
