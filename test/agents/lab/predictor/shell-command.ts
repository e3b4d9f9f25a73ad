import { Command } from 'commander';
import { vi } from 'vitest';

/** Runs a command of the shell in this process. @returns what it wrote */
export async function shellCommand(
  register: (program: Command) => void,
  ...args: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  let stdout = '';
  let stderr = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += String(text);
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += String(text);
      return true;
    }),
  ];
  const program = new Command('eccos')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (stdout += text), writeErr: () => {} });
  register(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { stdout, stderr };
}
