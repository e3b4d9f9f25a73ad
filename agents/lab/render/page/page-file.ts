import { constants } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SyscallError } from '../../../../syscalls/errors.js';
import type { CallRecord } from '../../compare/call-record.js';
import type { CompareReport, LoadReport } from '../../compare/report.js';
import { Activity, type PolicyActivity } from './activity.js';
import { renderPage } from './page.js';

/** Watches a comparison and writes a page about it in the end. */
export class PageFile {
  readonly path: string;
  readonly #base: string;
  #activity: Activity;

  private constructor(path: string, base: string) {
    this.path = path;
    this.#base = base;
    this.#activity = new Activity(base, []);
  }

  /**
   * Nothing is written yet.
   *
   * @param base policy that the others are compared with
   * @throws SyscallError `invalid-config` when the file could not be written
   */
  static async open(path: string, base: string): Promise<PageFile> {
    const full = resolve(path);
    try {
      const file = await stat(full).catch(() => undefined);
      if (file?.isDirectory()) throw new Error('It is a folder');
      await access(file === undefined ? dirname(full) : full, constants.W_OK);
      return new PageFile(full, base);
    } catch (cause) {
      throw new SyscallError('invalid-config', `--report: Expected a file that can be written, got "${path}"`, {
        cause,
      });
    }
  }

  onStart({ cores }: LoadReport): void {
    this.#activity = new Activity(
      this.#base,
      cores.map(({ id }) => id),
    );
  }

  onTrial(policy: string, seed: number, calls: readonly CallRecord[]): void {
    this.#activity.add(policy, seed, calls);
  }

  async write(report: CompareReport): Promise<void> {
    const activity = report.policies.flatMap(({ name }): [string, PolicyActivity][] => {
      const own = this.#activity.of(name);
      return own === undefined ? [] : [[name, own]];
    });
    await writeFile(this.path, await renderPage(report, new Map(activity), this.#base));
  }
}
