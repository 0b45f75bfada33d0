/** Answers to the questions of `test-vectors/primitives/`: an output, or a BundleError. */
import { shake256 } from '@noble/hashes/sha3.js';

import { algorithm, ED25519, HYBRID } from '../src/algorithms.js';
import { checkOf, IDENTITY, readArmor, readIdentities, readRecipientKeys, TRUST } from '../src/armor.js';
import { concat, fromHex, sha256, toHex, utf8 } from '../src/bytes.js';
import { decodeCounted } from '../src/cbor.js';
import { asSource, chunkNonce, clen, derive, openMessage, plainLen } from '../src/cobblestone.js';
import { manifestContext, recordContext } from '../src/cobblestone.js';
import { sigStructure } from '../src/cose.js';
import { verifyStrict } from '../src/ed25519.js';
import { must } from '../src/errors.js';
import { RECIPIENT_TYPES } from '../src/hpke.js';
import { bodyRoot, judgeLeaf, judgeLeafTable, leafCount, leafDigest, leafSize } from '../src/leaves.js';
import { LIMITS } from '../src/limits.js';
import { padme } from '../src/padme.js';
import { judgePath, judgeSet } from '../src/paths.js';
import { compareVersions, satisfies } from '../src/policy.js';
import { hintOf, isPayloadLength, keyIdOf, openEntry, wrapInfo } from '../src/recipients.js';
import { decompressItem, decompressRecord, readFrame } from '../src/zstd.js';
import { judgeWriterPaths } from './writer-paths.js';

/** @typedef {import('../src/cbor.js').Item} Item */
/** @typedef {any} Input the input of a case, whose shape `test-vectors/primitives/schema.json` describes */
/** @typedef {Record<string, unknown>} Output */
/** @typedef {(input: Input) => Output | Promise<Output>} Question */

/**
 * A byte string that a case gives by its rule: byte `i` is `(i * 31 + i // 251) mod 256`.
 *
 * @param {number} length
 * @param {number} [start]
 */
export function patternBytes(length, start = 0) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (start + at) * 31 + Math.floor((start + at) / 251);
  return bytes;
}

/** @param {Input} input */
function bindingOf({ suite, kind, publisher_id: publisherId, bundle_id: bundleId }) {
  return { suite, kind, publisherId: fromHex(publisherId), bundleId: fromHex(bundleId) };
}

/** @param {Input} input */
function contextOf(input) {
  return input.unit === 'record' ? recordContext(bindingOf(input), input.index) : manifestContext(bindingOf(input));
}

/**
 * An item with its types, as the vectors write it.
 *
 * @param {Item} item
 * @returns {Output}
 */
function typed(item) {
  if (typeof item === 'number') return { uint: item };
  if (typeof item === 'string') return { text: item };
  if (typeof item === 'boolean') return { bool: item };
  if (item instanceof Uint8Array) return { bytes: toHex(item) };
  if (Array.isArray(item)) return { array: item.map(typed) };
  return { map: [...item].map(([key, value]) => [typed(key), typed(value)]) };
}

/** @type {Question} */
function cbor({ cbor: hex, repeat }) {
  if (hex !== undefined) {
    const { item, count } = decodeCounted(fromHex(hex), 'HEADER_ENCODING');
    return { value: typed(item), items: count };
  }
  const unit = fromHex(repeat.unit);
  const units = new Uint8Array(unit.length * repeat.count);
  for (let at = 0; at < units.length; at += unit.length) units.set(unit, at);
  return { items: decodeCounted(concat(fromHex(repeat.prefix), units), 'HEADER_ENCODING').count };
}

/** @type {Question} */
function ed25519({ public_key: key, message, signature }) {
  must(verifyStrict(fromHex(key), fromHex(message), fromHex(signature)), 'SIGNATURE_INVALID', 'not valid');
  return {};
}

/**
 * Questions about the signatures of one algorithm.
 *
 * @param {number} alg
 * @returns {Record<string, Question>}
 */
