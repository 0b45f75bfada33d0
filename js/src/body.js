/** The body: verified leaves, and the records in them (section 9, steps R11 to R14). */
import { equal, fromHex, startSha256, toHex } from './bytes.js';
import { clen, openMessage, recordContext } from './cobblestone.js';
import { must } from './errors.js';
import { judgeLeaf, leafCount, leafSize } from './leaves.js';
import { overlapping, SOURCE_THIS } from './records.js';
import { decompressRecord } from './zstd.js';

/** @typedef {import('./cobblestone.js').Binding} Binding */
/** @typedef {import('./listing.js').Listing} Listing */
/** @typedef {import('./records.js').BodyRecord} BodyRecord */
/** @typedef {import('./records.js').Range} Range */
/** @typedef {import('./records.js').RecordTable} RecordTable */
/** @typedef {import('./source.js').Source} Source */
/** @typedef {(range: Range) => Promise<Uint8Array>} ReadNeeded bytes of a content of the needed tree */
/**
 * @typedef {object} Opened
 * @property {Uint8Array} cek
 * @property {Binding} binding
 * @property {Listing} listing
 * @property {RecordTable} table
 * @property {ReadNeeded} readNeeded
 */
/** @typedef {{ row: number, offset: number, bytes: Uint8Array }} Part a piece of a content, and its place in it */

/** A prefix that begins so would be taken for a trained dictionary (REC-13). */
const DICTIONARY_MAGIC = fromHex('37a430ec');

/** The body as anyone can check it: bytes leave only in leaves that have their digest (BDY-2, BDY-3). */
export class Leaves {
  /** @type {{ index: number, bytes: Uint8Array }} */
  #recent = { index: -1, bytes: new Uint8Array(0) };

  /**
   * @param {Source} source
   * @param {number} start of the body in the source
   * @param {number} bodyLen
   * @param {Uint8Array} table the leaves section, judged
   */
  constructor(source, start, bodyLen, table) {
    this.source = source;
    this.start = start;
    this.bodyLen = bodyLen;
    this.table = table;
    this.size = leafSize(bodyLen);
  }

