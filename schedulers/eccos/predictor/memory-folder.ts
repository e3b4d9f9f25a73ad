import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { FileLock } from '../../file-lock.js';
import { decodeStore, encodeStore } from '../retrieval/store-file.js';
import { Beliefs, beliefsState } from './beliefs.js';
import { decodeJson, kindOf, makeFolder, writeWhole } from './files.js';
import {
  isOurs,
  MANIFEST,
  type Manifest,
  manifestOf,
  pathsOf,
  readDescribed,
  readManifest,
  readPlain,
} from './manifest.js';
import { emptyMemory, type Memory, type MemoryBase } from './memory.js';

/** Readable for the owner alone: names of tenants and tasks are in it. */
const MODE = 0o600;
const LOCK = 'lock';
/** Folder that what cannot be used is moved to, with a number. */
const ASIDE = 'set-aside';

export interface MemoryFolderOptions {
  /** What becomes of files that are damaged, or of other nets: they are moved aside and learning begins anew, or it throws. */
  readonly fault: 'set-aside' | 'refuse';
  /** Receives what an operator should know. */
  readonly warn: (message: string) => void;
}

/** Where a memory is kept from one run to the next. One kernel at a time has it. */
export class MemoryFolder {
  readonly #folder: string;
  readonly #lock: FileLock;
  readonly #options: MemoryFolderOptions;
  #saves = 0;

  private constructor(folder: string, lock: FileLock, options: MemoryFolderOptions) {
    this.#folder = folder;
    this.#lock = lock;
    this.#options = options;
  }

  /** @throws SyscallError `invalid-config` for a folder that cannot be made or written, is in use, or holds a pipe in place of a file */
  static async open(folder: string, options: MemoryFolderOptions): Promise<MemoryFolder> {
    let lock: FileLock | undefined;
    try {
      await makeFolder(folder);
      lock = FileLock.take(join(folder, LOCK));
    } catch (cause) {
      throw unwritable(folder, cause);
    }
    if (lock === undefined) {
      throw new SyscallError(
        'invalid-config',
        `memory: Expected ${folder} to be used by no other kernel, got one in use`,
      );
    }
    return new MemoryFolder(folder, lock, options);
  }

  /**
   * What was saved; nothing, if there is none yet. It is saved again at once, which a folder that cannot be written does not survive.
   *
   * @throws SyscallError `invalid-config` for a pipe or a device in place of a file, for a folder that cannot be written, and for files
   * that are damaged or of other nets where these are to be refused
   */
  async restore(base: MemoryBase): Promise<Memory> {
    const names = (await readdir(this.#folder)).filter(isOurs);
    for (const name of names) {
      const kind = await kindOf(join(this.#folder, name));
      if (kind === 'file') continue;
      throw new SyscallError(
        'invalid-config',
        `memory: Expected ${join(this.#folder, name)} to be a file, got ${kind}`,
      );
    }
    const memory = names.length === 0 ? emptyMemory(base) : await this.#read(base, names);
    await this.save(memory);
    return memory;
  }

  /**
   * Writes it beside what was saved before, which is then deleted: whatever breaks off meanwhile, one of the two is whole.
   *
   * @throws SyscallError `invalid-config` for a folder that cannot be written
   */
  async save({ base, store, beliefs }: Memory): Promise<void> {
    const save = this.#saves + 1;
    const paths = pathsOf(this.#folder, save);
    try {
      await makeFolder(this.#folder);
      const cases = await writeWhole(paths.cases, encodeStore(store), MODE);
      const text = await writeWhole(paths.beliefs, [Buffer.from(JSON.stringify(beliefs.state()))], MODE);
      const { encoder, heads } = base;
      const manifest = join(this.#folder, MANIFEST);
      const described = manifestOf({ save, encoder, heads, cases, beliefs: text });
      await writeWhole(manifest, [Buffer.from(described)], MODE);
      this.#saves = save;
      await this.#sweep([...Object.values(paths), manifest]);
    } catch (cause) {
      throw unwritable(this.#folder, cause);
    }
  }

  /** Lets another kernel have it. */
  close(): void {
    this.#lock.release();
  }

  async #read(base: MemoryBase, names: readonly string[]): Promise<Memory> {
    try {
      if (!names.includes(MANIFEST)) return await readFirstVersion(this.#folder, base);
      const manifest = await readManifest(this.#folder);
      this.#saves = manifest.save;
      return await readMemory(this.#folder, manifest, base);
    } catch (error) {
      const { message } = SyscallError.from(error);
      if (this.#options.fault === 'refuse')
        throw new SyscallError('invalid-config', `memory: ${message}`, { cause: error });
      const aside = await this.#setAside(names);
      this.#options.warn(`memory: ${message}; all files of it were moved to ${aside}, and learning begins anew`);
      return emptyMemory(base);
    }
  }

  async #setAside(names: readonly string[]): Promise<string> {
    const taken = new Set(await readdir(this.#folder));
    let number = 1;
    while (taken.has(`${ASIDE}-${number}`)) number++;
    const aside = join(this.#folder, `${ASIDE}-${number}`);
    try {
      await mkdir(aside, { mode: 0o700 });
      for (const name of names) await rename(join(this.#folder, name), join(aside, name));
    } catch (cause) {
      throw unwritable(this.#folder, cause);
    }
    return aside;
  }

  /** Deletes what earlier saves have left. */
  async #sweep(kept: readonly string[]): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (isOurs(name) && !kept.includes(path)) await rm(path, { force: true });
    }
  }
}

async function readMemory(
  folder: string,
  { save, encoder, heads, ...files }: Manifest,
  base: MemoryBase,
): Promise<Memory> {
  if (heads !== base.heads) throw foreign(folder, 'nets', base.heads, heads);
  if (encoder !== base.encoder) throw foreign(folder, 'encoder', base.encoder, encoder);
  const paths = pathsOf(folder, save);
  const text = await readDescribed(paths.beliefs, files.beliefs);
  const state = decodeJson(paths.beliefs, text.toString(), beliefsState, 'beliefs');
  const cases = await readDescribed(paths.cases, files.cases);
  return { base, store: decodeStore(cases, paths.cases, base), beliefs: Beliefs.from(state) };
}

/** A memory without a manifest: of an earlier version. @throws SyscallError where a file of it is missing */
async function readFirstVersion(folder: string, base: MemoryBase): Promise<Memory> {
  const [beliefs, cases] = [join(folder, 'beliefs.json'), join(folder, 'cases.bin')];
  const text = await readPlain(beliefs);
  const { heads, ...state } = decodeJson(
    beliefs,
    text.toString(),
    beliefsState.extend({ heads: z.string() }),
    'beliefs',
  );
  if (heads !== base.heads) throw foreign(folder, 'nets', base.heads, heads);
  return { base, store: decodeStore(await readPlain(cases), cases, base), beliefs: Beliefs.from(state) };
}

function foreign(folder: string, what: string, expected: string, got: string): SyscallError {
  const rule = `to be what was learnt beside the ${what} of sha256 ${expected}`;
  return new SyscallError('invalid-config', `Expected ${folder} ${rule}, got ${got}`);
}

function unwritable(folder: string, cause: unknown): SyscallError {
  const expected = `memory: Expected ${folder} to be a folder that can be written`;
  return new SyscallError('invalid-config', `${expected}: ${SyscallError.from(cause).message}`, { cause });
}