function signatures(alg) {
  const { kidOf, publicKeyLen, signatureLen, verify } = algorithm(alg);
  return {
    kid: ({ public_key: key }) => ({ kid: toHex(kidOf(fromHex(key))) }),
    structure: ({ kid, label, payload }) => ({
      to_be_signed: toHex(sigStructure(alg, fromHex(kid), label, fromHex(payload))),
    }),
    signature: ({ public_key: keyHex, label, payload, signature: signatureHex }) => {
      const [key, signature] = [keyHex, signatureHex].map(fromHex);
      const signed = sigStructure(alg, kidOf(key), label, fromHex(payload));
      const good = key.length === publicKeyLen && signature.length === signatureLen && verify(key, signed, signature);
      must(good, 'SIGNATURE_INVALID', 'not valid');
      return {};
    },
  };
}

/** @param {Input} input */
function armor({ label, text }) {
  if (label === TRUST) {
    return { blocks: readArmor(text, TRUST, 'TRUST_FILE').map((content) => ({ content: toHex(content) })) };
  }
  const keys =
    label === IDENTITY
      ? readIdentities(text).map(({ type, secret }) => ({ type, key: secret }))
      : readRecipientKeys(text);
  return { blocks: keys.map(({ type, key }) => ({ type, key: toHex(key) })) };
}

/** @param {Input} input */
function identity({ type, secret: hex }) {
  const secret = fromHex(hex);
  const publicKey = RECIPIENT_TYPES.get(type)?.publicKeyOf(secret);
  must(publicKey !== undefined, 'KEY_FILE', 'unknown type');
  const expanded = type === 2 ? { expanded: toHex(shake256(secret, { dkLen: 96 })) } : {};
  return { public_key: toHex(publicKey), key_id: toHex(keyIdOf(type, publicKey)), ...expanded };
}

/** @type {Record<string, Question>} */
const keyIds = {
  signer: signatures(ED25519).kid,
  recipient: ({ type, public_key: key }) => ({ key_id: toHex(keyIdOf(type, fromHex(key))) }),
  hint: ({ type, enc, public_key: key }) => ({ hint: toHex(hintOf(type, fromHex(enc), fromHex(key))) }),
  identity,
  check: ({ label, type, key }) => ({ check: toHex(checkOf(label, type, fromHex(key))) }),
  armor,
};

/** @type {Question} */
async function wrap(input) {
  const { type, identity: secret } = input;
  const payload = fromHex(input.payload);
  must(isPayloadLength(type, payload.length), 'RECIPIENT_TABLE', 'payload length');
  const binding = bindingOf(input);
  const cek = await openEntry({ type, payload }, { type, secret: fromHex(secret) }, binding);
  must(cek !== null, 'NO_IDENTITY', 'the entry does not open');
  return { cek: toHex(cek), info: toHex(wrapInfo(binding, type)) };
}

/**
 * Build a message: the only place that encrypts, to show the key schedule from both sides.
 *
 * @type {Question}
 */
async function message(input) {
  const context = contextOf(input);
  const salt = fromHex(input.salt);
  const { key, baseNonce, commitment } = derive(fromHex(input.cek), salt, context);
  const plaintext = patternBytes(input.plaintext.length);
  const aes = await globalThis.crypto.subtle.importKey('raw', asSource(key), 'AES-GCM', false, ['encrypt']);
  const parts = [salt, commitment];
  for (let counter = 0; counter * LIMITS.chunk <= plaintext.length; counter += 1) {
    const chunk = plaintext.subarray(counter * LIMITS.chunk, (counter + 1) * LIMITS.chunk);
    const iv = asSource(chunkNonce(baseNonce, counter));
    parts.push(new Uint8Array(await globalThis.crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, asSource(chunk))));
  }
  const whole = concat(...parts);
  return {
    context: toHex(context),
    key: toHex(key),
    base_nonce: toHex(baseNonce),
    commitment: toHex(commitment),
    message_len: clen(plaintext.length),
    message_sha256: toHex(sha256(whole)),
    message: toHex(whole),
  };
}

/** @type {Record<string, Question>} */
const cobblestone = {
  message,
  open: async (input) => {
    const plaintext = await openMessage(fromHex(input.cek), contextOf(input), fromHex(input.message));
    const code = input.unit === 'record' ? 'RECORD_DECRYPT' : 'MANIFEST_DECRYPT';
    must(plaintext !== null, code, 'the message does not open');
    return { plaintext_len: plaintext.length, plaintext_sha256: toHex(sha256(plaintext)) };
  },
  length: ({ message_len: length }) => {
    const plain = plainLen(length);
    must(plain !== null, 'MANIFEST_DECRYPT', 'the length of no message');
    return { plaintext_len: plain };
  },
};