  /**
   * One verified leaf; the latest is kept, as neighbouring records share it.
   *
   * @param {number} index
   */
  async leaf(index) {
    if (this.#recent.index === index) return this.#recent.bytes;
    const offset = index * this.size;
    const length = Math.min(this.size, this.bodyLen - offset);
    const bytes = await this.source.readAt(this.start + offset, length);
    must(bytes.length === length, 'TRUNCATED', 'the input ends inside the body');
    judgeLeaf(this.table, index, bytes);
    this.#recent = { index, bytes };
    return bytes;
  }

  /**
   * Bytes of the body, after every leaf they touch was verified.
   *
   * @param {number} offset
   * @param {number} length
   */
  async range(offset, length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const index = Math.floor((offset + at) / this.size);
      const leaf = await this.leaf(index);
      const from = offset + at - index * this.size;
      const part = leaf.subarray(from, from + length - at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /**
   * Verify the leaves from the one at `offset` on, and that the input ends with the last (PRE-9).
   *
   * @param {number} offset
   */
  async finish(offset) {
    const count = leafCount(this.bodyLen);
    for (let index = Math.floor(offset / this.size); index < count; index += 1) await this.leaf(index);
    if (this.source.size !== null) return; // checked in step R5
    const more = await this.source.readAt(this.start + this.bodyLen, 1);
    must(more.length === 0, 'TRAILING_DATA', 'the input goes on after the body');
  }
}

/** The records of an opened body. */
export class Records {
  /**
   * What records yielded that later ones need: all of it in one pass, else the latest one.
   *
   * @type {Map<number, Uint8Array>}
   */
  #kept = new Map();

  /**
   * @param {Leaves} leaves
   * @param {Opened} opened
   */
  constructor(leaves, opened) {
    this.leaves = leaves;
    this.opened = opened;
  }

  /**
   * Every record in body order. What is handed on may leave the reader: its leaves, message, size and
   * the contents that end in it are good. The parts of a content that ends later are to be discarded
   * if this refuses before.
   *
   * @returns {AsyncGenerator<Part[], void, undefined>}
   */
  async *all() {
    const { listing, table } = this.opened;
    const uses = this.#lastUses();
    /** @type {Map<number, ReturnType<typeof startSha256>>} */
    const hashes = new Map();
    this.#kept.clear();
    for (const [index, record] of table.records.entries()) {
      const plain = await this.#open(index);
      const parts = partsOf(record, plain);
      for (const { row, offset, bytes } of parts) {
        const hash = hashes.get(row) ?? startSha256();
        hashes.set(row, hash.update(bytes));
        const { size, digest } = listing.files[row];
        if (offset + bytes.length < size) continue;
        judgeContent(hash.digest(), digest);
        hashes.delete(row);
      }
      if (uses.has(index)) this.#kept.set(index, plain);
      for (const [kept] of this.#kept) if (uses.get(kept) === index) this.#kept.delete(kept);
      yield parts;
    }
    const last = table.records.at(-1);
    await this.leaves.finish(last === undefined ? 0 : last.start + clen(last.codedLen));
  }

  /**
   * One content of the body, by random access. The caller discards what it got if this refuses.
   *
   * @param {number} row its first row
   * @returns {AsyncGenerator<Uint8Array, void, undefined>}
   */
  async *content(row) {
    const { listing, table } = this.opened;
    const hash = startSha256();
    const places = table.places.get(row) ?? [];
    for (const [i, { record, at, length }] of places.entries()) {
      const bytes = (await this.#plain(record)).subarray(at, at + length);
      hash.update(bytes);
      if (i === places.length - 1) judgeContent(hash.digest(), listing.files[row].digest);
      yield bytes;
    }
  }

  /**
   * What a record yields, from memory where it is kept.
   *
   * @param {number} index
   * @returns {Promise<Uint8Array>}
   */
  async #plain(index) {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const plain = await this.#open(index);
    this.#kept.clear();
    this.#kept.set(index, plain);
    return plain;
  }

  /**
   * Steps R11 to R13 for one record.
   *
   * @param {number} index
   * @returns {Promise<Uint8Array>}
   */
  async #open(index) {
    const { cek, binding, table } = this.opened;
    const record = table.records[index];
    const message = await this.leaves.range(record.start, clen(record.codedLen));
    const coded = await openMessage(cek, recordContext(binding, index), message);
    must(coded !== null, 'RECORD_DECRYPT', `record ${index} does not decrypt`);
    if (!record.compressed) return coded;
    return decompressRecord(coded, record.plainLen, await this.#prefix(record));
  }

  /**
   * The bytes a record is compressed against.
   *
   * @param {BodyRecord} record
   * @returns {Promise<Uint8Array>}
   */
  async #prefix({ prefix }) {
    const bytes = new Uint8Array(prefix.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const range of prefix) {
      if (range.source === SOURCE_THIS) await this.#copyOwn(range, bytes.subarray(end));
      else bytes.set(await this.opened.readNeeded(range), end);
      end += range.length;
    }
    const magic = bytes.subarray(0, DICTIONARY_MAGIC.length);
    must(!equal(magic, DICTIONARY_MAGIC), 'RECORD_PREFIX', 'a prefix that begins like a dictionary');
    return bytes;
  }

  /**
   * REC-11 makes sure that the records behind these bytes need no others of this body.
   *
   * @param {Range} range
   * @param {Uint8Array} target
   */
  async #copyOwn({ row, offset, length }, target) {
    const places = this.opened.table.places.get(row) ?? [];
    for (const place of overlapping(places, offset, length)) {
      const from = Math.max(offset, place.offset);
      const to = Math.min(offset + length, place.offset + place.length);
      const shift = place.at - place.offset;
      const plain = await this.#plain(place.record);
      target.set(plain.subarray(from + shift, to + shift), from - offset);
    }
  }

  /** Of each record that others use in their prefixes, the last of these. */
  #lastUses() {
    const { records, places } = this.opened.table;
    /** @type {Map<number, number>} */
    const uses = new Map();
    for (const [index, { prefix }] of records.entries()) {
      for (const { source, row, offset, length } of prefix) {
        if (source !== SOURCE_THIS) continue;
        for (const { record } of overlapping(places.get(row) ?? [], offset, length)) uses.set(record, index);
      }
    }
    return uses;
  }
}

/**
 * @param {BodyRecord} record
 * @param {Uint8Array} plain
 * @returns {Part[]}
 */
function partsOf({ pieces }, plain) {
  let end = 0;
  return pieces.map(({ row, offset, length }) => {
    end += length;
    return { row, offset, bytes: plain.subarray(end - length, end) };
  });
}

/**
 * BDY-5.
 *
 * @param {Uint8Array} actual
 * @param {Uint8Array} listed
 */
function judgeContent(actual, listed) {
  must(equal(actual, listed), 'CONTENT_DIGEST', `a content does not have its digest ${toHex(listed)}`);
}
