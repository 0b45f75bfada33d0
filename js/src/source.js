/** Where the bytes of a bundle come from. */
import { BundleError } from './errors.js';

/**
 * A source of bytes. `size` is null where it is not known beforehand. `readAt` gives fewer bytes than
 * asked for only at the end of the input.
 *
 * @typedef {object} Source
 * @property {number | null} size
 * @property {(offset: number, length: number) => Promise<Uint8Array>} readAt
 */

/**
 * Bytes in memory.
 *
 * @param {Uint8Array} bytes
 * @returns {Source}
 */
export const bytesSource = (bytes) => ({
  size: bytes.length,
  readAt: async (offset, length) => bytes.subarray(offset, offset + length),
});

/**
 * A Blob or File of a browser, read by ranges.
 *
 * @param {Blob} blob
 * @returns {Source}
 */
export const blobSource = (blob) => ({
  size: blob.size,
  readAt: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
});

/**
 * An open file of Node's `fs/promises`, read by ranges. The caller closes it.
 *
 * @param {import('node:fs/promises').FileHandle} handle
 * @returns {Promise<Source>}
 */
export async function fileSource(handle) {
  const { size } = await handle.stat();
  const readAt = async (/** @type {number} */ offset, /** @type {number} */ length) => {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  };
  return { size, readAt };
}

/**
 * Chunks that come once, in order: a stream of a network or a pipe. Only one pass is possible.
 *
 * @param {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} chunks
 * @returns {Source}
 */
export function streamSource(chunks) {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let position = 0;
  /** @type {Uint8Array} */
  let rest = new Uint8Array(0);
  const readAt = async (/** @type {number} */ offset, /** @type {number} */ length) => {
    if (offset !== position) throw new BundleError('SOURCE_FAILED', 'a stream is read once, in order');
    // The buffer grows with what arrives, so a length alone takes no memory.
    const parts = [rest];
    let held = rest.length;
    while (held < length) {
      const { done, value } = await iterator.next();
      if (done) break;
      parts.push(value);
      held += value.length;
    }
    const joined = join(parts, held);
    rest = joined.subarray(Math.min(length, held));
    position += Math.min(length, held);
    return joined.subarray(0, length);
  };
  return { size: null, readAt };
}

/**
 * @param {Uint8Array[]} parts
 * @param {number} length
 */
function join(parts, length) {
  const filled = parts.filter((part) => part.length > 0);
  if (filled.length === 1) return filled[0];
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of filled) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
