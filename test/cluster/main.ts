import { KUBERNETES, type Minor } from './binaries.ts';
import { down, status, up } from './cluster.ts';

// `npm run cluster:up | cluster:down | cluster:status`.
const [command, minor = '1.37', ...more] = process.argv.slice(2);
const isMinor = (text: string): text is Minor => Object.hasOwn(KUBERNETES, text);

if (more.length > 0 || !isMinor(minor) || !['up', 'down', 'status'].includes(command ?? '')) {
  console.error(`usage: up|down|status [${Object.keys(KUBERNETES).join('|')}]`);
  process.exitCode = 2;
} else {
  try {
    if (command === 'up') await up(minor, console.log);
    else if (command === 'down') await down(console.log);
    else process.exitCode = status(console.log) ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
