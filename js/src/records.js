/** The record table, and what it says about every content (section 8). */
import { decode } from './cbor.js';
import { clen } from './cobblestone.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { padme } from './padme.js';
import { isArray, isUint } from './shapes.js';

/** @typedef {import('./cbor.js').Item} Item */
/** @typedef {import('./listing.js').Listing} Listing */
/** @typedef {{ row: number, offset: number, length: number }} Piece */
/** @typedef {{ source: number, row: number, offset: number, length: number }} Range */
/**
 * @typedef {object} BodyRecord
 * @property {boolean} compressed
 * @property {number} codedLen
 * @property {number} plainLen
 * @property {Piece[]} pieces
 * @property {Range[]} prefix
 * @property {number} start of its message in the body
 */
/**
 * Where a piece of a content lies: `at` in what the record yields, `offset` in the content.
 *
 * @typedef {{ record: number, at: number, offset: number, length: number }} Place
 */
/** @typedef {{ records: BodyRecord[], places: Map<number, Place[]> }} RecordTable records, and each content in order */

export const SOURCE_THIS = 0;
export const SOURCE_NEEDED = 1;

/**
 * Decode a record table and judge it (REC-1 to REC-12, REC-14).
 *
 * @param {Uint8Array} bytes
 * @param {Listing} listing
 * @param {Listing | null} needed the needed listing of a patch
 * @param {number} bodyLen
 * @returns {RecordTable}
 */
export function readRecords(bytes, listing, needed, bodyLen) {
  const items = decode(bytes, 'MANIFEST_ENCODING');
  shape(Array.isArray(items), 'not an array');
  judgeCounts(items);
  let start = 0;
  const records = items.map((item) => {
    const record = readRecord(item, listing, start);
    start += clen(record.codedLen);
    return record;
  });
  const places = judgePieces(records, listing);
  judgePrefixes(records, places, listing, needed);
  judgeComplete(places, listing, needed);
  must(padme(start) === bodyLen, 'BODY_LENGTH', 'the records do not add up to the body');
  return { records, places };
}

/**
 * REC-1: numbers of rows, pieces and ranges, counted before anything is judged.
 *
 * @param {Item[]} items
 */
function judgeCounts(items) {
  /** @param {number} place */
  const sum = (place) =>
    items.reduce((/** @type {number} */ total, item) => {
      const list = Array.isArray(item) ? item[place] : undefined;
      return total + (Array.isArray(list) ? list.length : 0);
    }, 0);
  must(items.length <= LIMITS.records, 'MANIFEST_LIMIT', 'too many records');
  must(sum(2) <= LIMITS.pieces, 'MANIFEST_LIMIT', 'too many pieces');
  must(sum(3) <= LIMITS.ranges, 'MANIFEST_LIMIT', 'too many ranges');
}

/**
 * One row of the table (REC-1 to REC-5).
 *
 * @param {Item} item
 * @param {Listing} listing
 * @param {number} start
 * @returns {BodyRecord}
 */
function readRecord(item, listing, start) {
  shape(isArray(item, 4), 'a record is not an array of four');
  const [coding, codedLen, pieceItems, prefixItems] = item;
  shape(coding === 0 || coding === 1, 'coding');
  shape(isUint(codedLen, 1, LIMITS.record_coded_len), 'coded_len');
  shape(isArray(pieceItems, 1, LIMITS.pieces) && Array.isArray(prefixItems), 'pieces or prefix');
  for (const piece of pieceItems) shape(isUint(piece) || isCut(piece), 'a piece');
  const prefix = prefixItems.map(readRange);
  const pieces = pieceItems.map((piece) => readPiece(piece, listing));
  const plainLen = pieces.reduce((sum, { length }) => sum + length, 0);
  shape(plainLen >= 1 && plainLen <= LIMITS.record_plain_len, 'what a record yields');
  shape(coding === 1 || (plainLen === codedLen && prefix.length === 0), 'a stored record');
  return { compressed: coding === 1, codedLen, plainLen, pieces, prefix, start };
}

/** @param {Item} value */
const isCut = (value) => isArray(value, 3) && value.every((number) => isUint(number));

/**
 * @param {Item} item
 * @returns {Range}
 */
