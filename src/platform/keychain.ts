/** Where key material rests on this machine. Values are small (under 1,200 bytes) and opaque to the adapter. */
export interface Keychain {
  /**
   * `os`: the system's own store. `file`: a 0600 file, for machines without one; it protects nothing by
   * itself, so the passphrase must carry the whole weight and the UI says so. `memory`: tests.
   */
  readonly kind: 'os' | 'file' | 'memory';
  /** Shown to the person, for example "Secret Service (GNOME Keyring)". */
  readonly description: string;
  /** Refuses `keychain_unavailable` (none, or it did not answer) or `keychain_refused` (locked, dismissed). */
  get(item: string): Promise<Uint8Array | undefined>;
  /** Overwrites. Refuses as {@link Keychain.get} does, and when the store is full. */
  set(item: string, value: Uint8Array): Promise<void>;
  /** Silent when there was nothing. */
  delete(item: string): Promise<void>;
}
