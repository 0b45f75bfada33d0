/** One zstd frame, judged from its headers before the library sees it (ZST-1 to ZST-8). */
import { createDCtx, decompressUsingDict, init } from '@bokuweb/zstd-wasm';

import { BundleError, must } from './errors.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./errors.js').Code} Code */
/** @typedef {{ size: number, window: number, blocks: number, checksum: boolean }} FrameHeader */

const MAGIC = 0xfd2fb528;
const BLOCK_MAX = 131072;
const NO_PREFIX = new Uint8Array(0);

/** @type {Promise<number> | undefined} */
let context;

/** The decompression context of the library, which is loaded when the first frame comes. */
function loaded() {
  context ??= init().then(createDCtx);
  return context;
}

/**
 * Judge all of a frame but what its blocks decompress to (ZST-1 to ZST-3, ZST-5, ZST-8).
 *
 * @param {Uint8Array} frame
 * @param {number} windowMax
 * @param {Code} code
 * @returns {FrameHeader}
 */
export function readFrame(frame, windowMax, code) {
  const header = readFrameHeader(frame, windowMax, code);
  judgeBlocks(frame, header, code);
  return header;
}

/**
 * @param {Uint8Array} frame
 * @param {number} windowMax
 * @param {Code} code
 * @returns {FrameHeader}
 */
function readFrameHeader(frame, windowMax, code) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  must(frame.length >= 6 && view.getUint32(0, true) === MAGIC, code, 'not a zstd frame');
  const descriptor = frame[4];
  must((descriptor & 0b11011) === 0, code, 'a dictionary id or a reserved bit');
  const single = (descriptor & 0x20) !== 0;
  const sizeLen = [single ? 1 : 0, 2, 4, 8][descriptor >> 6];
  must(sizeLen > 0, code, 'no content size');
  const sizeAt = single ? 5 : 6;
  const blocks = sizeAt + sizeLen;
  must(frame.length >= blocks, code, 'a cut frame header');
  const size = readSize(view, sizeAt, sizeLen);
  if (single) return { size, window: size, blocks, checksum: (descriptor & 4) !== 0 };
  const base = 2 ** (10 + (frame[5] >> 3));
  const window = base + (base / 8) * (frame[5] & 7);
  must(window <= windowMax, code, 'window too large');
  return { size, window, blocks, checksum: (descriptor & 4) !== 0 };
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} length
 */
function readSize(view, at, length) {
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  if (length === 4) return view.getUint32(at, true);
  // Sizes of 2^53 and more lose their last bits here; they are far above every limit either way.
  return Number(view.getBigUint64(at, true));
}

/**
 * Walk the blocks: none is too large (ZST-8), and the frame ends exactly where its bytes end. The library
 * would let larger ones pass, and go on to further frames.
 *
 * @param {Uint8Array} frame
 * @param {FrameHeader} header
 * @param {Code} code
 */
function judgeBlocks(frame, header, code) {
  let at = header.blocks;
  let last = false;
  while (!last) {
    must(at + 3 <= frame.length, code, 'a cut frame');
    const head = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16);
    last = (head & 1) === 1;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    must(type !== 3 && size <= Math.min(BLOCK_MAX, header.window), code, 'a block of reserved type or over its limit');
    at += 3 + (type === 1 ? 1 : size);
  }
  must(at + (header.checksum ? 4 : 0) === frame.length, code, 'not exactly one frame');
}

/**
 * Decompress one frame of a record, whose size is known (ZST-4).
 *
 * @param {Uint8Array} frame
 * @param {number} size
 * @param {Uint8Array} [prefix]
 * @returns {Promise<Uint8Array>}
 */
export async function decompressRecord(frame, size, prefix = NO_PREFIX) {
  const header = readFrame(frame, LIMITS.record_window, 'RECORD_FRAME');
  must(header.size === size, 'RECORD_FRAME', 'not the sum of the pieces');
  return decompress(frame, header, prefix, 'RECORD_FRAME');
}

/**
 * Decompress one frame of a manifest, of at most `limit` bytes (ZST-4, MAN-7).
 *
 * @param {Uint8Array} frame
 * @param {number} limit
 * @param {Uint8Array} [prefix] used only from 8 bytes on (MAN-6)
 * @returns {Promise<Uint8Array>}
 */
export async function decompressItem(frame, limit, prefix = NO_PREFIX) {
  const header = readFrame(frame, LIMITS.manifest_window, 'MANIFEST_FRAME');
  must(header.size <= limit, 'MANIFEST_LIMIT', 'an item of the manifest is too long');
  const used = prefix.length >= LIMITS.prefix_min_len ? prefix : NO_PREFIX;
  return decompress(frame, header, used, 'MANIFEST_FRAME');
}

/**
 * The library allocates the stated size, which is within its limit here, and stops there (ZST-6); it
 * checks a checksum where there is one (ZST-7).
 *
 * @param {Uint8Array} frame
 * @param {FrameHeader} header
 * @param {Uint8Array} prefix
 * @param {Code} code
 */
async function decompress(frame, header, prefix, code) {
  const dctx = await loaded();
  let plain;
  try {
    plain = decompressUsingDict(dctx, frame, prefix);
  } catch (cause) {
    throw new BundleError(code, 'the frame does not decompress', { cause });
  }
  must(plain.length === header.size, code, 'the frame does not yield its stated size');
  return plain;
}
