import { timingSafeEqual } from 'node:crypto';

const printed = '[secret]';
const inspectSymbol = Symbol.for('nodejs.util.inspect.custom');

/**
 * Bytes that must not be seen. Prints as `[secret]` wherever it is logged, serialised or inspected,
 * and is read only inside {@link Secret.open}.
 */
export class Secret {
  #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Takes over `bytes`: they are zeroed by {@link Secret.destroy}. */
  static fromBytes(bytes: Uint8Array): Secret {
    return new Secret(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** The UTF-8 bytes of `text`. The string itself stays in memory until it is collected. */
  static fromText(text: string): Secret {
    return new Secret(Buffer.from(text, 'utf8'));
  }

  /** Lends the bytes for the length of one call. Do not keep them. */
  open<Result>(use: (bytes: Buffer) => Result): Result {
    return use(this.#bytes);
  }

  /** Lends the bytes as UTF-8 text. JavaScript cannot erase strings: use only where an API wants one. */
  openText<Result>(use: (text: string) => Result): Result {
    return use(this.#bytes.toString('utf8'));
  }

  /** Constant time in the length of the secret. */
  equals(other: Secret): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** Overwrites the bytes. Afterwards the secret is empty. */
  destroy(): void {
    this.#bytes.fill(0);
    this.#bytes = Buffer.alloc(0);
  }

  toString(): string {
    return printed;
  }

  toJSON(): string {
    return printed;
  }

  [inspectSymbol](): string {
    return printed;
  }
}
