/** The publisher's chain as a reader holds it, and the walk along a trust section (section 5). */
import { equal, sha256 } from './bytes.js';
import { LABELS } from './cose.js';
import { BundleError, must } from './errors.js';
import { LIMITS } from './limits.js';
import { judgeRows } from './signatures.js';
import { judgeFirst, judgeRole, judgeSupported, readDocument, readFrames } from './trust.js';

/** @typedef {import('./signatures.js').Role} Role */
/** @typedef {import('./trust.js').Frame} Frame */
/** @typedef {import('./trust.js').TrustDocument} TrustDocument */

const TRUST_CODES = Object.freeze({ invalid: 'TRUST_SIGNATURE', threshold: 'TRUST_SIGNATURE' });

/** Codes with which a first frame may fail as a successor and still be a document of the reader's own epoch. */
const MAY_BE_OWN_EPOCH = new Set(['TRUST_SIGNATURE', 'TRUST_EPOCH']);

/** The documents of epochs 1 to the newest known. Grows while bundles are read and never shrinks (TRU-19). */
export class TrustChain {
  /** @param {TrustDocument[]} documents */
  constructor(documents) {
    /** @type {TrustDocument[]} */
    this.documents = documents;
  }

  /**
   * The chain of a trust file without its armor. Its first document is taken as given by the caller.
   *
   * @param {Uint8Array} section
   * @returns {TrustChain}
   */
  static fromSection(section) {
    const frames = readFrames(section, 'TRUST_FILE');
    must(frames.length > 0, 'TRUST_FILE', 'no trust document');
    const first = readDocument(frames[0].document);
    must(first.epoch === 1, 'TRUST_FILE', 'the chain does not begin at epoch 1');
    judgeFirst(first);
    judgeSupported(first);
    judgeSigned(frames[0], first.root);
    const chain = new TrustChain([first]);
    for (const frame of frames.slice(1)) chain.documents.push(successor(frame, chain.newest));
    return chain;
  }

  get newest() {
    return this.documents[this.documents.length - 1];
  }

  get publisherId() {
    return this.documents[0].publisherId;
  }

  /**
   * Walk a trust section, keeping every new document that is good, until its end or the first bad one.
   *
   * @param {Frame[]} frames
   */
  walk(frames) {
    const held = this.documents.length;
    const own = this.documents[held - 1];
    /** Epoch of the frame before; 0 before the first. */
    let epoch = 0;
    let disputed = false;
    frames.forEach((frame, index) => {
      const known = index === 0 ? this.#find(frame) : this.#expected(frame, epoch, held);
      if (known !== null) {
        this.#judgeKnown(frame, known);
        epoch = known;
      } else if (disputed) {
        this.#settle(frame, own);
        disputed = false;
        epoch = this.newest.epoch;
      } else if (index > 0 && epoch < held) {
        must(epoch + 1 === held && this.#isFork(frame), 'TRUST_SIGNATURE', 'a document that is neither known nor next');
        disputed = true;
        epoch = held;
      } else {
        disputed = this.#takeOrDispute(frame, index === 0, held);
        epoch = disputed ? held : this.newest.epoch;
      }
    });
    must(!disputed, 'TRUST_FORK', 'another document of an epoch that is known');
  }

  /**
   * The epoch of a first frame that is known, or null.
   *
   * @param {Frame} frame
   */
  #find(frame) {
    const at = this.documents.findIndex(({ bytes }) => equal(bytes, frame.document));
    return at < 0 ? null : at + 1;
  }

  /**
   * The epoch of a later frame if it is the known document that must stand there, or null.
   *
   * @param {Frame} frame
   * @param {number} epoch
   * @param {number} held
   */
  #expected(frame, epoch, held) {
    return epoch < held && equal(this.documents[epoch].bytes, frame.document) ? epoch + 1 : null;
  }

  /**
   * Step 3: nothing is decoded, only the table is judged.
   *
   * @param {Frame} frame
   * @param {number} epoch
   */
  #judgeKnown(frame, epoch) {
    if (epoch > 1) judgeSigned(frame, this.documents[epoch - 2].root);
    judgeSigned(frame, this.documents[epoch - 1].root);
  }

  /**
   * Step 5: is this another document of the newest epoch held, one its predecessor's keys signed?
   *
   * @param {Frame} frame
   */
  #isFork(frame) {
    if (this.documents.length < 2) return false;
    try {
      successor(frame, this.documents[this.documents.length - 2]);
      return true;
    } catch (error) {
      if (error instanceof BundleError) return false;
      throw error;
    }
  }

  /**
   * Take a successor of the newest document, or notice a dispute over the reader's own epoch.
   *
   * @param {Frame} frame
   * @param {boolean} first
   * @param {number} held
   * @returns {boolean} whether the frame disputes the reader's own epoch
   */
  #takeOrDispute(frame, first, held) {
    must(this.documents.length - held < LIMITS.trust_steps, 'TRUST_STEPS', 'too many new trust documents');
    try {
      this.documents.push(successor(frame, this.newest));
      return false;
    } catch (error) {
      if (first && error instanceof BundleError && MAY_BE_OWN_EPOCH.has(error.code) && this.#isFork(frame)) return true;
      throw error;
    }
  }

  /**
   * TRU-21: only a successor of the reader's own document ends a dispute.
   *
   * @param {Frame} frame
   * @param {TrustDocument} own
   */
  #settle(frame, own) {
    try {
      this.documents.push(successor(frame, own));
    } catch (cause) {
      throw new BundleError('TRUST_FORK', 'another document of an epoch that is known', { cause });
    }
  }
}

/**
 * Step 4: judge a frame as the successor of `previous`, in the order of the specification.
 *
 * @param {Frame} frame
 * @param {TrustDocument} previous
 * @returns {TrustDocument}
 */
function successor(frame, previous) {
  judgeSigned(frame, previous.root); // TRU-10, before any byte is decoded
  const next = readDocument(frame.document);
  must(equal(next.publisherId, previous.publisherId), 'TRUST_PUBLISHER', 'another publisher');
  must(next.epoch === previous.epoch + 1, 'TRUST_EPOCH', 'an epoch is skipped or repeated');
  must(next.minEpoch >= previous.minEpoch, 'TRUST_EPOCH', 'min_epoch falls');
  judgeSupported(next);
  judgeSigned(frame, next.root); // TRU-11
  return next;
}

/**
 * @param {Frame} frame
 * @param {Role} root
 */
function judgeSigned(frame, root) {
  judgeRows(frame.rows, root, LABELS.trust, sha256(frame.document), TRUST_CODES);
}

/**
 * The role that signs bundles of this kind, if this reader can judge it (TRU-15).
 *
 * @param {TrustDocument} document
 * @param {'release' | 'pointer'} kind
 */
export function roleFor(document, kind) {
  const role = kind === 'pointer' ? document.pointer : document.release;
  judgeRole(role);
  return role;
}
