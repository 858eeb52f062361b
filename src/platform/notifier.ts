/** Desktop notifications. What a click may do is decided in `approvals`, never here. */
export interface Notice {
  /** Ours: the approval's id. A second notice with the same id replaces the first. */
  readonly id: string;
  /** Plain text, shown inert: adapters escape markup where the daemon would read it. */
  readonly title: string;
  readonly body: string;
  readonly actions: readonly NoticeAction[];
  readonly urgency: 'normal' | 'critical';
}

export interface NoticeAction {
  readonly key: 'review' | 'approve' | 'deny';
  readonly label: string;
}

/** What happened to a notice. `open` is a click on its body. */
export type NoticeEvent = { readonly id: string; readonly action: 'open' | NoticeAction['key'] };

export interface Notifier {
  /** True when this desktop draws action buttons. */
  readonly hasActions: boolean;
  /** Shows it. Never throws: a desktop without notifications is a state, reported by {@link Notifier.state}. */
  show(notice: Notice): Promise<void>;
  /** Takes it away. Silent when it is gone already. */
  close(id: string): Promise<void>;
  /** Events from the daemon that showed the notice, and from no other sender. */
  onEvent(listener: (event: NoticeEvent) => void): () => void;
  /**
   * `changed`: the daemon's owner changed since {@link Notifier.trust} was last called; approvals are not
   * taken from it until the next unlock (security rule 12).
   */
  state(): 'ready' | 'changed' | 'absent';
  /** Called at unlock: the daemon that runs now is the one to listen to. */
  trust(): void;
  stop(): Promise<void>;
}
