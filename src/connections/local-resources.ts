import { Refusal } from '../base/errors.ts';
import { newId, type ResourceId } from '../base/ids.ts';
import { hasInvisible } from '../base/invisible.ts';
import { hasPrivatePart, type PublicKey, parsePublicJwk } from '../base/public-key.ts';
import { knownDetailTypes } from '../details/details.ts';
import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { ConnectionsDeps, LocalVerification, NewLocalResource, Resource } from './connections.ts';
import { localIndicator } from './local-indicator.ts';
import { thisComputer } from './this-computer.ts';

const longestName = 60;
const mostResources = 100;
const mostScopes = 20;
/** RFC 6749, 3.3. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,60}$/;

/** The APIs and MCP servers on this computer that the person has added. */
export class LocalResources {
  readonly #deps: ConnectionsDeps;
  readonly #table: GuardedTable<Resource>;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
    this.#table = guardedTable<Resource>(deps, {
      name: 'local_resources',
      schema: 1,
      columns: ({ indicator }) => ({ indicator }),
    });
  }

  list(): readonly Resource[] {
    return this.#table
      .list()
      .map(({ value }) => direct(value))
      .toSorted((a, b) => (a.local?.addedAt ?? 0) - (b.local?.addedAt ?? 0));
  }

  find(id: ResourceId): Resource | undefined {
    const row = this.#table.find(id);
    return row && direct(row.value);
  }

  tampered(): readonly ResourceId[] {
    return this.#table.tampered() as readonly ResourceId[];
  }

  add(input: NewLocalResource): Resource {
    this.#assertUnlocked();
    const indicator = localIndicator(input.url, input.issuer);
    const resource: Resource = {
      id: newId<ResourceId>('resource'),
      connectionId: thisComputer,
      name: nameOf(input.name),
      baseUrl: indicator,
      indicator,
      detailTypes: typesOf(input.detailTypes),
      scopes: scopesOf(input.scopes),
      local: { ...verificationOf(input.key), addedAt: this.#deps.clock.now() },
    };
    if (this.#table.count('indicator = ?', indicator) > 0)
      throw new Refusal('conflict', 'A server with this address was added already.');
    if (this.#table.count() >= mostResources)
      throw new Refusal('rate_limited', `At most ${mostResources} local servers can be added.`);
    const facts = { verifiedBy: resource.local?.by ?? '', indicator: indicator.slice(0, 200) };
    this.#deps.audit.commit(
      [this.#table.insert(resource.id, resource)],
      [{ event: 'resource.added', resourceId: resource.id, approver: 'user', outcome: 'ok', facts }],
    );
    this.#deps.changes.publish({ topic: 'connections', id: thisComputer });
    return resource;
  }

  remove(id: ResourceId): void {
    this.#assertUnlocked();
    const row = this.#table.find(id);
    if (row === undefined) throw new Refusal('not_found', 'There is no such local server.');
    this.#deps.audit.commit(
      [this.#table.remove(row)],
      [{ event: 'resource.removed', resourceId: id, approver: 'user', outcome: 'ok' }],
    );
    this.#deps.changes.publish({ topic: 'connections', id: thisComputer });
  }

  #assertUnlocked(): void {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The vault is locked.');
  }
}

/** What a local server does with details is its own business: we see no call, and nobody here read what it enforces. */
function direct(resource: Resource): Resource {
  return { ...resource, terms: Object.fromEntries(resource.detailTypes.map((type) => [type, { forwarded: false }])) };
}

function nameOf(text: string): string {
  const name = text.normalize('NFC').trim().replaceAll(/ +/g, ' ');
  if (!/[\p{L}\p{N}]/u.test(name)) throw new Refusal('invalid_input', 'Give the server a name.');
  if ([...name].length > longestName) throw new Refusal('invalid_input', `A name has at most ${longestName} characters.`);
  if (hasInvisible(name)) throw new Refusal('invalid_input', 'A name consists of visible characters.');
  return name;
}

function typesOf(types: readonly string[]): readonly string[] {
  const known = knownDetailTypes();
  const wanted = [...new Set(types)];
  if (wanted.length === 0) throw new Refusal('invalid_input', 'Choose at least one thing that the server understands.');
  if (!wanted.every((type) => known.includes(type)))
    throw new Refusal('invalid_input', 'One of the types is not known here.', { hint: `Known types: ${known.join(', ')}.` });
  return wanted;
}

function scopesOf(scopes: readonly string[]): readonly string[] {
  const wanted = [...new Set(scopes)];
  if (wanted.length > mostScopes || !wanted.every((scope) => scopePattern.test(scope)))
    throw new Refusal('invalid_input', `Scopes are at most ${mostScopes} short words without spaces.`);
  if (wanted.includes('openid') || wanted.includes('offline_access'))
    throw new Refusal('invalid_input', 'openid and offline_access are not scopes of a server.');
  return wanted;
}

type Checked = { readonly by: 'signature' } | Omit<Extract<LocalVerification, { readonly by: 'introspection' }>, 'addedAt'>;

function verificationOf(key: string | undefined): Checked {
  if (key === undefined || key.trim() === '') return { by: 'signature' };
  const { jwk, thumbprint } = publicKeyOf(key);
  return { by: 'introspection', jwk, thumbprint };
}

function publicKeyOf(text: string): PublicKey {
  const input = jsonOf(text);
  if (typeof input === 'object' && input !== null && hasPrivatePart(input as Readonly<Record<string, unknown>>))
    throw new Refusal('invalid_input', 'This is a private key.', {
      hint: 'Make a new pair, because this one was shown, and paste the public key only.',
    });
  const key = parsePublicJwk(input);
  if (key === undefined)
    throw new Refusal('invalid_input', 'This is not a public key that is known here.', {
      hint: 'Paste one JWK: EC with P-256, or OKP with Ed25519.',
    });
  return key;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
