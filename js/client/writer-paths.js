/** Paths that a writer must not pack (W-5). Readers never judge these: Unicode versions differ. */
import { must } from '../src/errors.js';

const UNASSIGNED = /\p{Cn}/u;
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * @param {string[]} paths each good for a reader
 */
export function judgeWriterPaths(paths) {
  for (const path of paths) {
    const plain = path === path.normalize('NFC') && !UNASSIGNED.test(path) && !BIDIRECTIONAL.test(path);
    must(plain, 'INPUT_TREE', 'a path that is not NFC or holds unassigned or bidirectional characters');
  }
  /** Under each folded path, the path that has it and whether it is a file. @type {Map<string, string>} */
  const taken = new Map();
  const take = (/** @type {string} */ path, /** @type {string} */ kind) => {
    const key = foldCase(path);
    must((taken.get(key) ?? kind + path) === kind + path, 'INPUT_TREE', 'two paths that some disks take for one');
    taken.set(key, kind + path);
  };
  for (const path of paths) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) take(path.slice(0, at), 'folder ');
    take(path, 'file ');
  }
}

/**
 * Two texts are equal after this exactly if they are after full Unicode case folding. The language has
 * no folding; two rounds of its full upper and lower case, character by character, put together the
 * same characters, but for the dotless i, which folds to itself.
 *
 * @param {string} text
 */
function foldCase(text) {
  let folded = text;
  for (let round = 0; round < 2; round += 1) {
    folded = eachCharacter(folded, (character) => character.toUpperCase());
    folded = eachCharacter(folded, (character) => character.toLowerCase());
  }
  return folded;
}

/**
 * @param {string} text
 * @param {(character: string) => string} change
 */
const eachCharacter = (text, change) =>
  Array.from(text, (character) => (character === '\u0131' ? character : change(character))).join('');
