/**
 * What an agent can read about `authorization_details` before it asks: per resource which types it takes
 * (RFC 9728), and per type what it means and its JSON Schema
 * (draft-ietf-oauth-rar-metadata-remediation, `authorization_details_types_metadata_endpoint`). All of it comes from the
 * registry and from the connected resources, so nothing is named that is not taken.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '../base/errors.ts';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import { isKnownType, publishedType } from '../details/details.ts';
import { setSecurityHeaders } from '../gate/gate.ts';
import { findByIndicator, indicatorOf, resourceUrl } from './resource-url.ts';

export const typesPath = '/details';
export const resourceMetadataPath = '/.well-known/oauth-protected-resource';

export interface DescribedServer {
  readonly issuer: string;
  readonly connections: Connections;
}

type Document = Readonly<Record<string, unknown>>;

/** Types that some connected resource takes, each once. Types that are not known here have no place in a list. */
export function typesTaken({ connections }: DescribedServer): readonly string[] {
  return [...new Set(connections.resources().flatMap((resource) => resource.detailTypes))].filter(isKnownType);
}

export function isDescription(path: string): boolean {
  return path === typesPath || path.startsWith(`${typesPath}/`) || path.startsWith(`${resourceMetadataPath}/`);
}

/** Answers a path of {@link isDescription}. Refuses `not_found`. */
export function answerDescription(
  { path, request, response }: { readonly path: string; readonly request: IncomingMessage; readonly response: ServerResponse },
  server: DescribedServer,
): void {
  const { mediaType, text } = describe(path, server);
  setSecurityHeaders(response);
  response.writeHead(200, { 'content-type': mediaType, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-cache' });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function describe(path: string, server: DescribedServer): { readonly mediaType: string; readonly text: string } {
  if (path === typesPath) return json('application/json', typesMetadata(server));
  if (path === `${typesPath}/documentation`) return { mediaType: 'text/markdown; charset=utf-8', text: documentation(server) };
  if (path.startsWith(`${typesPath}/`)) {
    const type = publishedType(path.slice(typesPath.length + 1));
    if (type === undefined) throw new Refusal('not_found', 'There is no such type.');
    return json('application/schema+json', { ...type.schema, $id: schemaUrl(server.issuer, type.type) });
  }
  // A local resource has its own address, and its document there.
  const resource = findByIndicator(`${server.issuer}${path.slice(resourceMetadataPath.length)}`, server);
  if (resource === undefined) throw new Refusal('not_found', 'There is no such resource.');
  return json('application/json', resourceMetadata(resource, server.issuer));
}

function json(mediaType: string, document: Document): { readonly mediaType: string; readonly text: string } {
  return { mediaType, text: JSON.stringify(document, undefined, 2) };
}

/** RFC 9728, section 2. An empty list is left out (section 3.2). */
function resourceMetadata(resource: Resource, issuer: string): Document {
  const types = resource.detailTypes.filter(isKnownType);
  return {
    resource: resourceUrl(issuer, resource.id),
    resource_name: resource.name,
    authorization_servers: [issuer],
    ...(resource.scopes.length > 0 && { scopes_supported: resource.scopes }),
    bearer_methods_supported: ['header'],
    dpop_bound_access_tokens_required: true,
    dpop_signing_alg_values_supported: [...proofAlgorithms],
    ...(types.length > 0 && { authorization_details_types_supported: types }),
    resource_documentation: `${issuer}${typesPath}/documentation`,
  };
}

function schemaUrl(issuer: string, type: string): string {
  return `${issuer}${typesPath}/${type}`;
}

function typesMetadata(server: DescribedServer): Document {
  const entries = typesTaken(server).flatMap((name) => {
    const type = publishedType(name);
    if (type === undefined) return [];
    const entry = {
      version: '1',
      description: `${type.title}. ${type.about}`,
      documentation_uri: `${server.issuer}${typesPath}/documentation`,
      schema_uri: schemaUrl(server.issuer, name),
      examples: [type.example],
    };
    return [[name, entry] as const];
  });
  return Object.fromEntries(entries);
}

function documentation(server: DescribedServer): string {
  const resources = server.connections.resources();
  const types = typesTaken(server).flatMap((name) => publishedType(name) ?? []);
  const sections = types.map((type) => {
    const takers = resources.filter((resource) => resource.detailTypes.includes(type.type));
    const forwarded = takers.map(
      (resource) => `- \`${indicatorOf(server.issuer, resource)}\` ${termsInWords(resource, type.type)}`,
    );
    return [
      `## \`${type.type}\``,
      `${type.title}. ${type.about}${type.once ? ' Spent by its first use.' : ''}`,
      `Schema: ${schemaUrl(server.issuer, type.type)}`,
      ['```json', JSON.stringify(type.example, undefined, 2), '```'].join('\n'),
      ['Taken by', '', ...forwarded].join('\n'),
    ].join('\n\n');
  });
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

const introduction = [
  '# Authorization details',
  'What an agent may ask for here (RFC 9396). A member that a type does not know is an error. An answer may be narrower than the question: read `authorization_details` in the token response.',
  'A request names one resource. `locations` may name it too, by its address here or by the provider’s; a detail for another place is refused.',
].join('\n\n');

function termsInWords(resource: Resource, type: string): string {
  const terms = resource.terms?.[type];
  const calls = (terms?.calls ?? []).map((rule) => `\`${rule.method} ${rule.path}\``);
  const held = terms?.upstream ? 'the provider verifies it in the token' : 'the provider does not verify it';
  return calls.length === 0 ? `(${held})` : `(${held}); calls: ${calls.join(', ')}`;
}
