/** Starts the demonstration: an authorization server, an API and an agent, each a process of its own. */
export interface DemoProgram {
  /** Starts what does not run yet and returns when the servers answer. Refuses `launch_failed`. */
  startServers(): Promise<DemoServers>;
  /** Starts the sample agent once. Its output goes to the log. */
  startAgent(issuer: string): Promise<void>;
  stop(): Promise<void>;
}

export interface DemoServers {
  /** For example `http://127.0.0.1:7420`. */
  readonly issuer: string;
  /** For example `http://127.0.0.1:7421`. */
  readonly api: string;
}
