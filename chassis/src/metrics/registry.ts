export type Counter = { readonly add: (amount?: number) => void };
export type Histogram = { readonly observe: (value: number) => void };

export type Family<Child> = {
  /** The child with these label values, made on first use. Label names are those the family was made with. */
  readonly with: (...labelValues: readonly string[]) => Child;
};

/** A metric as its reference describes it. */
export type Description = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
};

type Sample = { readonly suffix: string; readonly labels: string; readonly value: number };

/**
 * Prometheus metrics in the text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Own code, because an increment stands in the way of
 * every request: a child of a family is bound to its labels once, and after that costs an addition.
 */
export class Registry {
  readonly #families = new Map<string, Description & { readonly render: () => string }>();

  counter(name: string, help: string, labelNames: readonly string[]): Family<Counter> {
    return this.#family(name, help, 'counter', labelNames, (labels) => {
      let total = 0;
      return {
        child: {
          add: (amount = 1) => {
            total += amount;
          },
        },
        samples: () => [{ suffix: '', labels, value: total }],
      };
    });
  }

  /** `buckets` are upper bounds, ascending; the bucket without a bound is added. */
  histogram(name: string, help: string, labelNames: readonly string[], buckets: readonly number[]): Family<Histogram> {
    return this.#family(name, help, 'histogram', labelNames, (labels) => {
      const counts = new Float64Array(buckets.length + 1);
      let sum = 0;
      return {
        child: {
          observe: (value) => {
            let at = 0;
            // Not `value > bound`: NaN is in no bucket but the last.
            while (at < buckets.length && !(value <= (buckets[at] as number))) at++;
            counts[at] = (counts[at] as number) + 1;
            sum += value;
          },
        },
        samples: () => {
          let count = 0;
          const bounds = [...counts].map((own, at) => {
            count += own;
            const bound = at < buckets.length ? String(buckets[at]) : '+Inf';
            return { suffix: '_bucket', labels: joined(labels, `le="${bound}"`), value: count };
          });
          return [...bounds, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
        },
      };
    });
  }

  /** A gauge that is read when it is scraped. `read` gives label values and a value for each sample. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [labelValues: readonly string[], value: number]>,
  ): void {
    this.#observed(name, help, 'gauge', labelNames, read);
  }

  /** A counter that something else keeps and that is read when it is scraped. */
  observedCounter(name: string, help: string, read: () => number): void {
    this.#observed(name, help, 'counter', [], () => [[[], read()]]);
  }

  /** Everything, as one scrape shows it. */
  text(): string {
    return [...this.#families.values()].map(({ render }) => render()).join('');
  }

  /** What there is to scrape, for a reference page. */
  describe(): readonly Description[] {
    return [...this.#families.values()];
  }

  #observed(
    name: string,
    help: string,
    type: 'gauge' | 'counter',
    labelNames: readonly string[],
    read: () => Iterable<readonly [labelValues: readonly string[], value: number]>,
  ): void {
    this.#add({ name, help, type, labelNames }, () => {
      const samples = [...read()].map(([values, value]) => ({
        suffix: '',
        labels: labelText(labelNames, values),
        value,
      }));
      return familyText(name, help, type, samples);
    });
  }

  #family<Child>(
    name: string,
    help: string,
    type: 'counter' | 'histogram',
    labelNames: readonly string[],
    make: (labels: string) => { child: Child; samples: () => readonly Sample[] },
  ): Family<Child> {
    const children = new Map<string, { child: Child; samples: () => readonly Sample[] }>();
    this.#add({ name, help, type, labelNames }, () =>
      familyText(
        name,
        help,
        type,
        [...children.values()].flatMap(({ samples }) => samples()),
      ),
    );
    return {
      with: (...labelValues) => {
        const labels = labelText(labelNames, labelValues);
        let entry = children.get(labels);
        if (entry === undefined) {
          entry = make(labels);
          children.set(labels, entry);
        }
        return entry.child;
      },
    };
  }

  #add(description: Description, render: () => string): void {
    const { name } = description;
    if (this.#families.has(name)) throw new Error(`metric ${name} is registered twice`);
    this.#families.set(name, { ...description, render });
  }
}

function familyText(name: string, help: string, type: string, samples: readonly Sample[]): string {
  const lines = samples.map(
    ({ suffix, labels, value }) => `${name}${suffix}${labels && `{${labels}}`} ${numberText(value)}\n`,
  );
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, at) => `${name}="${escaped(values[at] ?? '')}"`).join(',');
}

function joined(labels: string, more: string): string {
  return labels === '' ? more : `${labels},${more}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
