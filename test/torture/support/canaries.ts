/**
 * Looks for secrets in bytes, in every form in which a program might keep or send them. A piece of a secret counts as the
 * secret: what was partly overwritten is still found.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export interface Canary {
  /** What sort of secret: one word or two for the figures. */
  readonly kind: string;
  readonly name: string;
  /** Bytes, or text such as a token or a passphrase. */
  readonly value: Buffer | string;
}

export interface Found {
  readonly canary: Canary;
  /** For example `raw`, `base64url as UTF-16`. */
  readonly form: string;
  readonly at: number;
}

interface Needle {
  readonly canary: Canary;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Bytes, or signs, of one piece of a secret that are looked for; shorter ones are looked for whole. */
const pieceLength = 16;
const chunkLength = 16 * 1024 * 1024;

/** Looks for many secrets at once, in one pass over the bytes. */
export class CanarySearch {
  readonly #byStart = new Map<number, Needle[]>();
  /** Which hashes of four bytes begin a needle. */
  readonly #starts = new Uint8Array(2 ** 22);
  /** Bytes of the longest needle: what a search in pieces must read beyond each piece. */
  longest = 0;

  constructor(canaries: readonly Canary[]) {
    for (const needle of canaries.flatMap(needlesOf)) {
      const start = needle.bytes.readUInt32BE(0);
      const known = this.#byStart.get(start);
      if (known) known.push(needle);
      else this.#byStart.set(start, [needle]);
      this.#starts[slotOf(start)] = 1;
      this.longest = Math.max(this.longest, needle.bytes.length);
    }
  }

  inBytes(bytes: Buffer, offset = 0): readonly Found[] {
    const found: Found[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      start = (start << 8) | (bytes[at] ?? 0) | 0;
      if (this.#starts[slotOf(start)] === 0 || at < 3) continue;
      for (const { canary, form, bytes: wanted } of this.#byStart.get(start >>> 0) ?? []) {
        const begin = at - 3;
        if (bytes.subarray(begin, begin + wanted.length).equals(wanted)) found.push({ canary, form, at: offset + begin });
      }
    }
    return found;
  }

  /** Reads a file of any size, piece by piece. */
  inFile(file: string): readonly Found[] {
    const found: Found[] = [];
    const handle = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(chunkLength + this.longest);
      for (let offset = 0; ; offset += chunkLength) {
        const length = readSync(handle, buffer, 0, buffer.length, offset);
        found.push(...this.inBytes(buffer.subarray(0, length), offset).filter(({ at }) => at < offset + chunkLength));
        if (length < buffer.length) return found;
      }
    } finally {
      closeSync(handle);
    }
  }
}

function slotOf(start: number): number {
  return Math.imul(start, 0x9e3779b1) >>> 10;
}

function needlesOf(canary: Canary): readonly Needle[] {
  const forms = typeof canary.value === 'string' ? formsOfText(canary.value) : formsOfBytes(canary.value);
  return Object.entries(forms).flatMap(([form, bytes]) =>
    piecesOf(bytes, form.endsWith('UTF-16') ? 2 * pieceLength : pieceLength).map((piece) => ({ canary, form, bytes: piece })),
  );
}

/** Beginning, middle and end: memory that was given back is overwritten at its beginning first. */
function piecesOf(bytes: Buffer, length: number): readonly Buffer[] {
  if (bytes.length <= length) return [bytes];
  // Even, or a piece of UTF-16 would begin in the middle of a sign.
  const middle = 2 * Math.floor((bytes.length - length) / 4);
  return [...new Set([0, middle, bytes.length - length])].map((start) => bytes.subarray(start, start + length));
}

function formsOfBytes(bytes: Buffer): Record<string, Buffer> {
  return {
    raw: bytes,
    // OpenSSL keeps numbers with their lowest word first.
    reversed: Buffer.from(bytes).reverse(),
    ...asText('hex', bytes.toString('hex')),
    ...asText('HEX', bytes.toString('hex').toUpperCase()),
    ...base64Of(bytes),
  };
}

function formsOfText(text: string): Record<string, Buffer> {
  const bytes = Buffer.from(text, 'utf8');
  return {
    ...asText('text', text),
    ...(encodeURIComponent(text) === text ? {} : asText('url-escaped', encodeURIComponent(text))),
    ...asText('hex', bytes.toString('hex')),
    ...base64Of(bytes),
  };
}

function asText(form: string, text: string): Record<string, Buffer> {
  return { [form]: Buffer.from(text, 'latin1'), [`${form} as UTF-16`]: Buffer.from(text, 'utf16le') };
}

/** Base64 of something that contains the bytes reads differently by where in it they begin. */
function base64Of(bytes: Buffer): Record<string, Buffer> {
  const forms: Record<string, Buffer> = {};
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    // The first signs and the last mix with what stands beside the secret.
    const end = whole.length - (whole.length % 3);
    const inner = whole
      .subarray(0, end)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4);
    Object.assign(forms, asText(`base64+${shift}`, inner));
    Object.assign(forms, asText(`base64url+${shift}`, inner.replaceAll('+', '-').replaceAll('/', '_')));
  }
  return forms;
}