function readRange(item) {
  shape(isArray(item, 4), 'a range is not an array of four');
  const [source, row, offset, length] = item;
  shape(isUint(source, 0, 1) && isUint(row) && isUint(offset) && isUint(length), 'a range');
  return { source, row, offset, length };
}

/**
 * REC-4 and REC-5.
 *
 * @param {Item} item
 * @param {Listing} listing
 * @returns {Piece}
 */
function readPiece(item, listing) {
  const [row, offset, length] = Array.isArray(item) ? /** @type {number[]} */ (item) : [/** @type {number} */ (item)];
  pieces(listing.firstRows[row] === row, 'not the first row of a content');
  const { size } = listing.files[row];
  pieces(size > 0, 'a piece of an empty content');
  if (offset === undefined || length === undefined) return { row, offset: 0, length: size };
  pieces(length >= 1 && length < size && offset + length <= size, 'a piece that is not a part of its content');
  return { row, offset, length };
}

/**
 * REC-6: the places of each content, whose pieces follow each other without gap.
 *
 * @param {BodyRecord[]} records
 * @param {Listing} listing
 */
function judgePieces(records, listing) {
  /** @type {Map<number, Place[]>} */
  const places = new Map();
  records.forEach((record, index) => {
    let at = 0;
    for (const { row, offset, length } of record.pieces) {
      const list = places.get(row) ?? [];
      pieces(offset === endOf(list), 'a gap or an overlap in a content');
      list.push({ record: index, at, offset, length });
      places.set(row, list);
      at += length;
    }
  });
  for (const [row, list] of places) pieces(endOf(list) === listing.files[row].size, 'a content that does not end');
  return places;
}

/** @param {Place[]} places */
function endOf(places) {
  const last = places.at(-1);
  return last === undefined ? 0 : last.offset + last.length;
}

/**
 * The places that hold bytes `offset` to `offset + length` of a content.
 *
 * @param {Place[]} places of the content
 * @param {number} offset
 * @param {number} length
 */
export function overlapping(places, offset, length) {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle].offset + places[middle].length <= offset) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < places.length && places[end].offset < offset + length) end += 1;
  return places.slice(low, end);
}

/**
 * REC-9 to REC-12.
 *
 * @param {BodyRecord[]} records
 * @param {Map<number, Place[]>} places
 * @param {Listing} listing
 * @param {Listing | null} needed
 */
function judgePrefixes(records, places, listing, needed) {
  const usesOwn = records.map((record) => record.prefix.some(({ source }) => source === SOURCE_THIS));
  /** @type {Map<number, boolean>} */
  const isBase = new Map([...places].map(([row, list]) => [row, !list.some((place) => usesOwn[place.record])]));
  records.forEach((record, index) => {
    if (record.prefix.length === 0) return;
    prefixes(record.prefix.length <= LIMITS.prefix_ranges, 'too many ranges');
    let total = 0;
    for (const { source, row, offset, length } of record.prefix) {
      const of = source === SOURCE_THIS ? listing : needed;
      prefixes(of !== null, 'a range of the needed tree in a complete bundle');
      prefixes(of.firstRows[row] === row, 'not the first row of a content');
      prefixes(length >= 1 && offset + length <= of.files[row].size, 'a range outside its content');
      total += length;
      if (source === SOURCE_NEEDED) continue;
      const last = places.get(row)?.at(-1);
      prefixes(last !== undefined && last.record < index, 'a range of a later content');
      prefixes(isBase.get(row) === true, 'a range of a content that has ranges of this listing itself');
    }
    prefixes(total >= LIMITS.prefix_min_len && total <= LIMITS.prefix_len, 'length of a prefix');
  });
}

/**
 * REC-7 and REC-8.
 *
 * @param {Map<number, Place[]>} places
 * @param {Listing} listing
 * @param {Listing | null} needed
 */
function judgeComplete(places, listing, needed) {
  for (const [key, row] of listing.rows) {
    const { size } = listing.files[row];
    if (size === 0 || places.has(row)) continue;
    const there = needed?.rows.get(key);
    const found = there !== undefined && needed?.files[there].size === size;
    must(found, 'CONTENT_MISSING', 'a content is neither in the body nor in the needed tree');
  }
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'RECORD_TABLE', message);
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function pieces(condition, message) {
  must(condition, 'RECORD_PIECES', message);
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function prefixes(condition, message) {
  must(condition, 'RECORD_PREFIX', message);
}
