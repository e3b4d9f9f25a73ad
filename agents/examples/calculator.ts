import { z } from 'zod';
import { evaluate, FUNCTION_NAMES } from '../../syscalls/arithmetic.js';
import { defineTool, type Tool } from './tool.js';

export { evaluate };

/** Longest expression in characters; it bounds the depth of the descent, too. */
const MAX_LENGTH = 1000;

export const calculator: Tool = defineTool({
  name: 'calculator',
  description: `Works out an arithmetic expression: + - * / % ^ ( ), ${FUNCTION_NAMES.join(', ')}, pi, e.`,
  parameters: z.strictObject({ expression: z.string().min(1).max(MAX_LENGTH) }),
  run: ({ expression }) => String(evaluate(expression)),
});
