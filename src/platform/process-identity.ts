/** What the operating system reports about the other end of a connection: evidence, never authentication. */
export interface ProcessIdentity {
  /** Never throws; what cannot be known is `undefined` or not verified. */
  identify(peer: Peer): Promise<ProcessEvidence>;
}

/** `local` is our end of the connection, `remote` the other, as on Node's `socket`. */
export type Peer =
  | {
      readonly kind: 'tcp';
      readonly localPort: number;
      readonly remotePort: number;
      readonly family: 4 | 6;
      /** As Node spells them. Without them two connections with the same ports cannot be told apart. */
      readonly localAddress?: string;
      readonly remoteAddress?: string;
    }
  /** `descriptor` is our end, open until the answer is there; `path` is that of our listening socket. */
  | { readonly kind: 'unix'; readonly descriptor: number; readonly path: string }
  | { readonly kind: 'pid'; readonly pid: number };

export interface ProcessFacts {
  readonly pid: number;
  /** Path of the running image as the system reports it. */
  readonly executable?: string;
  /**
   * True only when device and inode of the running image equal those of that path in our own mount
   * namespace, and the namespaces are ours (security rule 20). Otherwise "not verifiable".
   */
  readonly executableVerified: boolean;
  readonly device?: string;
  readonly inode?: string;
  /** Clock ticks since boot: with the pid it names one process. Read before and after the rest. */
  readonly startTime?: string;
}

export interface ProcessEvidence {
  readonly state: 'known' | 'unknown';
  readonly process?: ProcessFacts;
  /** Who started it, nearest first, up to eight. */
  readonly parents: readonly ProcessFacts[];
  /** The process that the whole tree hangs on, below the session's own. */
  readonly root?: ProcessFacts;
  /** Written by the process itself: draw as a claim. */
  readonly commandLine?: readonly string[];
  /** Chosen by the process itself: draw as a claim. */
  readonly workingDirectory?: string;
  readonly uid?: number;
  readonly userName?: string;
  /** True when user, mount, pid and network namespaces are ours. */
  readonly ownNamespaces: boolean;
  /** Which user, mount, pid and network namespaces, where the system names them. */
  readonly namespaces?: string;
  /** Signs of a sandbox or container, for people. */
  readonly confinement: readonly string[];
  /** Other processes that hold the same socket. */
  readonly otherHolders: readonly ProcessFacts[];
  /** Why something could not be verified, in words. */
  readonly remarks: readonly string[];
}
