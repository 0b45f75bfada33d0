/** Writing what was read: a folder or a file that appears only when all of it is good. */
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** @typedef {import('../src/opened.js').OpenedRelease} OpenedRelease */
/** @typedef {import('node:fs/promises').FileHandle} FileHandle */

/**
 * Make `target` by `write`, which gets another name in the same folder; nothing stays after a failure.
 *
 * @param {string} target
 * @param {(partial: string) => Promise<void>} write
 */
export async function whole(target, write) {
  const partial = `${target}.partial`;
  try {
    await write(partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Write all files of a release. Each content is written under its first path and then copied.
 *
 * @param {OpenedRelease} bundle
 * @param {string} folder
 */
export async function writeTree(bundle, folder) {
  const { files, firstRows } = bundle.listing;
  const placeOf = (/** @type {number} */ row) => join(folder, ...files[row].path.split('/'));
  await mkdir(folder);
  for (const [row, { size }] of files.entries()) {
    await mkdir(dirname(placeOf(row)), { recursive: true });
    if (size === 0) await append(placeOf(row), new Uint8Array(0));
  }
  for await (const parts of bundle.records()) {
    for (const { row, bytes } of parts) await append(placeOf(row), bytes);
  }
  for await (const { row, bytes } of bundle.externals()) await append(placeOf(row), bytes);
  for (const [row, first] of firstRows.entries()) {
    if (first !== row && files[row].size > 0) await copyFile(placeOf(first), placeOf(row));
  }
  for (const [row, { executable }] of files.entries()) await chmod(placeOf(row), executable ? 0o755 : 0o644);
}

/**
 * @param {string} path
 * @param {Uint8Array} bytes
 */
async function append(path, bytes) {
  const handle = await open(path, 'a');
  try {
    await writeAll(handle, bytes);
  } finally {
    await handle.close();
  }
}

/**
 * @param {FileHandle} handle
 * @param {Uint8Array} bytes
 */
export async function writeAll(handle, bytes) {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}
