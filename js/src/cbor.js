/** The CBOR profile of section 1: tokens from the library, every rule checked on each of them. */
import { SequenceEvents } from 'cbor2/decoder';

import { BundleError } from './errors.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./errors.js').Code} Code */
/** @typedef {number | Uint8Array | string | boolean | Item[] | Map<number, Item>} Item */
/** @typedef {{ item: Item, count: number }} Decoded the item, and how many items it holds (CBR-9) */

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const SIMPLE = 7;

/** The library refuses longer forms of integers, lengths and counts (CBR-2). */
const OPTIONS = Object.freeze({ requirePreferred: true });

/**
 * Decode one item that fills `bytes` exactly (CBR-1 to CBR-9), or refuse with `code`.
 *
 * @param {Uint8Array} bytes
 * @param {Code} code
 * @returns {Item}
 */
export const decode = (bytes, code) => decodeCounted(bytes, code).item;

/**
 * As `decode`, with the number of items.
 *
 * Values are built here from tokens, never by the library's own decoder: so no tag is ever acted
 * on, and depth and count are refused before memory is taken for what goes beyond them.
 *
 * @param {Uint8Array} bytes
 * @param {Code} code
 * @returns {Decoded}
 */
export function decodeCounted(bytes, code) {
  const reader = new TokenReader(bytes, code);
  const item = reader.item(1);
  reader.end();
  return { item, count: reader.count };
}

class TokenReader {
  /**
   * @param {Uint8Array} bytes
   * @param {Code} code
   */
  constructor(bytes, code) {
    this.code = code;
    this.count = 0;
    this.events = new SequenceEvents(bytes, OPTIONS);
  }

  /** @returns {import('cbor2').MtAiValue | undefined} */
  token() {
    try {
      return this.events.read();
    } catch (cause) {
      throw new BundleError(this.code, 'not well-formed CBOR in shortest form', { cause });
    }
  }

  /**
   * @param {boolean} condition
   * @param {string} message
   * @returns {asserts condition}
   */
  must(condition, message) {
    if (!condition) throw new BundleError(this.code, message);
  }

  /**
   * @param {number} depth level of an array or map that begins here
   * @returns {Item}
   */
  item(depth) {
    const token = this.token();
    this.must(token !== undefined, 'the input ends inside an item');
    this.count += 1;
    this.must(this.count <= LIMITS.cbor_items, 'too many items');
    const [major, info, value] = token;
    switch (major) {
      case UINT:
        this.must(typeof value === 'number', 'an integer of 2^53 or more');
        return value;
      case BYTES:
        this.must(value instanceof Uint8Array, 'an indefinite length');
        return value;
      case TEXT:
        this.must(typeof value === 'string', 'an indefinite length');
        return value;
      case ARRAY:
        return this.array(this.children(value, depth), depth);
      case MAP:
        return this.map(this.children(value, depth), depth);
      case SIMPLE:
        // false and true are additional information 20 and 21; the value alone could be a boxed one.
        this.must(info === 20 || info === 21, 'a type outside the profile');
        return info === 21;
      default:
        throw new BundleError(this.code, 'a type outside the profile');
    }
  }

  /**
   * The number of children of an array or map that may begin here.
   *
   * @param {unknown} value
   * @param {number} depth
   * @returns {number}
   */
  children(value, depth) {
    this.must(depth <= LIMITS.cbor_depth, 'nested too deep');
    this.must(typeof value === 'number' && value !== Infinity, 'an indefinite length');
    return value;
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  array(length, depth) {
    /** @type {Item[]} */
    const items = [];
    for (let i = 0; i < length; i += 1) items.push(this.item(depth + 1));
    return items;
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  map(length, depth) {
    /** @type {Map<number, Item>} */
    const entries = new Map();
    let previous = -1;
    for (let i = 0; i < length; i += 1) {
      const key = this.item(depth + 1);
      this.must(typeof key === 'number' && key > previous, 'map keys are not ascending integers');
      previous = key;
      entries.set(key, this.item(depth + 1));
    }
    return entries;
  }

  end() {
    this.must(this.token() === undefined, 'bytes after the item');
  }
}
