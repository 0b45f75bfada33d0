/** Reading a bundle, step by step (section 10). */
import { Leaves } from './body.js';
import { equal, sha256 } from './bytes.js';
import { roleFor } from './chain.js';
import { commits, manifestContext } from './cobblestone.js';
import { LABELS } from './cose.js';
import { must } from './errors.js';
import { KIND_NUMBERS, readHeader, SUITE } from './header.js';
import { DIGEST_LEN, judgeLeafTable, leafCount } from './leaves.js';
import { LIMITS } from './limits.js';
import { readListing } from './listing.js';
import { decryptManifest, FORM_PATCH, readLayout } from './manifest.js';
import { OpenedPointer, OpenedRelease } from './opened.js';
import { judgePointer, judgeRelease } from './policy.js';
import { readPointer } from './pointer.js';
import { readRecipients, unwrap } from './recipients.js';
import { readRecords } from './records.js';
import { readRelease } from './release.js';
import { PRELUDE_LEN, readPrelude } from './sections.js';
import { judgeRows, readTable } from './signatures.js';
import { readFrames } from './trust.js';
import { decompressItem } from './zstd.js';

/** @typedef {import('./chain.js').TrustChain} TrustChain */
/** @typedef {import('./header.js').Header} Header */
/** @typedef {import('./header.js').Kind} Kind */
/** @typedef {import('./manifest.js').Layout} Layout */
/** @typedef {import('./opened.js').ReleaseManifest} ReleaseManifest */
/** @typedef {import('./policy.js').Expectation} Expectation */
/** @typedef {import('./recipients.js').Entry} Entry */
/** @typedef {import('./recipients.js').Identity} Identity */
/** @typedef {import('./source.js').Source} Source */
/**
 * @typedef {object} AuditOptions
 * @property {Kind} kind what the caller wants
 * @property {TrustChain} chain grows by the good new documents of the bundle, also when it is refused
 * @property {number} now one clock reading, in seconds since 1970
 */
/**
 * @typedef {object} OpeningOptions
 * @property {Identity[]} identities
 * @property {Expectation} [expect]
 * @property {OpenedRelease} [needed] the release a patch needs
 */
/** @typedef {AuditOptions & OpeningOptions} OpenOptions */
/** @typedef {{ header: Header, recipients: Entry[], manifest: Uint8Array, input: Input }} Head */

/** The input up to the body, taken once and in order (RDG-3). */
class Input {
  position = 0;

  /** @param {Source} source */
  constructor(source) {
    this.source = source;
  }

  /**
   * The next `length` bytes, fewer where the input ends.
   *
   * @param {number} length
   */
  async upTo(length) {
    const bytes = await this.source.readAt(this.position, length);
    this.position += bytes.length;
    return bytes;
  }

  /** @param {number} length */
  async take(length) {
    const bytes = await this.upTo(length);
    must(bytes.length === length, 'TRUNCATED', 'the input ends before the body');
    return bytes;
  }
}

/**
 * Check every byte that needs no key: steps R1 to R6, R10 and R11.
 *
 * @param {Source} source
 * @param {AuditOptions} options
 * @returns {Promise<Header>}
 */
export async function auditBundle(source, options) {
  const { header, input } = await readHead(source, options);
  const leaves = await readLeaves(input, header);
  await leaves.finish(0);
  return header;
}

/**
 * Open a bundle up to its body: steps R1 to R10.
 *
 * @param {Source} source
 * @param {OpenOptions} options
 * @returns {Promise<OpenedRelease | OpenedPointer>}
 */
export async function openBundle(source, options) {
  const { chain, now, identities, expect = {}, needed } = options;
  const { header, recipients, manifest, input } = await readHead(source, options);
  const { publisherId, bundleId } = header;
  const binding = { suite: SUITE, kind: KIND_NUMBERS[header.kind], publisherId, bundleId };
  const isRight = (/** @type {Uint8Array} */ cek) => commits(cek, manifestContext(binding), manifest);
  const cek = await unwrap(recipients, identities, binding, isRight); // R7
  const layout = readLayout(await decryptManifest(manifest, cek, binding), header.kind); // R8
  if (header.kind === 'pointer') {
    const pointer = readPointer(await decompressItem(layout.frames[0], LIMITS.record_item_len));
    judgePointer(pointer, expect, now); // R9
    const leaves = await readLeaves(input, header); // R10
    await leaves.finish(0);
    return new OpenedPointer(header, pointer);
  }
  const parts = await readReleaseManifest(layout, header, needed);
  judgeRelease(parts.release, expect, chain.newest.minEpoch, now); // R9
  return new OpenedRelease(header, parts, await readLeaves(input, header), cek, binding);
}

