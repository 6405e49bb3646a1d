import { flagOf, type ParsedArguments } from '@berth/chassis/config';
import { problemText } from '@berth/core/schema';

export type Options = {
  readonly asJson: boolean;
  /** What is wrong with the options, each in a sentence. */
  readonly wrong: readonly string[];
};

/** The options of a command that shows something: `--output`, and those that it knows besides. */
export function readOptions({ flags, problems }: ParsedArguments, known: readonly string[] = []): Options {
  const { output = 'text', ...others } = flags;
  const unknown = Object.keys(others).filter((flag) => !known.includes(flag));
  const wrong = [
    ...problems.map(problemText),
    ...unknown.map((flag) => `${flagOf(flag)} is not an option`),
    ...(output === 'text' || output === 'json' ? [] : [`--output: expected json or text, found "${output}"`]),
  ];
  return { asJson: output === 'json', wrong };
}
