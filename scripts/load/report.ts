import type { Second } from './generator.ts';

/** How many pods there were in a second of the load: wanted by whoever scales, and ready. */
export type Pods = { readonly replicas: number; readonly ready: number };
export type Row = Second & { readonly pods?: Pods | undefined };

/** What stands in a row of the table, and beneath it for all. */
export type Summary = {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Latencies in ms; NaN when nothing was answered. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

export function summaryOf(seconds: readonly Second[]): Summary {
  const latencies = seconds.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
  const sent = seconds.reduce((sum, { sent }) => sum + sent, 0);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  const [p50, p99, max] = [at(0.5), at(0.99), at(1)];
  return { sent, answered: latencies.length, failed: sent - latencies.length, p50, p99, max };
}

/** What happened to the requests that failed, such as `3 × ECONNRESET`. */
export function failuresOf(seconds: readonly Second[]): string {
  const counts = new Map<string, number>();
  for (const { failed } of seconds) {
    for (const [what, count] of Object.entries(failed)) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ');
}

const COLUMNS = ['time', 'sent', 'answered', 'failed', 'p50 ms', 'p99 ms', 'max ms', 'replicas', 'ready'];

export const HEADER = line(COLUMNS);

/** A row of the table for these seconds, with the pods of the last. */
export function rowOf(seconds: readonly Row[]): string {
  const last = seconds.at(-1);
  const { sent, answered, failed, p50, p99, max } = summaryOf(seconds);
  const pods = last?.pods ? [last.pods.replicas, last.pods.ready] : ['', ''];
  return line([`${(last?.second ?? 0) + 1} s`, sent, answered, failed, ms(p50), ms(p99), ms(max), ...pods]);
}

function line(cells: readonly (string | number)[]): string {
  return cells
    .map((cell) => String(cell).padStart(9))
    .join('')
    .trimEnd();
}

function ms(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(1);
}

const WIDTH = 900;
const LEFT = 70;
const PANEL = 150;
const GAP = 50;

type Curve = { readonly name: string; readonly colour: string; readonly values: readonly number[] };

/** The load over time as a picture (SVG): requests, latency, and pods when they were watched. */
export function drawPicture(title: string, rows: readonly Row[]): string {
  const each = rows.map((row) => summaryOf([row]));
  const panels: readonly { readonly title: string; readonly curves: readonly Curve[] }[] = [
    {
      title: 'requests in a second',
      curves: [
        { name: 'sent', colour: '#888888', values: each.map(({ sent }) => sent) },
        { name: 'answered', colour: '#1f77b4', values: each.map(({ answered }) => answered) },
        { name: 'failed', colour: '#d62728', values: each.map(({ failed }) => failed) },
      ],
    },
    {
      title: 'latency in ms',
      curves: [
        { name: 'p99', colour: '#ff7f0e', values: each.map(({ p99 }) => p99) },
        { name: 'p50', colour: '#2ca02c', values: each.map(({ p50 }) => p50) },
      ],
    },
    {
      title: 'pods',
      curves: [
        { name: 'replicas', colour: '#888888', values: rows.map(({ pods }) => pods?.replicas ?? NaN) },
        { name: 'ready', colour: '#9467bd', values: rows.map(({ pods }) => pods?.ready ?? NaN) },
      ],
    },
  ];
  const shown = panels.filter(({ curves }) =>
    curves.some(({ values }) => values.some((value) => !Number.isNaN(value))),
  );
  const height = 40 + shown.length * (PANEL + GAP);
  const seconds = Math.max(1, (rows.at(-1)?.second ?? 0) + 1);
  const drawn = shown.map(({ title, curves }, index) => drawPanel(title, curves, seconds, 60 + index * (PANEL + GAP)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 22, title, 'font-size="15" font-weight="bold"'),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(title: string, curves: readonly Curve[], seconds: number, top: number): string {
  const right = WIDTH - 20;
  const bottom = top + PANEL;
  const highest = Math.max(1, ...curves.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value))));
  const x = (second: number) => (LEFT + (second / seconds) * (right - LEFT)).toFixed(1);
  const y = (value: number) => (bottom - (value / highest) * PANEL).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * seconds));
  const legend = curves.map(({ name, colour }, index) =>
    text(right - 80 * (curves.length - index) + 10, top - 8, name, `fill="${colour}"`),
  );
  return [
    text(LEFT, top - 8, title),
    ...legend,
    `<path d="M${LEFT} ${top}V${bottom}H${right}" fill="none" stroke="#333333"/>`,
    ...[0, highest].map((value) => text(LEFT - 8, Number(y(value)) + 4, short(value), 'text-anchor="end"')),
    ...ticks.map((second) => text(Number(x(second)), bottom + 16, `${second} s`, 'text-anchor="middle"')),
    ...curves.map(({ colour, values }) => {
      const path = values
        .map((value, index) => (Number.isNaN(value) ? '' : `${x(index + 0.5)},${y(value)}`))
        .filter(Boolean);
      return `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    }),
  ].join('\n');
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Math.round(value * 10) / 10);
}

function text(x: number, y: number, content: string, more = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${more}>${escaped}</text>`;
}
