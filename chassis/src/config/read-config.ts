import {
  type Checked,
  check,
  closest,
  expectation,
  type Problem,
  problemsIn,
  type Schema,
  shown,
} from '@berth/core/schema';
import { type ConfigOf, environmentOf, flagOf, type Setting, type Settings } from './settings.ts';

const PREFIX = environmentOf('');

// Kubernetes tells every pod where every Service of its namespace is, under the Service's name
// (https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables). Where that name
// begins like ours, so do these: a Service "berth-http" sets BERTH_HTTP_PORT to tcp://10.0.0.1:80.
const SERVICE_VARIABLE = /_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/;
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where values come from, the strongest first: flags, then the environment, then the file. */
export type ConfigSources = {
  readonly flags: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** The parsed YAML file; `undefined` where there is none. */
  readonly file: unknown;
};

/** Reads a configuration from all its sources and reports every problem of every source at once. */
export function readConfig<S extends Settings>(settings: S, sources: ConfigSources): Checked<ConfigOf<S>> {
  const problems: Problem[] = [];
  // An empty file is an empty configuration: YAML parses it as null.
  const document = sources.file ?? {};
  const fileProblems = problemsIn(fileSchema(settings), document);
  problems.push(...fileProblems);
  const file = fileProblems.length === 0 ? (document as Record<string, unknown>) : {};

  for (const flag of Object.keys(sources.flags)) {
    if (!Object.hasOwn(settings, flag)) problems.push(unknownFlag(settings, flag));
  }
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const flag = sources.flags[key];
    const variable = variableFor(key, setting, sources.environment);
    if (flag !== undefined) values[key] = fromText(setting, flag, flagOf(key), problems);
    else if (variable !== undefined) values[key] = fromText(setting, variable, environmentOf(key), problems);
    else values[key] = file[key] ?? setting.default;
  }
  return problems.length === 0 ? { ok: true, value: values as ConfigOf<S> } : { ok: false, problems };
}

/** The schema of the file form: an object with one optional field per setting. */
export function fileSchema(settings: Settings): Extract<Schema, { kind: 'object' }> {
  return { kind: 'object', about: 'The configuration file.', fields: settings };
}

/** Variables that begin like ours, are none of ours, and look like a slip of the pen, each with the name meant. */
export function mistypedVariables(
  settings: Settings,
  environment: Environment,
): readonly (readonly [string, string])[] {
  const known = Object.keys(settings).map((key) => environmentOf(key).slice(PREFIX.length));
  return Object.entries(environment).flatMap(([name, value = '']) => {
    const rest = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || known.includes(rest)) return [];
    if (SERVICE_VARIABLE.test(name) || SERVICE_ADDRESS.test(value)) return [];
    const meant = closest(rest, known);
    return meant === undefined ? [] : [[name, PREFIX + meant] as const];
  });
}

function variableFor(key: string, setting: Setting, environment: Environment): string | undefined {
  const value = environment[environmentOf(key)];
  // Charts and compose files write an empty variable for what is not set.
  if (value === '') return undefined;
  return setting.kind === 'integer' && value !== undefined && SERVICE_ADDRESS.test(value) ? undefined : value;
}

function fromText(setting: Setting, text: string, name: string, problems: Problem[]): unknown {
  const value = setting.kind === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;
  const checked = check(setting, value, name);
  if (checked.ok) return checked.value;
  problems.push({ field: name, expected: expectation(setting), found: shown(text) });
  return undefined;
}

function unknownFlag(settings: Settings, key: string): Problem {
  const nearest = closest(key, Object.keys(settings));
  return {
    field: flagOf(key),
    expected: nearest === undefined ? 'one of the options that --help lists' : `"${flagOf(nearest)}" perhaps`,
    found: 'an unknown option',
  };
}
