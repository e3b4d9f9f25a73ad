/** The old name of the core order `expensive-first`. `--policies` still takes it, with a warning. */
export const OLD_EXPENSIVE_FIRST = 'dear-first';

/** A baseline of a cross-validation. It keeps its old name, which is a key in the reports of earlier versions. */
export const NEW_MODEL_BASELINE = 'new model, 50 judged';