/**
 * Steps R1 to R6. No CBOR of the bundle is decoded before a signature over it was verified (RDG-1).
 *
 * @param {Source} source
 * @param {AuditOptions} options
 * @returns {Promise<Head>}
 */
async function readHead(source, { kind, chain, now }) {
  const input = new Input(source);
  const lengths = readPrelude(await input.upTo(PRELUDE_LEN)); // R1
  const headerBytes = await input.take(lengths.header);
  const signaturesBytes = await input.take(lengths.signatures);
  const trustBytes = await input.take(lengths.trust);
  const recipientsBytes = await input.take(lengths.recipients);
  const signatures = readTable(signaturesBytes, 'SIGNATURE_TABLE'); // R2
  const frames = readFrames(trustBytes, 'TRUST_TABLE');
  const recipients = readRecipients(recipientsBytes);
  chain.walk(frames); // R3
  const { newest } = chain;
  const expired = kind === 'pointer' && newest.expires !== 0 && now >= newest.expires;
  must(!expired, 'TRUST_EXPIRED', 'the newest trust document has expired');
  judgeRows(signatures, roleFor(newest, kind), LABELS[kind], headerBytes, {
    invalid: 'SIGNATURE_INVALID',
    threshold: 'SIGNATURE_THRESHOLD',
  }); // R4
  const header = readHeader(headerBytes, kind, newest); // R5
  judgeSize(source.size, input.position, header);
  const manifest = await input.take(header.manifestLen); // R6
  must(equal(sha256(manifest), header.manifestDigest), 'MANIFEST_DIGEST', 'not the signed manifest');
  return { header, recipients, manifest, input };
}

/**
 * PRE-8 and PRE-9, where the size of the input is known.
 *
 * @param {number | null} size
 * @param {number} manifestStart
 * @param {Header} header
 */
function judgeSize(size, manifestStart, { manifestLen, bodyLen }) {
  if (size === null) return;
  const expected = manifestStart + manifestLen + DIGEST_LEN * leafCount(bodyLen) + bodyLen;
  must(size >= expected, 'TRUNCATED', 'the input ends before the body does');
  must(size === expected, 'TRAILING_DATA', 'the input goes on after the body');
}

/**
 * Step R10.
 *
 * @param {Input} input
 * @param {Header} header
 */
async function readLeaves(input, { bodyLen, bodyRoot }) {
  const table = await input.take(DIGEST_LEN * leafCount(bodyLen));
  judgeLeafTable(table, bodyLen, bodyRoot);
  return new Leaves(input.source, input.position, bodyLen, table);
}

/**
 * Step R8 of a release: its record, the needed tree, the listing, the record table.
 *
 * @param {Layout} layout
 * @param {Header} header
 * @param {OpenedRelease | undefined} offered
 * @returns {Promise<ReleaseManifest>}
 */
async function readReleaseManifest({ form, neededTree, frames }, header, offered) {
  const release = readRelease(await decompressItem(frames[0], LIMITS.record_item_len));
  const needed = form === FORM_PATCH ? offered : undefined;
  if (neededTree !== null) {
    const same =
      needed !== undefined &&
      equal(needed.listing.tree, neededTree) &&
      equal(needed.header.publisherId, header.publisherId) &&
      needed.release.product === release.product;
    must(same, 'NEEDED_TREE', 'the release this patch needs is not at hand'); // MAN-5
  }
  const prefix = needed?.listing.bytes;
  const listingBytes = await decompressItem(frames[1], LIMITS.table_item_len, prefix);
  must(equal(sha256(listingBytes), release.tree), 'TREE_DIGEST', 'not the listing that the release names'); // REL-2
  const listing = readListing(listingBytes, release.tree);
  const tableBytes = await decompressItem(frames[2], LIMITS.table_item_len, prefix);
  const table = readRecords(tableBytes, listing, needed?.listing ?? null, header.bodyLen);
  return { release, listing, table, needed };
}
