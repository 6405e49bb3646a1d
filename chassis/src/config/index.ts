export { type ParsedArguments, parseFlags } from './parse-flags.ts';
export { type ConfigSources, type Environment, fileSchema, mistypedVariables, readConfig } from './read-config.ts';
export { readYaml } from './read-yaml.ts';
export {
  type ConfigOf,
  environmentOf,
  flagOf,
  helpText,
  referenceTable,
  type Setting,
  type Settings,
} from './settings.ts';
export { watchFile, watchFolder } from './watch.ts';