/** @param {number} bodyLen */
const sizes = (bodyLen) => ({ leaf_size: leafSize(bodyLen), leaf_count: leafCount(bodyLen) });

/** @type {Record<string, Question>} */
const leaves = {
  size: ({ body_len: length }) => sizes(length),
  body: ({ body: { length } }) => {
    const { leaf_size: size, leaf_count: count } = sizes(length);
    const body = patternBytes(length);
    const digests = Array.from({ length: count }, (_, i) => leafDigest(i, body.subarray(i * size, (i + 1) * size)));
    const table = concat(...digests);
    const ends = count > 0 ? { first_leaf: toHex(digests[0]), last_leaf: toHex(digests[count - 1]) } : {};
    return { ...sizes(length), ...ends, leaves_sha256: toHex(sha256(table)), root: toHex(bodyRoot(length, table)) };
  },
  table: ({ body_len: length, leaves: table, root }) => {
    judgeLeafTable(fromHex(table), length, fromHex(root));
    return {};
  },
  leaf: ({ index, bytes: { length, start, flip }, digest }) => {
    const bytes = patternBytes(length, start);
    if (flip !== undefined) bytes[flip] ^= 1;
    // As the only leaf of a table whose other places do not matter.
    const table = new Uint8Array(32 * (index + 1));
    table.set(fromHex(digest), 32 * index);
    judgeLeaf(table, index, bytes);
    return {};
  },
};

/** @type {Question} */
async function zstdFrame({ unit, frame: hex, expected, limit, prefix: prefixHex }) {
  const frame = fromHex(hex);
  const prefix = prefixHex === undefined ? undefined : fromHex(prefixHex);
  const record = unit === 'record';
  const plain = await (record ? decompressRecord(frame, expected, prefix) : decompressItem(frame, limit, prefix));
  const { window } = record
    ? readFrame(frame, LIMITS.record_window, 'RECORD_FRAME')
    : readFrame(frame, LIMITS.manifest_window, 'MANIFEST_FRAME');
  return { size: plain.length, sha256: toHex(sha256(plain)), window };
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param {string} hex
 * @returns {string}
 */
const pathOf = (hex) => DECODER.decode(fromHex(hex));

/** @type {Record<string, Question>} */
const paths = {
  path: ({ path }) => ({ components: judgePath(pathOf(path)).map((component) => toHex(utf8(component))) }),
  set: ({ paths: list }) => {
    const set = list.map(pathOf);
    judgeSet(set);
    const folders = new Set();
    for (const path of set) {
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        folders.add(toHex(utf8(path.slice(0, at))));
      }
    }
    return { folders: [...folders].sort() };
  },
};

/** @type {Record<string, Question>} */
const hostVersion = {
  compare: ({ a, b }) => ({ order: compareVersions(a, b) }),
  requires: ({ requires, host, platform }) => {
    const required = { lowest: requires[0], tooHigh: requires[1], platforms: requires[2] };
    must(satisfies(required, host, platform), 'HOST_MISMATCH', 'not satisfied');
    return {};
  },
};

/** @type {Record<string, Question | Record<string, Question>>} */
const FAMILIES = {
  cbor,
  cobblestone,
  ed25519,
  'host-version': hostVersion,
  'key-ids': keyIds,
  leaves,
  padme: ({ length }) => ({ padded: padme(length) }),
  paths,
  'paths-writer': ({ paths: list }) => {
    judgeWriterPaths(list.map(pathOf));
    return {};
  },
  'hybrid-signature': signatures(HYBRID),
  'sig-structure': signatures(ED25519),
  wrap,
  'zstd-frame': zstdFrame,
};

/**
 * Answer one question, or undefined where the family or the question is not known.
 *
 * @param {string} family
 * @param {Input} input
 * @returns {Promise<Output> | undefined}
 */
export function answer(family, input) {
  const entry = FAMILIES[family];
  const question = typeof entry === 'object' ? entry[input.of] : entry;
  return question === undefined ? undefined : Promise.resolve().then(() => question(input));
}
