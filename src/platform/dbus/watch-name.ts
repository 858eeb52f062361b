import { type Bus, type BusMessage, busDaemon } from './open-bus.ts';

/** Who owns one well-known name, followed from the moment it was asked. */
export interface WatchedName {
  /** The unique name of the owner; `undefined` while nobody owns it. */
  owner(): string | undefined;
  /** Asks the bus to start the program that would own the name. Silent when there is none. */
  start(): Promise<void>;
}

/** Milliseconds that a program gets to start. */
const startTimeout = 10_000;

/** Follows `name`; `onChange` is called with each new owner and when the owner goes. */
export async function watchName(bus: Bus, name: string, onChange: (owner: string | undefined) => void): Promise<WatchedName> {
  let owner: string | undefined;
  let heard = 0;
  const hear = (next: string | undefined): void => {
    heard += 1;
    if (owner === next) return;
    owner = next;
    onChange(next);
  };
  const ask = async (): Promise<void> => {
    const before = heard;
    const found = await ownerOf(bus, name);
    // A change may have been announced while the answer was on its way: then the answer is the older of the two.
    if (heard === before) hear(found);
  };
  bus.onSignal((message) => {
    if (isOwnerChange(message, name)) hear(String(message.body[2]) || undefined);
  });
  await addMatch(bus, `type='signal',sender='${busDaemon.destination}',member='NameOwnerChanged',arg0='${name}'`);
  await ask();
  return {
    owner: () => owner,
    async start() {
      try {
        await bus.call({ ...busDaemon, member: 'StartServiceByName', signature: 'su', body: [name, 0], timeout: startTimeout });
        await ask();
      } catch {
        // Nothing on this machine provides the name.
      }
    },
  };
}

/** Asks the bus to deliver signals that fit `rule`. Others may still send theirs to us directly. */
export async function addMatch(bus: Bus, rule: string): Promise<void> {
  await bus.call({ ...busDaemon, member: 'AddMatch', signature: 's', body: [rule] });
}

async function ownerOf(bus: Bus, name: string): Promise<string | undefined> {
  try {
    const [owner] = await bus.call({ ...busDaemon, member: 'GetNameOwner', signature: 's', body: [name] });
    return typeof owner === 'string' && owner !== '' ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isOwnerChange(message: BusMessage, name: string): boolean {
  return (
    // security: only the bus itself says who owns a name
    message.sender === busDaemon.destination &&
    message.interface === busDaemon.interface &&
    message.member === 'NameOwnerChanged' &&
    message.body[0] === name
  );
}
