import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';

/** What the help says of an option, beside what its schema takes. */
interface OptionText {
  /** How its value is written, such as `<n>`, `[n]` or `<file...>`; undefined: it takes none. */
  readonly value?: string;
  readonly about: string;
  /** Keys of options that it excludes. */
  readonly conflicts?: readonly string[];
  /** What it is when it is given without a value. */
  readonly preset?: number;
}

const texts = z.registry<OptionText>();

/**
 * One option of a command: its key in the schema, in kebab case, is its name.
 *
 * @param schema takes the text of the command line, and for lists the list of texts; its message is the error
 */
export function option<Schema extends z.ZodType>(schema: Schema, text: OptionText): Schema {
  // A copy: one schema may serve several options.
  const own = schema.clone();
  texts.add(own, text);
  return own;
}

/** Adds every option of a schema: names, values, defaults and checks. An option without a default that must be given is required. */
export function addOptions<Shape extends Readonly<Record<string, z.ZodType>>>(
  command: Command,
  schema: z.ZodObject<Shape>,
): Command {
  for (const [key, field] of Object.entries(schema.shape)) command.addOption(optionOf(key, field));
  return command;
}

function optionOf(key: string, field: z.ZodType): Option {
  const { value, about = '', conflicts = [], preset } = texts.get(field) ?? {};
  const name = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const made = new Option(value === undefined ? name : `${name} ${value}`, about).conflicts([...conflicts]);
  const absent = field.safeParse(undefined);
  made.makeOptionMandatory(!absent.success);
  if (absent.success && absent.data !== undefined) made.default(absent.data);
  const choices = choicesOf(field);
  if (choices !== undefined) return made.choices(choices);
  if (preset !== undefined) made.preset(preset);
  if (value === undefined || made.variadic) return made;
  return made.argParser((given: string | number) => {
    const parsed = field.safeParse(String(given));
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'Invalid.');
  });
}

function choicesOf(field: z.ZodType): readonly string[] | undefined {
  const inner = field instanceof z.ZodDefault || field instanceof z.ZodOptional ? field.unwrap() : field;
  return inner instanceof z.ZodEnum ? inner.options.map(String) : undefined;
}

/** A whole number on the command line. */
export function wholeNumber(low: number, high: number) {
  const message = `Expected a whole number from ${low} to ${high}.`;
  return numberBy((text, value) => /^\d+$/.test(text) && value >= low && value <= high, message);
}

export const positiveNumber = numberBy((_, value) => value > 0 && Number.isFinite(value), 'Expected a number above 0.');

/** A number from 0 to 1. */
export const share = numberBy(
  (text, value) => text.trim() !== '' && value >= 0 && value <= 1,
  'Expected a number from 0 to 1.',
);

/** A switch: off unless it is given. */
export const flag = z.boolean().optional();

/** Files, folders and names, as they are typed. */
export const text = z.string();
export const list = z.array(z.string());

function numberBy(isGood: (text: string, value: number) => boolean, message: string) {
  return z
    .string()
    .refine((given) => isGood(given, Number(given)), message)
    .transform(Number);
}
