/**
 * What a provider answered, as a `Response` that openid-client reads. Its bytes are overwritten by whoever reads them:
 * a platform `Response` copies what it holds several times, and frees the copies as they are.
 */
export class ProviderAnswer extends Response {
  readonly #bytes: Buffer;
  #used = false;

  /** Takes over `bytes`. */
  constructor(bytes: Buffer, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
  }

  override get bodyUsed(): boolean {
    return this.#used;
  }

  override async text(): Promise<string> {
    if (this.#used) throw new TypeError('The answer was read before.');
    this.#used = true;
    const text = this.#bytes.toString('utf8');
    this.#bytes.fill(0);
    return text;
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  override clone(): ProviderAnswer {
    if (this.#used) throw new TypeError('The answer was read before.');
    const { status, headers } = this;
    return new ProviderAnswer(Buffer.alloc(this.#bytes.length, this.#bytes), { status, headers });
  }
}
