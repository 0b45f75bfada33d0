/** What `openBundle` gives: a verified pointer, or a release whose body is still to be read. */
import { Records } from './body.js';
import { toHex } from './bytes.js';
import { BundleError, must } from './errors.js';

/** @typedef {import('./body.js').Leaves} Leaves */
/** @typedef {import('./body.js').Part} Part */
/** @typedef {import('./cobblestone.js').Binding} Binding */
/** @typedef {import('./header.js').Header} Header */
/** @typedef {import('./listing.js').Listing} Listing */
/** @typedef {import('./pointer.js').Pointer} Pointer */
/** @typedef {import('./records.js').Range} Range */
/** @typedef {import('./records.js').RecordTable} RecordTable */
/** @typedef {import('./release.js').Release} Release */
/**
 * @typedef {object} ReleaseManifest
 * @property {Release} release
 * @property {Listing} listing
 * @property {RecordTable} table
 * @property {OpenedRelease | undefined} needed the release a patch needs
 */

/** A verified pointer. */
export class OpenedPointer {
  /**
   * @param {Header} header
   * @param {Pointer} pointer
   */
  constructor(header, pointer) {
    this.header = header;
    this.pointer = pointer;
  }
}

/** A release whose manifest is verified; its body is read with `records`, `externals` and `file`. */
export class OpenedRelease {
  /** @type {Records} */
  #records;
  /** @type {RecordTable} */
  #table;
  /** @type {OpenedRelease | undefined} */
  #needed;
  /**
   * The refusal after which this reader stays refused (RDG-2).
   *
   * @type {BundleError | undefined}
   */
  #refused;
  /**
   * The content of the needed tree that was used last, as neighbouring records use the same one.
   *
   * @type {{ row: number, bytes: Uint8Array }}
   */
  #base = { row: -1, bytes: new Uint8Array(0) };

  /**
   * @param {Header} header
   * @param {ReleaseManifest} manifest
   * @param {Leaves} leaves
   * @param {Uint8Array} cek
   * @param {Binding} binding
   */
  constructor(header, { release, listing, table, needed }, leaves, cek, binding) {
    this.header = header;
    this.release = release;
    this.listing = listing;
    this.#table = table;
    this.#needed = needed;
    const readNeeded = (/** @type {Range} */ range) => this.#neededRange(range);
    this.#records = new Records(leaves, { cek, binding, listing, table, readNeeded });
  }

  /**
   * One pass over the whole body, its padding and its end included: the parts of each record in turn.
   * If this refuses, discard the parts of contents that have not ended.
   *
   * @returns {AsyncGenerator<Part[], void, undefined>}
   */
  records() {
    return this.#guarded(this.#records.all());
  }

  /**
   * The contents that are not in the body, from the needed tree; to be read after the body.
   *
   * @returns {AsyncGenerator<Part, void, undefined>}
   */
  externals() {
    return this.#guarded(this.#allExternals());
  }

  /**
   * The bytes of one file. Needs a source of random access, for a patch two. The caller discards
   * what it got if this refuses.
   *
   * @param {string} path
   * @returns {AsyncGenerator<Uint8Array, void, undefined>}
   */
  file(path) {
    const row = this.listing.files.findIndex((file) => file.path === path);
    must(row >= 0, 'ENTRY_NOT_FOUND', 'no such path in the bundle');
    return this.content(this.listing.firstRows[row]);
  }

  /**
   * The bytes of one content, as `file` gives them.
   *
   * @param {number} row its first row in the listing
   * @returns {AsyncGenerator<Uint8Array, void, undefined>}
   */
  content(row) {
    const { size } = this.listing.files[row];
    const external = size > 0 && !this.#table.places.has(row);
    return this.#guarded(external ? this.#external(row) : this.#records.content(row));
  }

  async *#allExternals() {
    for (const row of this.listing.rows.values()) {
      if (this.listing.files[row].size === 0 || this.#table.places.has(row)) continue;
      let offset = 0;
      for await (const bytes of this.#external(row)) {
        yield { row, offset, bytes };
        offset += bytes.length;
      }
    }
  }

  /**
   * A content of the needed tree, found by digest (REC-8).
   *
   * @param {number} row
   */
  #external(row) {
    const needed = /** @type {OpenedRelease} */ (this.#needed);
    const there = needed.listing.rows.get(toHex(this.listing.files[row].digest));
    return fromNeeded(needed, /** @type {number} */ (there));
  }

  /**
   * Bytes of a content of the needed tree, after all of it was verified (BDY-6).
   *
   * @param {Range} range
   */
  async #neededRange({ row, offset, length }) {
    if (this.#base.row !== row) {
      const needed = /** @type {OpenedRelease} */ (this.#needed);
      const bytes = new Uint8Array(needed.listing.files[row].size);
      let end = 0;
      for await (const part of fromNeeded(needed, row)) {
        bytes.set(part, end);
        end += part.length;
      }
      this.#base = { row, bytes };
    }
    return this.#base.bytes.subarray(offset, offset + length);
  }

  /**
   * @template T
   * @param {AsyncGenerator<T, void, undefined>} values
   * @returns {AsyncGenerator<T, void, undefined>}
   */
  async *#guarded(values) {
    if (this.#refused !== undefined) throw this.#refused;
    try {
      yield* values;
    } catch (error) {
      if (error instanceof BundleError) this.#refused = error;
      throw error;
    }
  }
}

/**
 * BDY-6: whatever is wrong with a content of the needed tree, the code is one.
 *
 * @param {OpenedRelease} needed
 * @param {number} row
 */
async function* fromNeeded(needed, row) {
  try {
    yield* needed.content(row);
  } catch (cause) {
    throw new BundleError('NEEDED_CONTENT', 'a content of the needed tree is damaged or gone', { cause });
  }
}
