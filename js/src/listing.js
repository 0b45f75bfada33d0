/** The listing: the table of files, and the contents they name (section 8). */
import { compare, sha256, toHex, utf8 } from './bytes.js';
import { decode } from './cbor.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { isArray, isDigest, isUint } from './shapes.js';
import { judgePath, judgeSet } from './paths.js';

/** @typedef {{ path: string, executable: boolean, size: number, digest: Uint8Array }} File */
/**
 * @typedef {object} Listing
 * @property {Uint8Array} bytes
 * @property {Uint8Array} tree SHA-256 of the bytes
 * @property {File[]} files
 * @property {number[]} firstRows of each row, the first row with its digest: the name of its content
 * @property {Map<string, number>} rows first row of each digest in hexadecimal
 */

const EMPTY = toHex(sha256());

/**
 * Decode a listing and judge it (LST-1 to LST-4, then PTH-1 to PTH-8).
 *
 * @param {Uint8Array} bytes
 * @param {Uint8Array} tree
 * @returns {Listing}
 */
export function readListing(bytes, tree) {
  const items = decode(bytes, 'MANIFEST_ENCODING');
  shape(Array.isArray(items), 'not an array');
  must(items.length <= LIMITS.files, 'MANIFEST_LIMIT', 'too many files');
  const files = items.map(readFile);
  const paths = files.map(({ path }) => path);
  judgeOrder(paths);
  /** @type {Map<string, number>} */
  const rows = new Map();
  const firstRows = files.map(({ size, digest }, row) => {
    const key = toHex(digest);
    const first = rows.get(key) ?? row;
    rows.set(key, first);
    shape(files[first].size === size, 'one content with two sizes');
    shape((size === 0) === (key === EMPTY), 'an empty content with another digest, or the reverse');
    return first;
  });
  paths.forEach(judgePath);
  judgeSet(paths);
  return { bytes, tree, files, firstRows, rows };
}

/**
 * @param {import('./cbor.js').Item} item
 * @returns {File}
 */
function readFile(item) {
  shape(isArray(item, 4), 'a row is not an array of four');
  const [path, mode, size, digest] = item;
  shape(typeof path === 'string', 'path');
  shape(mode === 0 || mode === 1, 'mode');
  shape(isUint(size, 0, LIMITS.file_size), 'size');
  shape(isDigest(digest), 'digest');
  return { path, executable: mode === 1, size, digest };
}

/**
 * LST-2. Compared as UTF-8: the order of strings in this language is that of UTF-16.
 *
 * @param {string[]} paths
 */
function judgeOrder(paths) {
  let previous;
  for (const path of paths) {
    const bytes = utf8(path);
    shape(previous === undefined || compare(previous, bytes) < 0, 'paths do not ascend');
    previous = bytes;
  }
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'LISTING', message);
}
